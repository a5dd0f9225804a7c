//! What is printed, in the languages it can be printed in. The texts are in `language/en.ftl` and
//! `language/id.ftl`, for whoever translates; this is what puts values into them.

mod names;
mod retold;
mod words;

use std::sync::LazyLock;

use clap::ValueEnum;
use figures::{Catalogue, Numbers};

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

    /// Its texts by their names.
    pub(crate) fn catalogue(self) -> &'static Catalogue {
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
