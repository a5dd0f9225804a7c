//! Words of a line, quoted as in a shell.

/// The words of a line up to some point, the last perhaps unfinished.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Words {
    /// Without their quotes and backslashes.
    pub(super) words: Vec<String>,
    /// Where the last word starts in the line.
    pub(super) last_start: usize,
    /// The line stops inside quotes, or after a backslash.
    pub(super) is_open: bool,
    /// The line stops in a word, and not after one.
    pub(super) is_in_word: bool,
}

/// Splits at blanks. Single quotes keep all between them; in double quotes a backslash keeps a
/// double quote or a backslash, outside quotes it keeps any character.
pub(super) fn split(line: &str) -> Words {
    let mut found = Words::default();
    let mut quote = None;
    let mut chars = line.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            found.is_in_word = false;
            continue;
        }
        if !found.is_in_word {
            found.is_in_word = true;
            found.last_start = start;
            found.words.push(String::new());
        }
        let word = found.words.last_mut().expect("a word was begun above");
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '\\') => match chars.next() {
                Some((_, kept)) => word.push(kept),
                None => found.is_open = true,
            },
            (Some('"'), '\\') => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, kept)) => word.push(kept),
                None => word.push(c),
            },
            _ => word.push(c),
        }
    }
    found.is_open |= quote.is_some();
    found
}

/// `word` so that [`split`] reads it back as one.
pub(super) fn quote(word: &str) -> String {
    let mut quoted = String::with_capacity(word.len());
    for c in word.chars() {
        if c.is_whitespace() || matches!(c, '"' | '\'' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        for (line, expected) in [
            ("", &[][..]),
            ("  get   a.txt ", &["get", "a.txt"]),
            (r#"get "my file" 'it is'"#, &["get", "my file", "it is"]),
            (r"get my\ file\\", &["get", r"my file\"]),
            (r#""a\"b\\c\d""#, &[r#"a"b\c\d"#]),
            (r#"a'b c'"d e"f"#, &["ab cd ef"]),
            (r"'a\'", &[r"a\"]),
            (r#"get """#, &["get", ""]),
        ] {
            let found = split(line);
            assert_eq!(found.words, expected, "{line}");
            assert!(!found.is_open, "{line}");
        }
    }

    #[test]
    fn an_unfinished_line_is_told() {
        for line in ["get \"a", "get 'a b", "get a\\", r#"get "a\""#] {
            assert!(split(line).is_open, "{line}");
        }
    }

    #[test]
    fn the_last_word_is_found_where_it_starts() {
        let found = split("get \"my fi");
        assert_eq!((found.last_start, found.is_in_word), (4, true));
        assert_eq!(found.words, ["get", "my fi"]);
        assert!(!split("get ").is_in_word);
    }

    #[test]
    fn quoting_is_undone_by_splitting() {
        for word in ["a.txt", "my file", "it's", r#"say "hi""#, r"back\slash", "é"] {
            assert_eq!(split(&quote(word)).words, [word]);
        }
    }
}
