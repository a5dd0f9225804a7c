//! FETCH and STORE: the bytes of a file as they are, from any place in it.

use std::{fmt, str::FromStr};

use super::{
    fields::{self, FieldError},
    version::Version,
};
use crate::{FileName, Verb};

/// A FETCH: which bytes of which file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetch {
    pub name: FileName,
    pub offset: u64,
    /// `None`: up to the end. More than there is means the same.
    pub length: Option<u64>,
    /// The content that is meant, where another one is of no use.
    pub version: Option<Version>,
}

impl Fetch {
    /// Of the file as it is now, from its beginning to its end.
    pub fn whole(name: FileName) -> Self {
        Self { name, offset: 0, length: None, version: None }
    }

    pub(super) fn parse(name: FileName, text: &[u8]) -> Result<Self, FieldError> {
        let (mut offset, mut length, mut version) = (None, None, None);
        fields::read(Verb::Fetch, text, |key, value| match key {
            "offset" => fields::put(&mut offset, "offset", fields::number("offset", value)),
            "length" => fields::put(&mut length, "length", fields::number("length", value)),
            "version" => fields::put(&mut version, "version", value.parse().map_err(Into::into)),
            _ => Ok(false),
        })?;
        Ok(Self { name, offset: offset.unwrap_or(0), length, version })
    }
}

/// As it stands behind the verb.
impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, offset, length, version } = self;
        f.write_str(&name.quoted())?;
        if *offset > 0 {
            write!(f, " offset={offset}")?;
        }
        if let Some(length) = length {
            write!(f, " length={length}")?;
        }
        match version {
            Some(version) => write!(f, " version={version}"),
            None => Ok(()),
        }
    }
}

/// A STORE: a file of so many bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Store {
    pub name: FileName,
    /// Of the whole file.
    pub length: u64,
    /// What is kept of it when it breaks off, and where it goes on.
    pub resume: Option<PartId>,
}

impl Store {
    pub(super) fn parse(name: FileName, text: &[u8]) -> Result<Self, FieldError> {
        let (mut length, mut resume) = (None, None);
        fields::read(Verb::Store, text, |key, value| match key {
            "length" => fields::put(&mut length, "length", fields::number("length", value)),
            "resume" => fields::put(&mut resume, "resume", value.parse()),
            _ => Ok(false),
        })?;
        Ok(Self { name, length: length.ok_or(FieldError::NoLength)?, resume })
    }
}

/// As it stands behind the verb.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, length, resume } = self;
        write!(f, "{} length={length}", name.quoted())?;
        match resume {
            Some(id) => write!(f, " resume={id}"),
            None => Ok(()),
        }
    }
}

/// What a client calls a file that it stores in more than one go: 32 to 64 hexadecimal digits, by chance,
/// so that no other client has the same. Upper case means the same as lower.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartId(String);

impl PartId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PartId {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        if (32..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(FieldError::NoPartId)
        }
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorCode, FileNameError, ParseRequestError, Request, request::version::NoVersion as NotOne,
    };

    const ID: &str = "00112233445566778899aabbccddeeff";

    fn name(name: &str) -> FileName {
        name.parse().unwrap()
    }

    #[test]
    fn fields_come_in_any_order_and_may_be_left_out() {
        let whole = Fetch::whole(name("a b"));
        let max = u64::MAX;
        for (head, fetch) in [
            ("FETCH \"a b\"", whole.clone()),
            ("fetch 'a b' offset=0", whole.clone()),
            ("FETCH a\\ b \t offset=5 ", Fetch { offset: 5, ..whole.clone() }),
            (
                "FETCH \"a b\" version=x-1 length=007 offset=5",
                Fetch {
                    offset: 5,
                    length: Some(7),
                    version: Some("x-1".parse().unwrap()),
                    ..whole.clone()
                },
            ),
            (
                &format!("FETCH \"a b\" offset={max} length={max}"),
                Fetch { offset: max, length: Some(max), ..whole.clone() },
            ),
        ] {
            assert_eq!(Request::parse(head.as_bytes()), Ok(Request::Fetch(fetch)), "{head}");
        }
        let store = Store { name: name("offset=1"), length: 5, resume: Some(ID.parse().unwrap()) };
        for head in [
            format!("STORE offset=1 resume={} length=5", ID.to_uppercase()),
            format!("store offset=1 length=5 resume={ID}"),
        ] {
            assert_eq!(
                Request::parse(head.as_bytes()),
                Ok(Request::Store(store.clone())),
                "{head}"
            );
        }
    }

    #[test]
    fn each_wrong_field_has_its_reason() {
        use FieldError::*;
        let too_large = "18446744073709551616";
        for (head, reason) in [
            ("FETCH a resume=1".to_owned(), Unknown(Verb::Fetch)),
            ("FETCH a Offset=1".to_owned(), Unknown(Verb::Fetch)),
            ("FETCH a b".to_owned(), Unknown(Verb::Fetch)),
            ("FETCH a =1".to_owned(), Unknown(Verb::Fetch)),
            ("STORE a length=1 offset=1".to_owned(), Unknown(Verb::Store)),
            ("FETCH a offset=1 length=1 offset=1".to_owned(), Repeated("offset")),
            ("STORE a length=1 length=1".to_owned(), Repeated("length")),
            (format!("FETCH a offset={too_large}"), NoNumber("offset")),
            (format!("STORE a length={too_large}"), NoNumber("length")),
            ("FETCH a length=-1".to_owned(), NoNumber("length")),
            ("FETCH a length=+1".to_owned(), NoNumber("length")),
            ("FETCH a length=".to_owned(), NoNumber("length")),
            ("FETCH a length=0x1".to_owned(), NoNumber("length")),
            ("FETCH a length=1\n".to_owned(), NoNumber("length")),
            ("FETCH a version=".to_owned(), NoVersion(NotOne)),
            ("STORE a length=1 resume=0123".to_owned(), NoPartId),
            (format!("STORE a length=1 resume={}", "0".repeat(65)), NoPartId),
            (format!("STORE a length=1 resume={}", "g".repeat(32)), NoPartId),
            ("STORE a".to_owned(), NoLength),
        ] {
            let error = Request::parse(head.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadRequest);
            assert_eq!(error, ParseRequestError::Field(reason), "{head}");
        }
        for head in ["FETCH", "FETCH ", "STORE"] {
            let empty = ParseRequestError::FileName(FileNameError::Empty);
            assert_eq!(Request::parse(head.as_bytes()), Err(empty), "{head}");
        }
        assert_eq!(Request::parse(b"FETCH \"a"), Err(ParseRequestError::UnclosedQuote));
    }
}
