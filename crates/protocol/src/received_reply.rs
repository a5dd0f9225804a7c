//! What a reply says, ours or another server's.

use serde_json::{Map, Value};

use crate::{FileName, Stats};

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
    pub code: Option<String>,
    /// The reply carried a file, whose text was given out.
    has_file: bool,
}

impl ReceivedReply {
    pub(crate) fn new(mut members: Map<String, Value>) -> Self {
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
            code: text(take("code")),
            has_file: take("data_file").is_string(),
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

    /// The name that the server gave the file; not checked.
    pub fn file_name(&self) -> Option<&str> {
        self.data_namafile.as_deref()
    }

    /// The names in the reply to a LIST: strings, or objects with a `filename` or `name`, under
    /// `data` or `files`. `None` when it has no list.
    pub fn names(&self) -> Option<Vec<String>> {
        let list = [&self.data, &self.files].into_iter().find_map(|value| match value {
            Value::Array(items) => Some(items),
            Value::Object(members) => members.get("files").and_then(Value::as_array),
            _ => None,
        })?;
        let name = |item: &Value| match item {
            Value::String(name) => Some(name.clone()),
            Value::Object(members) => ["filename", "name"]
                .into_iter()
                .find_map(|key| members.get(key)?.as_str())
                .map(str::to_owned),
            _ => None,
        };
        Some(list.iter().filter_map(name).collect())
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
        self.data_namafile
            .as_deref()
            .and_then(|given| given.rsplit(['/', '\\']).next())
            .is_none_or(|given| given == name.as_str())
    }
}
