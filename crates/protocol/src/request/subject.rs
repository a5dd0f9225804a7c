//! What a head is about, also where it is no request: for those who count and tell.

use super::{ParseRequestError, Request, verb_and_rest};
use crate::{Verb, quoting::unquote_word};

/// As long as the name of a file may be.
const FILE_LEN_MAX: usize = 255;

/// The verb and the file that a head is about. Of a head that is no request, the file is what stands in the
/// place of a name; but not after AUTH, where it may be a token with a slip of the pen, nor after ECHO, which
/// has no place for one. The fields of a STORE are none of it: whoever knows its ID may go on with it.
pub fn subject(
    head: &[u8],
    request: &Result<Request, ParseRequestError>,
) -> (Option<Verb>, Option<String>) {
    let (word, rest) = verb_and_rest(head);
    let verb = Verb::of(word);
    let file = match (request, verb) {
        (Ok(request), _) => request.file_name().map(|name| name.as_str().to_owned()),
        (Err(_), None | Some(Verb::Auth | Verb::Echo)) => None,
        (Err(_), verb) => {
            let has_fields = verb.is_some_and(Verb::is_raw);
            let word = || unquote_word(rest).map_or_else(Vec::new, |(word, _)| word);
            let word = has_fields.then(word);
            let rest = String::from_utf8_lossy(word.as_deref().unwrap_or(rest));
            Some(rest[..rest.floor_char_boundary(FILE_LEN_MAX)].to_owned())
        }
    };
    (verb, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_name_is_no_part_of_it() {
        for (head, file) in [
            ("STORE 'a b' length=x resume=0123", "a b"),
            ("STORE 'a b length=5 resume=0123", ""),
            ("FETCH a offset=x", "a"),
            ("GET a b", "a b"),
        ] {
            let request = Request::parse(head.as_bytes());
            assert!(request.is_err());
            assert_eq!(subject(head.as_bytes(), &request).1.as_deref(), Some(file), "{head}");
        }
    }
}
