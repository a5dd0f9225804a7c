//! What clients saw of one name, request by request.

use std::time::Duration;

use crate::contents::Version;

/// What one request did to one name, or showed of it, as far as its client knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Observation {
    Stored(Version),
    Deleted,
    /// There was a file, which is gone now, whoever removed it.
    DeletedOrGone,
    /// The file had this content, or was not found.
    Is(Option<Version>),
    /// The name was on a list, or missing.
    Listed(bool),
    /// The connection broke before the answer came.
    PerhapsStored(Version),
    PerhapsDeleted,
}

/// A request about one name, with its time on the clock of the round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) observation: Observation,
    /// Requests on one connection are executed in their order, also when they were sent at once.
    pub(crate) connection: u64,
    /// Before the first byte was sent.
    pub(crate) invoked: Duration,
    /// After the last byte was received; never, where the answer did not come.
    pub(crate) responded: Option<Duration>,
}

impl Observation {
    /// What the file is after a request with this outcome, which found it as `file`. `None` when the
    /// request cannot have had this outcome; also when it perhaps did something and it would be
    /// nothing: not to have happened is as good.
    pub(crate) fn apply(self, file: Option<Version>) -> Option<Option<Version>> {
        match self {
            Self::Stored(version) => Some(Some(version)),
            Self::Deleted => file.is_some().then_some(None),
            Self::DeletedOrGone => Some(None),
            Self::Is(seen) => (seen == file).then_some(file),
            Self::Listed(seen) => (seen == file.is_some()).then_some(file),
            Self::PerhapsStored(version) => (file != Some(version)).then_some(Some(version)),
            Self::PerhapsDeleted => file.is_some().then_some(None),
        }
    }

    /// Changes nothing, whatever it finds.
    pub(crate) fn only_looks(self) -> bool {
        matches!(self, Self::Is(_) | Self::Listed(_))
    }
}

impl Call {
    /// The answer came, so the request was certainly executed.
    pub(crate) fn is_certain(&self) -> bool {
        self.responded.is_some()
    }
}
