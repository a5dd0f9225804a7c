//! Sentences for a terminal.

use maud::Markup;

/// The width that every terminal has.
pub const COLUMNS: u16 = 80;

/// Without its tags.
pub fn of(markup: &Markup) -> String {
    let behind_tag = |piece: &str| piece.split_once('>').map_or(piece, |(_, text)| text).to_owned();
    let text: String = markup.0.split('<').map(behind_tag).collect();
    // As the markup was escaped; what stands for an ampersand comes last.
    let escaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    escaped.iter().fold(text, |text, (escaped, sign)| text.replace(escaped, sign))
}

/// An item of a list, broken between words.
pub fn item(text: &str) -> String {
    format!("- {}", lines(text, usize::from(COLUMNS) - 2).join("\n  "))
}

/// A paragraph, broken between words.
pub fn wrapped(text: &str) -> String {
    lines(text, usize::from(COLUMNS)).join("\n")
}

fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let word_width = word.chars().count();
        match lines.last_mut() {
            Some(line) if width + 1 + word_width <= columns => {
                line.push(' ');
                line.push_str(word);
                width += 1 + word_width;
            }
            Some(_) | None => {
                lines.push(word.to_owned());
                width = word_width;
            }
        }
    }
    lines
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

    #[test]
    fn an_item_is_broken_between_words_and_fits() {
        let item = item(&"words of some length ".repeat(12));
        assert!(item.lines().count() >= 3);
        assert!(item.lines().all(|line| line.chars().count() <= usize::from(COLUMNS)), "{item}");
        assert!(item.lines().skip(1).all(|line| line.starts_with("  ")), "{item}");
        assert_eq!(item.split_whitespace().count(), 1 + 4 * 12);
    }
}
