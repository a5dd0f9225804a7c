//! Something for each kind of request that is counted apart.

use std::{
    collections::BTreeMap,
    ops::{AddAssign, Index, IndexMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::Verb;

/// The first so many verbs are not among the others.
const APART: usize = 7;

/// The same for each of the first verbs, up to STORE, and once for all other verbs and whatever begins
/// with none. As JSON it is an object, and its keys are the verbs in lower case and `other`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ByVerb<T>([T; APART + 1]);

/// Keys that older servers lack.
const NEWER: [&str; 3] = ["echo", "fetch", "store"];

fn keys() -> impl Iterator<Item = String> {
    let apart = Verb::LABELS[..APART].iter().map(|label| label.to_ascii_lowercase());
    apart.chain(["other".to_owned()])
}

fn place(label: usize) -> usize {
    label.min(APART)
}

impl<T: AddAssign + Default> ByVerb<T> {
    /// The sums of `of`, which knows them for each of [`Verb::LABELS`].
    pub fn gathered(of: impl Fn(usize) -> T) -> Self {
        let mut sums = Self::default();
        (0..Verb::LABELS.len()).for_each(|label| sums.0[place(label)] += of(label));
        sums
    }
}

impl<T> ByVerb<T> {
    /// How many there are, the others included.
    pub const LEN: usize = APART + 1;

    /// Each under its key, the others last.
    pub fn into_entries(self) -> impl Iterator<Item = (String, T)> {
        keys().zip(self.0)
    }
}

impl<T> Index<Verb> for ByVerb<T> {
    type Output = T;

    fn index(&self, verb: Verb) -> &T {
        &self.0[place(verb.label())]
    }
}

impl<T> IndexMut<Verb> for ByVerb<T> {
    fn index_mut(&mut self, verb: Verb) -> &mut T {
        &mut self.0[place(verb.label())]
    }
}

impl<T: Copy + Serialize> Serialize for ByVerb<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.into_entries())
    }
}

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for ByVerb<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = BTreeMap::<String, T>::deserialize(deserializer)?;
        let mut all = Self::default();
        for (key, value) in keys().zip(&mut all.0) {
            match found.remove(&key) {
                Some(found) => *value = found,
                // Servers that do not know the verb count none.
                None if NEWER.contains(&key.as_str()) => {}
                None => return Err(D::Error::custom(format!("no {key}"))),
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_verbs_counted_apart_in_their_order_and_the_others() {
        let mut counts = ByVerb::gathered(|label| label as u64);
        counts[Verb::Get] += 100;
        let json =
            r#"{"list":0,"get":101,"upload":2,"delete":3,"echo":4,"fetch":5,"store":6,"other":45}"#;
        assert_eq!(serde_json::to_string(&counts).unwrap(), json);
        assert_eq!(serde_json::from_str::<ByVerb<u64>>(json).unwrap(), counts);
        assert_eq!((counts[Verb::Ping], counts[Verb::Auth]), (45, 45));
    }

    #[test]
    fn json_of_a_server_that_knows_the_four_verbs_of_old_is_read() {
        let json = r#"{"list":1,"get":2,"upload":3,"delete":4,"other":5}"#;
        let counts: ByVerb<u64> = serde_json::from_str(json).unwrap();
        assert_eq!((counts[Verb::Delete], counts[Verb::Echo], counts[Verb::Ping]), (4, 0, 5));
        assert_eq!((counts[Verb::Fetch], counts[Verb::Store]), (0, 0));
    }

    #[test]
    fn json_that_lacks_a_verb_is_refused() {
        let error = serde_json::from_str::<ByVerb<u64>>(r#"{"list":0,"get":1,"other":2}"#);
        assert!(error.unwrap_err().to_string().contains("no upload"));
    }
}
