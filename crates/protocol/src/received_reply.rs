//! What a reply says, ours or another server's.

use serde_json::{Map, Value};

use crate::{FileName, Stats, reply::Feature, request::Version};

/// A reply without the file content. A member of another type than ours counts as absent: other
/// servers number their codes, or write sizes as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReceivedReply {
    status: Option<String>,
    data: Value,
    /// What some servers answer in place of `data`.
    message: Value,
    /// Another shape that LIST is answered in.
    files: Value,
    data_namafile: Option<String>,
    pub data_size: Option<u64>,
    pub data_digest: Option<String>,
    /// Where the bytes behind the reply to a FETCH begin, and how many they are; and from where on the
    /// content of a STORE may come.
    pub data_offset: Option<u64>,
    pub data_length: Option<u64>,
    pub data_version: Option<Version>,
    /// What the server knows, of what we do.
    pub features: Vec<Feature>,
    pub code: Option<String>,
    /// The reply carried a file, whose text was given out.
    has_file: bool,
    /// What some servers call the file that stands under `data`.
    filename: Option<String>,
    /// Servers whose files the list lacks that a balancer made.
    pub missing: Vec<String>,
    /// It has members that are none of these, or says that it is not all there is.
    has_others: bool,
}

/// A word or a path may be base64 by chance; no text of this length is one.
const SURELY_BASE64_LEN: usize = 64;

impl ReceivedReply {
    pub(crate) fn new(mut members: Map<String, Value>) -> Self {
        let words = |name| {
            let list = members.get(name).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str)
        };
        let missing = words("missing").map(str::to_owned).collect();
        let features = words("data_features").filter_map(Feature::of).collect();
        // These are not taken away: with them `data` is a part of a file, or none.
        let number = |name| members.get(name).and_then(Value::as_u64);
        let (data_offset, data_length) = (number("data_offset"), number("data_length"));
        let version = members.get("data_version").and_then(Value::as_str);
        let data_version = version.and_then(|version| version.parse().ok());
        let mut take = |name| members.remove(name).unwrap_or_default();
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        Self {
            status: text(take("status")),
            data: take("data"),
            message: take("message"),
            files: take("files"),
            data_namafile: text(take("data_namafile")),
            data_size: take("data_size").as_u64(),
            data_digest: text(take("data_digest")),
            data_offset,
            data_length,
            data_version,
            features,
            code: text(take("code")),
            has_file: take("data_file").is_string(),
            filename: text(take("filename")),
            missing,
            has_others: !members.is_empty(),
        }
    }

    pub fn is_ok(&self) -> bool {
        self.status.as_deref().is_some_and(|status| {
            status.eq_ignore_ascii_case("OK") || status.eq_ignore_ascii_case("success")
        })
    }

    /// The sentence for people: what happened, or what went wrong.
    pub fn sentence(&self) -> String {
        match [&self.data, &self.message].into_iter().find(|value| !value.is_null()) {
            Some(Value::String(sentence)) => sentence.clone(),
            Some(other) => other.to_string(),
            None => match &self.status {
                Some(status) => format!("the server answered {status} and no reason"),
                None => "the server gave no status".to_owned(),
            },
        }
    }

    /// Whether the reply carried a file.
    pub fn has_file(&self) -> bool {
        self.has_file
    }

    /// The base64 text of a file that stands under `data`, where some servers put it; `None` for what
    /// may be anything else.
    ///
    /// A sentence has blanks or a full stop, but a single word can be base64 by chance. So the text is
    /// padded, or longer than any word, or the reply names the file. A member that is none of ours may
    /// say that the text is encrypted or a part.
    pub fn file_under_data(&self, name: &FileName) -> Option<String> {
        let Value::String(data) = &self.data else { return None };
        let mut given = [&self.data_namafile, &self.filename].into_iter().flatten().peekable();
        let names_file = given.peek().is_some();
        if !self.is_ok() || self.has_others || !given.all(|given| is_name(given, name)) {
            return None;
        }
        // Some encoders break lines.
        let text: String = data.split(['\r', '\n']).collect();
        let is_no_word = text.ends_with('=') || is_long_and_mixed(&text);
        (is_base64(&text) && (names_file || is_no_word)).then_some(text)
    }

    /// The name that the server gave the file; not checked.
    pub fn file_name(&self) -> Option<&str> {
        self.data_namafile.as_deref()
    }

    /// The names in the reply to a LIST: strings, or objects with a `filename` or `name`, under
    /// `data` or `files`. `None` when it has no list.
    pub fn names(&self) -> Option<Vec<String>> {
        let names = |files: Vec<_>| files.into_iter().map(|(name, _)| name).collect();
        self.files().map(names)
    }

    /// The same with sizes, of files whose object has a `size`.
    pub fn files(&self) -> Option<Vec<(String, Option<u64>)>> {
        let list = [&self.data, &self.files].into_iter().find_map(|value| match value {
            Value::Array(items) => Some(items),
            Value::Object(members) => members.get("files").and_then(Value::as_array),
            _ => None,
        })?;
        let file = |item: &Value| match item {
            Value::String(name) => Some((name.clone(), None)),
            Value::Object(members) => {
                let keys = ["filename", "name"];
                let name = keys.into_iter().find_map(|key| members.get(key)?.as_str())?;
                Some((name.to_owned(), members.get("size").and_then(Value::as_u64)))
            }
            _ => None,
        };
        Some(list.iter().filter_map(file).collect())
    }

    /// The counts in the reply to STATS; `None` from a server that has other ones.
    pub fn stats(&self) -> Option<Stats> {
        serde_json::from_value(self.data.clone()).ok()
    }

    /// The reply to STATS as the server gave it.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Whether the reply is about `name`, as far as the server said. Some say it with the path that
    /// the file has on their disk.
    pub fn is_about(&self, name: &FileName) -> bool {
        self.data_namafile.as_deref().is_none_or(|given| is_name(given, name))
    }
}

fn is_name(given: &str, name: &FileName) -> bool {
    given.rsplit(['/', '\\']).next() == Some(name.as_str())
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

fn is_long_and_mixed(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
    text.len() >= SURELY_BASE64_LEN
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}
