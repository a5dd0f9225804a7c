//! What a run must not be used for.

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
