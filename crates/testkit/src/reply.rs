//! What a server answered.

use std::ops::Index;

use serde_json::Value;

use crate::decode_base64;

/// One reply, without the blank line that ends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    text: String,
    json: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn new(text: Vec<u8>) -> Self {
        assert!(text.is_ascii(), "a reply is not ASCII: {}", text.escape_ascii());
        let text = String::from_utf8(text).expect("ASCII is UTF-8");
        let json = serde_json::from_str(&text)
            .unwrap_or_else(|err| panic!("a reply is not JSON ({err}): {text}"));
        Self { text, json }
    }

    /// The reply as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `OK`, or the code of the error.
    pub fn outcome(&self) -> &str {
        match (self["status"].as_str(), self["code"].as_str()) {
            (Some("OK"), None) => "OK",
            (Some("ERROR"), Some(code)) => code,
            _ => panic!("a reply is neither OK nor an error with a code: {}", self.text),
        }
    }

    /// The file that the reply carries.
    #[track_caller]
    pub fn content(&self) -> Vec<u8> {
        let Some(text) = self["data_file"].as_str() else {
            panic!("a reply carries no file: {}", self.text)
        };
        decode_base64(text)
    }
}

/// A member of the reply; null when there is none of that name.
impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.json[member]
    }
}
