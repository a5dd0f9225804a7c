//! What stands behind the name of a FETCH or STORE: `key=value`, in any order, each key once.

use super::version::NoVersion;
use crate::{Verb, quoting::is_blank};

/// Why the words behind a name are not the fields of a request. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FieldError {
    #[error("after the file name {0} takes {known} and nothing else", known = known(*.0))]
    Unknown(Verb),
    #[error("{0}= is given twice")]
    Repeated(&'static str),
    #[error("{0}= needs a whole number of bytes, less than 2^64")]
    NoNumber(&'static str),
    #[error(transparent)]
    NoVersion(#[from] NoVersion),
    #[error("an ID is 32 to 64 hexadecimal digits")]
    NoPartId,
    #[error("STORE needs length=N, the bytes of the whole file")]
    NoLength,
}

/// The fields that a verb may have.
fn known(verb: Verb) -> &'static str {
    match verb {
        Verb::Store => "length=N, resume=ID",
        _ => "offset=N, length=N, version=V",
    }
}

/// Reads `text` field by field. `take` has the place for a key and its value; false: there is none.
pub(super) fn read(
    verb: Verb,
    text: &[u8],
    mut take: impl FnMut(&str, &str) -> Result<bool, FieldError>,
) -> Result<(), FieldError> {
    for word in text.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty()) {
        let word = str::from_utf8(word).map_err(|_| FieldError::Unknown(verb))?;
        let (key, value) = word.split_once('=').ok_or(FieldError::Unknown(verb))?;
        if !take(key, value)? {
            return Err(FieldError::Unknown(verb));
        }
    }
    Ok(())
}

/// Puts `value` in the place of its key, which must be free.
pub(super) fn put<T>(
    place: &mut Option<T>,
    key: &'static str,
    value: Result<T, FieldError>,
) -> Result<bool, FieldError> {
    match place.replace(value?) {
        None => Ok(true),
        Some(_) => Err(FieldError::Repeated(key)),
    }
}

/// Digits and nothing else: no sign.
pub(super) fn number(key: &'static str, text: &str) -> Result<u64, FieldError> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).ok_or(FieldError::NoNumber(key))
}
