//! Text from elsewhere, made safe for a terminal.

use std::fmt::Write as _;

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
    fn json_stays_json() {
        assert_eq!(printable_json("{\n  \"a\u{9b}\": 1\n}"), "{\n  \"a\\u009b\": 1\n}");
    }
}
