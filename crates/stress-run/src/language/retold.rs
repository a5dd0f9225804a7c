//! The sentences that raw files hold, in the language of whoever reads them.

use figures::Numbers;

use super::{Language, words::RETOLD};

impl Language {
    /// What a raw file says in English, in this language; what was not one of our sentences stays as it is.
    pub(crate) fn retold(self, stored: &str) -> String {
        let sentences = stored.split("; ").map(|sentence| self.sentence_retold(sentence));
        sentences.collect::<Vec<_>>().join("; ")
    }

    fn sentence_retold(self, sentence: &str) -> String {
        let retold = RETOLD.iter().find_map(|(name, _)| {
            let mut values = Self::En.catalogue().values_in(name, sentence)?;
            for (_, value) in &mut values {
                if value.parse::<f64>().is_ok() {
                    *value = self.with_mark(value);
                }
            }
            Some(self.catalogue().text(name, &values))
        });
        retold.unwrap_or_else(|| sentence.to_owned())
    }
}
