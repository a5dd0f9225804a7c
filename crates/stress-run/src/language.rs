//! What is printed, in the languages it can be printed in. The texts are in `language/en.ftl` and
//! `language/id.ftl`, for whoever translates; this is what puts values into them.

mod names;
mod retold;
mod words;

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian, in the assignment's words
    Id,
}

figures::catalogues!(En: "language/en.ftl", Id: "language/id.ftl");

impl Language {
    /// What is stored is in English, whatever is said: a run can be reported in any language.
    pub(crate) const STORED: Self = Self::En;
}
