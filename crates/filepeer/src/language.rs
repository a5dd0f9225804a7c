//! What is said of a node and of a simulation, in the languages it can be said in. The texts are in
//! `language/en.ftl` and `language/id.ftl`, for whoever translates.

mod words;

use clap::ValueEnum;
use monitor::LogLanguage;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian
    Id,
}

figures::catalogues!(En: "language/en.ftl", Id: "language/id.ftl");

impl From<LogLanguage> for Language {
    fn from(language: LogLanguage) -> Self {
        match language {
            LogLanguage::En => Self::En,
            LogLanguage::Id => Self::Id,
        }
    }
}
