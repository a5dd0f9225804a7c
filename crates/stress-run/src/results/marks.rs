//! What a run must not be used for.

use crate::language::Language;

/// What limits the use of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) quick: bool,
    pub(crate) partial: bool,
    /// Attempts with wrong bytes or counts.
    pub(crate) invalid: usize,
    /// Cells of which every attempt was disturbed.
    pub(crate) disturbed: usize,
    /// Faults that the server was told to make.
    pub(crate) injected: Option<String>,
}

impl Marks {
    /// A line for each.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let Self { quick, partial, invalid, disturbed, ref injected } = *self;
        let lines = [
            quick.then(|| language.mark_quick()),
            partial.then(|| language.mark_partial()),
            (invalid > 0).then(|| language.mark_invalid(invalid)),
            (disturbed > 0).then(|| language.mark_disturbed(disturbed)),
            injected.as_ref().map(|faults| language.mark_injected(faults)),
        ];
        lines.into_iter().flatten().collect()
    }
}
