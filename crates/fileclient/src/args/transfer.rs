//! How files are transferred.

/// Connections that a large file is worth, where nobody says how many.
const PARALLEL_DEFAULT: u64 = 4;

/// A file of this size is large: it is worth the time in which the connections are made.
const LARGE_LEN: u64 = 64 * 1024 * 1024;

/// Where somebody does say how many, a shorter one is not cut up all the same.
const CUT_LEN: u64 = 1024 * 1024;

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct GetOptions {
    /// Do not replace existing local files
    ///
    /// They are skipped, which is no failure. [default: replace them and keep their permissions]
    #[arg(short, long)]
    pub(crate) no_clobber: bool,

    /// Keep what comes of a broken download, and go on from there
    ///
    /// Get the same file with --continue again: what came stays as a hidden file beside the one that it will be,
    /// unless the file on the server has changed. Servers that know no FETCH send all of it. The digest of
    /// the whole is compared at the end. What came stays until then, or until somebody deletes it; its name begins
    /// with .fileclient-part-.
    #[arg(short = 'c', long = "continue")]
    pub(crate) resume: bool,

    /// Connections for one file, 1 to 16, where the server knows FETCH [default: 4 from 64 MiB up, else 1]
    ///
    /// Files shorter than 1 MiB always come by one. From a server on this machine every file does unless you say
    /// otherwise: more connections would only share its processors.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..=16),
        hide_short_help = true
    )]
    pub(crate) parallel: Option<u64>,
}

impl GetOptions {
    /// By how many connections a file of this size comes, from a server on this machine or another.
    pub(crate) fn connections(&self, size: u64, is_near: bool) -> u64 {
        match self.parallel {
            Some(connections) if size >= CUT_LEN => connections,
            None if size >= LARGE_LEN && !is_near => PARALLEL_DEFAULT,
            Some(_) | None => 1,
        }
    }

    /// Whether a file may come by more than one, if it is large.
    pub(crate) fn may_be_parallel(&self) -> bool {
        self.parallel != Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_come_by_several_connections() {
        let connections = |parallel, size, is_near| {
            GetOptions { no_clobber: false, resume: false, parallel }.connections(size, is_near)
        };
        assert_eq!(connections(None, LARGE_LEN - 1, false), 1);
        assert_eq!(connections(None, LARGE_LEN, false), 4);
        assert_eq!(connections(None, LARGE_LEN, true), 1);
        assert_eq!(connections(Some(1), LARGE_LEN, false), 1);
        assert_eq!(connections(Some(7), CUT_LEN, true), 7);
        assert_eq!(connections(Some(7), CUT_LEN - 1, false), 1);
    }
}
