//! A page that needs nothing else: no font, no picture, nothing from anywhere. Its style follows dark mode, print
//! and phones. Its script shows values under the mouse and by keyboard, and sorts tables; whoever runs none misses
//! no word and no number.

mod live;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use self::live::{Live, Strip};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A report, before it is a file.
pub struct Page {
    /// The tag of its language.
    pub lang: &'static str,
    pub title: String,
    /// What it has beside the style of every page.
    pub style: &'static str,
    pub content: Markup,
}

impl Page {
    /// Before there is anything to report.
    pub fn blank(lang: &'static str, title: String) -> Self {
        Self { lang, title, style: "", content: html! {} }
    }

    pub fn html(&self) -> String {
        self.document(&html! {}, &html! { script { (PreEscaped(SCRIPT)) } })
    }

    /// As it is served while its run goes on, and at its end.
    pub fn live(&self, live: &Live<'_>) -> String {
        self.document(&live.head(), &live.foot(SCRIPT))
    }

    fn document(&self, head: &Markup, foot: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang=(self.lang) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                    (head)
                }
                body { main { (self.content) } (foot) }
            }
        };
        page.into_string()
    }
}

/// Parts that have commas of their own.
pub fn list(parts: impl IntoIterator<Item = Markup>) -> Markup {
    html! {
        @for (index, part) in parts.into_iter().enumerate() {
            @if index > 0 { "; " }
            (part)
        }
    }
}

/// A term and what it stands for, where that is known.
pub type Term = (String, Option<String>);

/// Terms with what they stand for; `unknown` stands for what is not known.
pub fn terms(terms: &[Term], unknown: &str) -> Markup {
    html! {
        dl {
            @for (term, value) in terms {
                dt { (term) }
                dd { (value.as_deref().unwrap_or(unknown)) }
            }
        }
    }
}

/// The text of markup, without its tags, for a terminal.
pub fn plain_text(markup: &Markup) -> String {
    let behind_tag = |piece: &str| piece.split_once('>').map_or(piece, |(_, text)| text).to_owned();
    let text: String = markup.0.split('<').map(behind_tag).collect();
    // As the markup was escaped; what stands for an ampersand comes last.
    let escaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    escaped.iter().fold(text, |text, (escaped, sign)| text.replace(escaped, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Page {
        let (title, style) = ("Laporan <1>".to_owned(), ".own { color: red; }");
        Page { lang: "id", title, style, content: html! { p { "isi" } } }
    }

    #[test]
    fn a_page_names_its_language_and_fetches_nothing() {
        let page = report().html();
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"id\">"), "{page}");
        assert!(page.contains("<title>Laporan &lt;1&gt;</title>") && page.contains(".own {"));
        assert!(page.contains("<body><main><p>isi</p></main><script>"), "{page}");
        assert!(["src=", "href=", "url(", "@import"].iter().all(|from| !page.contains(from)));
        // Its own end is the only one, as a script ends at the first.
        assert_eq!(page.matches("</script>").count(), 1);
    }

    #[test]
    fn a_page_of_a_run_that_goes_on_says_how_far_it_is_and_reloads_without_scripts_until_the_end() {
        let shown = |is_over| {
            let strip = Strip { share: 0.25, words: "Row 1 < 4".to_owned(), is_over };
            report().live(&Live { number: 7, strip: &strip, lost: "Gone" })
        };
        let page = shown(false);
        for part in [
            "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript></head>",
            "</main><aside class=\"strip\" data-page=\"7\" data-lost=\"Gone\">",
            "<progress value=\"0.25\" aria-hidden=\"true\"></progress><p>Row 1 &lt; 4</p></aside>",
            "<script>function enliven() {\n",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!shown(true).contains("http-equiv"));
    }

    #[test]
    fn parts_of_a_list_are_told_apart_by_semicolons() {
        let parts = |count: usize| (0..count).map(|part| html! { (part) ", " (part) });
        let shown = [0, 1, 2].map(|count| list(parts(count)).0);
        assert_eq!(shown, ["", "0, 0", "0, 0; 1, 1"]);
    }

    #[test]
    fn markup_becomes_the_text_that_a_browser_shows() {
        let markup = html! { "a < b & \"c\" (" a href="#row" { "thread, row 1" } ") &lt;" };
        assert_eq!(plain_text(&markup), "a < b & \"c\" (thread, row 1) &lt;");
    }
}
