//! The text of markup, for a terminal.

use maud::Markup;

/// Without its tags.
pub fn of(markup: &Markup) -> String {
    let behind_tag = |piece: &str| piece.split_once('>').map_or(piece, |(_, text)| text).to_owned();
    let text: String = markup.0.split('<').map(behind_tag).collect();
    // As the markup was escaped; what stands for an ampersand comes last.
    let escaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    escaped.iter().fold(text, |text, (escaped, sign)| text.replace(escaped, sign))
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn markup_becomes_the_text_that_a_browser_shows() {
        let markup = html! { "a < b & \"c\" (" a href="#row" { "thread, row 1" } ") &lt;" };
        assert_eq!(of(&markup), "a < b & \"c\" (thread, row 1) &lt;");
    }
}
