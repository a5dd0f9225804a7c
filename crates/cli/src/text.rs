//! Text for a terminal: made safe where it comes from elsewhere, and broken into lines.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// How many columns it takes: wide characters count twice.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The width that every terminal has.
pub const COLUMNS: usize = 80;

/// A paragraph, broken between words.
pub fn wrapped(text: &str) -> String {
    lines(text, COLUMNS).join("\n")
}

/// An item of a list, broken between words.
pub fn item(text: &str) -> String {
    format!("- {}", lines(text, COLUMNS - 2).join("\n  "))
}

/// Lines of whole words; a word that is longer than `columns` is left whole.
pub fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push_str(&format!(" {word}"));
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` with the characters escaped that would move a terminal's cursor, colour it or turn the
/// reading direction: names and sentences come from the network.
pub fn printable(text: &str) -> String {
    escape(text, |c, escaped| escaped.extend(c.escape_default()))
}

/// The same for JSON of several lines, with JSON's own escapes.
pub fn printable_json(json: &str) -> String {
    let escape_one = |c: char, escaped: &mut String| match c {
        '\n' => escaped.push(c),
        _ => write!(escaped, "\\u{:04x}", c as u32).expect("strings take everything"),
    };
    escape(json, escape_one)
}

fn escape(text: &str, escape_one: impl Fn(char, &mut String)) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi_control(c) {
            escape_one(c, &mut escaped);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_write_to_the_terminal_is_escaped() {
        assert_eq!(printable("a\x1b[2Jb\nc\u{9b}\u{202e}"), r"a\u{1b}[2Jb\nc\u{9b}\u{202e}");
        assert_eq!(printable("berkas é 🦀"), "berkas é 🦀");
    }

    #[test]
    fn an_item_is_broken_between_words_and_fits() {
        let item = item(&"words of some length ".repeat(12));
        assert!(item.lines().count() >= 3);
        assert!(item.lines().all(|line| width(line) <= COLUMNS), "{item}");
        assert!(item.lines().skip(1).all(|line| line.starts_with("  ")), "{item}");
        assert_eq!(item.split_whitespace().count(), 1 + 4 * 12);
    }

    #[test]
    fn json_stays_json() {
        assert_eq!(printable_json("{\n  \"a\u{9b}\": 1\n}"), "{\n  \"a\\u009b\": 1\n}");
    }
}
