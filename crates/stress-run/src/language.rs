//! What is printed, in the languages it can be printed in. The texts are in `language/en.ftl` and
//! `language/id.ftl`, for whoever translates; this is what puts values into them.

mod catalogue;
mod names;
mod numbers;
mod results;
mod words;

use std::sync::LazyLock;

use clap::ValueEnum;

use self::catalogue::Catalogue;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian, in the assignment's words
    Id,
}

impl Language {
    /// For the `lang` of a page.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Id => "id",
        }
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
