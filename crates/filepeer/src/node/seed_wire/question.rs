//! What somebody asks by the seed's line protocol.

use protocol::FileName;

/// One question; a connection carries one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Question {
    Id,
    Search(FileName),
    Get(FileName),
    /// How the node is, for its own machine.
    Stats,
}

impl Question {
    /// `None` is what nothing is answered to: the seed's nodes close, and so do we.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?.trim_end_matches(['\r', '\n', ' ']);
        match text.split_once(' ') {
            Some(("SEARCH", name)) => name.parse().ok().map(Self::Search),
            Some(("GET", name)) => name.parse().ok().map(Self::Get),
            None if text == "ID" => Some(Self::Id),
            None if text == "STATS" => Some(Self::Stats),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_with_and_without_an_ending() {
        let name = || "my file.txt".parse::<FileName>().unwrap();
        for (text, question) in [
            ("ID", Some(Question::Id)),
            ("ID\r\n", Some(Question::Id)),
            ("STATS\n", Some(Question::Stats)),
            ("SEARCH my file.txt", Some(Question::Search(name()))),
            ("GET my file.txt\n", Some(Question::Get(name()))),
        ] {
            assert_eq!(Question::parse(text.as_bytes()), question, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_answered_to_what_is_no_question_or_names_no_file() {
        for text in [
            "",
            "\n",
            "HELLO",
            "SEARCH",
            "GET ",
            "GET ../x",
            "GET a\0b",
            "GET a\nb",
            "get a",
            "SEARCH \u{202e}x",
            "ID x",
        ] {
            assert_eq!(Question::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Question::parse(b"GET \xff"), None);
    }
}
