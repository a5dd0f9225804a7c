//! The first screen of a report: what was found in one sentence, a few numbers in tiles, and what forbids to use
//! them.

use maud::{Markup, html};

/// What a report says before anything else.
pub struct Opening<'a> {
    pub title: &'a str,
    /// What was measured, with what and where: a paragraph each.
    pub origin: Vec<Markup>,
    /// Anchors on the page, and what is there.
    pub contents: Vec<(String, String)>,
    /// Nothing where the numbers may be used.
    pub warning: Option<Warning>,
    /// What was found, in one sentence.
    pub verdict: Markup,
    pub tiles: Vec<Tile>,
}

/// What must not be done with the numbers, and why.
pub struct Warning {
    pub head: String,
    pub reasons: Vec<String>,
}

/// One number that is seen first.
pub struct Tile {
    pub name: String,
    pub value: String,
    /// What it was counted or compared with.
    pub note: Markup,
    /// Nobody is pleased with it.
    pub is_bad: bool,
}

impl Opening<'_> {
    pub fn render(&self) -> Markup {
        html! {
            header {
                h1 { (self.title) }
                @for paragraph in &self.origin { p.lead { (paragraph) } }
                nav {
                    @for (anchor, words) in &self.contents { a href={ "#" (anchor) } { (words) } }
                }
            }
            @if let Some(Warning { head, reasons }) = &self.warning {
                aside.banner role="note" {
                    p.head { (head) }
                    ul { @for reason in reasons { li { (reason) } } }
                }
            }
            p.verdict { (self.verdict) }
            dl.tiles { @for tile in &self.tiles { (tile.render()) } }
        }
    }
}

impl Tile {
    fn render(&self) -> Markup {
        html! {
            div class=[self.is_bad.then_some("bad")] {
                dt { (self.name) }
                dd.value { (self.value) }
                dd { (self.note) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_screen_has_its_sentence_and_its_tiles_and_a_warning_only_where_there_is_one() {
        let tile = |is_bad| Tile {
            name: "Failures".to_owned(),
            value: "3".to_owned(),
            note: html! { "of 50" },
            is_bad,
        };
        let opening = |warning| Opening {
            title: "A run",
            origin: vec![html! { "Two cores." }],
            contents: vec![("tables".to_owned(), "Tables".to_owned())],
            warning,
            verdict: html! { "All is well." },
            tiles: vec![tile(false), tile(true)],
        };
        let page = opening(None).render().0;
        assert!(!page.contains("banner"), "{page}");
        for part in [
            "<h1>A run</h1><p class=\"lead\">Two cores.</p><nav><a href=\"#tables\">Tables</a>",
            "<p class=\"verdict\">All is well.</p><dl class=\"tiles\"><div><dt>Failures</dt>",
            "<div class=\"bad\"><dt>Failures</dt><dd class=\"value\">3</dd><dd>of 50</dd></div>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        let why = Warning { head: "Trial".to_owned(), reasons: vec!["QUICK".to_owned()] };
        let page = opening(Some(why)).render().0;
        assert!(page.contains("<p class=\"head\">Trial</p><ul><li>QUICK</li></ul>"), "{page}");
    }
}
