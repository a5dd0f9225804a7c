//! What a head is about, also where it is no request: for those who count and tell.

use super::{ParseRequestError, Request, verb_and_rest};
use crate::Verb;

/// As long as the name of a file may be.
const FILE_LEN_MAX: usize = 255;

/// The verb and the file that a head is about. Of a head that is no request, the file is what stands in the
/// place of a name; but not after AUTH, where it may be a token with a slip of the pen, nor after ECHO, which
/// has no place for one.
pub fn subject(
    head: &[u8],
    request: &Result<Request, ParseRequestError>,
) -> (Option<Verb>, Option<String>) {
    let (word, rest) = verb_and_rest(head);
    let verb = Verb::of(word);
    let file = match (request, verb) {
        (Ok(request), _) => request.file_name().map(|name| name.as_str().to_owned()),
        (Err(_), None | Some(Verb::Auth | Verb::Echo)) => None,
        (Err(_), _) => {
            let rest = String::from_utf8_lossy(rest);
            Some(rest[..rest.floor_char_boundary(FILE_LEN_MAX)].to_owned())
        }
    };
    (verb, file)
}
