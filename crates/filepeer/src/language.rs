//! What is said of a node and of a simulation, in the languages it can be said in. The texts are in
//! `language/en.ftl` and `language/id.ftl`, for whoever translates.

mod words;

use std::sync::LazyLock;

use clap::ValueEnum;
use figures::{Catalogue, Figure, Numbers, Surroundings};
use maud::Markup;
use monitor::LogLanguage;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian
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

impl From<LogLanguage> for Language {
    fn from(language: LogLanguage) -> Self {
        match language {
            LogLanguage::En => Self::En,
            LogLanguage::Id => Self::Id,
        }
    }
}

impl Language {
    /// For the `lang` of a page.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Id => "id",
        }
    }

    pub(crate) fn catalogue(self) -> &'static Catalogue {
        static CATALOGUES: LazyLock<[Catalogue; 2]> = LazyLock::new(|| {
            [include_str!("language/en.ftl"), include_str!("language/id.ftl")].map(Catalogue::parse)
        });
        &CATALOGUES[self as usize]
    }

    /// The first figure of a report, and the part with the others.
    pub(crate) fn shown(self, figures: &[Figure]) -> [Markup; 2] {
        let around = Surroundings {
            title: &self.figures(),
            name: &|number| self.figure(number),
            nothing_to_draw: &self.nothing_to_draw(),
            data_behind: &self.data_behind(),
            by_hand: &self.by_hand(),
        };
        figures::shown(figures, &around)
    }
}
