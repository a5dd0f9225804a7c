//! Something for each kind of request that is counted apart.

use std::{
    collections::BTreeMap,
    ops::{AddAssign, Index, IndexMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::Verb;

/// The verbs that are not among the others.
const APART: [Verb; 4] = [Verb::List, Verb::Get, Verb::Upload, Verb::Delete];

/// The key of the others.
const OTHER: &str = "other";

/// The same for LIST, GET, UPLOAD and DELETE, and once for all other verbs and whatever begins with
/// none. As JSON it is an object, and its keys are the verbs in lower case and `other`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ByVerb<T> {
    apart: [T; APART.len()],
    pub other: T,
}

impl<T: AddAssign + Default> ByVerb<T> {
    /// The sums of `of`, which knows them for each of [`Verb::LABELS`].
    pub fn gathered(of: impl Fn(usize) -> T) -> Self {
        let mut sums = Self::default();
        for verb in Verb::ALL {
            sums[verb] += of(verb.label());
        }
        sums.other += of(Verb::NO_VERB);
        sums
    }
}

impl<T> ByVerb<T> {
    /// Each under its key, the others last.
    pub fn into_entries(self) -> impl Iterator<Item = (String, T)> {
        let keys = APART.map(|verb| verb.name().to_ascii_lowercase()).into_iter();
        let keys = keys.chain([OTHER.to_owned()]);
        keys.zip(self.apart.into_iter().chain([self.other]))
    }
}

impl<T> Index<Verb> for ByVerb<T> {
    type Output = T;

    fn index(&self, verb: Verb) -> &T {
        let place = APART.iter().position(|apart| *apart == verb);
        place.map_or(&self.other, |place| &self.apart[place])
    }
}

impl<T> IndexMut<Verb> for ByVerb<T> {
    fn index_mut(&mut self, verb: Verb) -> &mut T {
        let place = APART.iter().position(|apart| *apart == verb);
        place.map_or(&mut self.other, |place| &mut self.apart[place])
    }
}

impl<T: Copy + Serialize> Serialize for ByVerb<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.into_entries())
    }
}

impl<'de, T: Copy + Default + Deserialize<'de>> Deserialize<'de> for ByVerb<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = BTreeMap::<String, T>::deserialize(deserializer)?;
        let values = Self::default().into_entries().map(|(key, _)| {
            found.get(&key).copied().ok_or_else(|| D::Error::custom(format!("no {key}")))
        });
        let values: Vec<T> = values.collect::<Result<_, _>>()?;
        let apart = std::array::from_fn(|place| values[place]);
        Ok(Self { apart, other: values[APART.len()] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_four_verbs_in_their_order_and_the_others() {
        let mut counts = ByVerb::gathered(|label| label as u64);
        counts[Verb::Get] += 100;
        let json = r#"{"list":0,"get":101,"upload":2,"delete":3,"other":30}"#;
        assert_eq!(serde_json::to_string(&counts).unwrap(), json);
        assert_eq!(serde_json::from_str::<ByVerb<u64>>(json).unwrap(), counts);
        assert_eq!(counts[Verb::Ping], counts.other);
    }

    #[test]
    fn json_that_lacks_a_verb_is_refused() {
        let error = serde_json::from_str::<ByVerb<u64>>(r#"{"list":0,"get":1,"other":2}"#);
        assert!(error.unwrap_err().to_string().contains("no upload"));
    }
}
