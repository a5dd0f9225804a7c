//! Shell quoting of names, as Python's `shlex` reads it.
//!
//! One difference: outside quotes a backslash escapes only blanks, quotes and itself. Before
//! anything else it stays, so that `a\b` is refused as a name instead of quietly becoming `ab`.

/// What stands between the words of a head, for the framer and the parser alike: where they
/// differed, the one would see content where the other sees none.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Reads one word byte by byte; both the framer and the parser find its end with this.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordLexer {
    quote: Option<u8>,
    escaped: bool,
}

/// What one byte of a word is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lexed {
    /// A quote or a backslash: no part of the name.
    Syntax,
    Literal(u8),
    /// The backslash before this byte escaped nothing: both belong to the name.
    LiteralAfterBackslash(u8),
    /// The blank after the word.
    End,
}

impl WordLexer {
    pub(crate) fn next(&mut self, byte: u8) -> Lexed {
        if self.escaped {
            self.escaped = false;
            return self.escaped_byte(byte);
        }
        match (self.quote, byte) {
            (Some(quote), _) if byte == quote => self.quote = None,
            (Some(b'\''), _) => return Lexed::Literal(byte),
            (_, b'\\') => self.escaped = true,
            (None, b'"' | b'\'') => self.quote = Some(byte),
            (None, _) if is_blank(byte) => return Lexed::End,
            _ => return Lexed::Literal(byte),
        }
        Lexed::Syntax
    }

    fn escaped_byte(&self, byte: u8) -> Lexed {
        match (self.quote, byte) {
            (_, b'"' | b'\\') | (None, b' ' | b'\t' | b'\'') => Lexed::Literal(byte),
            _ => Lexed::LiteralAfterBackslash(byte),
        }
    }
}

/// The first word of `text` without its quotes, and what follows the blank after it.
///
/// The second part is `None` when the text ends with the word. `None` as a whole: a quote is not
/// closed.
pub(crate) fn unquote_word(text: &[u8]) -> Option<(Vec<u8>, Option<&[u8]>)> {
    let mut lexer = WordLexer::default();
    let mut word = Vec::with_capacity(text.len());
    for (position, &byte) in text.iter().enumerate() {
        match lexer.next(byte) {
            Lexed::Syntax => {}
            Lexed::Literal(byte) => word.push(byte),
            Lexed::LiteralAfterBackslash(byte) => word.extend([b'\\', byte]),
            Lexed::End => return Some((word, Some(&text[position + 1..]))),
        }
    }
    if lexer.escaped {
        word.push(b'\\');
    }
    lexer.quote.is_none().then_some((word, None))
}

/// `name` as one word: unchanged where no reader could split it, else in quotes.
pub(crate) fn quote(name: &str) -> String {
    let has = |c| name.contains(c);
    if !has(' ') && !has('"') && !has('\'') {
        name.to_owned()
    } else if !has('"') {
        format!("\"{name}\"")
    } else {
        // Inside single quotes nothing is special, so a single quote has to step outside.
        format!("'{}'", name.replace('\'', r#"'"'"'"#))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Option<String> {
        unquote_word(text.as_bytes()).map(|(word, _)| String::from_utf8(word).unwrap())
    }

    #[test]
    fn words_are_read_as_the_shell_reads_them() {
        for (text, expected) in [
            ("a.txt", "a.txt"),
            ("\"my file.txt\"", "my file.txt"),
            ("'my file.txt'", "my file.txt"),
            (r"my\ file.txt", "my file.txt"),
            (r#"'it'"'"'s'"#, "it's"),
            (r#""say \"hi\"""#, "say \"hi\""),
            (r#"a"b c"d"#, "ab cd"),
            (r"a\b", r"a\b"),
            (r"a\", r"a\"),
            ("\"\"", ""),
        ] {
            assert_eq!(word(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_open_quote_is_no_word() {
        assert_eq!(word("\"abc"), None);
        assert_eq!(word("it's"), None);
    }

    #[test]
    fn what_follows_the_word_is_kept() {
        let (word, rest) = unquote_word(b"\"a b\" rest").unwrap();
        assert_eq!((word.as_slice(), rest), (&b"a b"[..], Some(&b"rest"[..])));
        assert_eq!(unquote_word(b"a ").unwrap().1, Some(&b""[..]));
        assert_eq!(unquote_word(b"a").unwrap().1, None);
    }

    #[test]
    fn quoting_is_undone_by_reading() {
        for name in ["a.txt", "my file", "it's", "say \"hi\"", "\"it's\" both", " lead"] {
            assert_eq!(word(&quote(name)).as_deref(), Some(name));
        }
    }
}
