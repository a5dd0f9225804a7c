//! What is printed, in the languages it can be printed in. The texts are in `language/en.ftl` and
//! `language/id.ftl`, for whoever translates; this is what puts values into them.

mod catalogue;
mod names;
mod words;

use std::sync::LazyLock;

use clap::ValueEnum;
use figures::Numbers;

use self::catalogue::Catalogue;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian, in the assignment's words
    Id,
}

impl Numbers for Language {
    fn decimal_mark(self) -> char {
        match self {
            Self::En => '.',
            Self::Id => ',',
        }
    }
}

impl Language {
    /// What is stored is in English, whatever is said: a run can be reported in any language.
    pub(crate) const STORED: Self = Self::En;

    /// For the `lang` of a page.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Id => "id",
        }
    }

    /// What a raw file says in English, in this language; what was not one of our sentences stays as it is.
    pub(crate) fn retold(self, stored: &str) -> String {
        let sentences = stored.split("; ").map(|sentence| self.sentence_retold(sentence));
        sentences.collect::<Vec<_>>().join("; ")
    }

    fn sentence_retold(self, sentence: &str) -> String {
        let retold = words::RETOLD.iter().find_map(|(name, _)| {
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

    fn catalogue(self) -> &'static Catalogue {
        static ENGLISH: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::parse(include_str!("language/en.ftl")));
        static INDONESIAN: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::parse(include_str!("language/id.ftl")));
        match self {
            Self::En => &ENGLISH,
            Self::Id => &INDONESIAN,
        }
    }
}
