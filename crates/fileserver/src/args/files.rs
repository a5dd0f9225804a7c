//! Options about stored files.

use std::time::Duration;

use bytesize::ByteSize;
use cli::units;
use storage::Durability;

const QUOTA: &str = "100GiB";
const FILES_MAX: &str = "10000";
const KEEP_PARTS: &str = "24h";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files")]
pub struct FileArgs {
    /// Largest file that is stored, for example 500MB or 2GiB
    #[arg(long, hide_short_help = true, value_name = "SIZE", default_value = "1GiB")]
    pub max_upload: ByteSize,

    /// Bytes that all files may take together, uploads under way included, or `none`
    #[arg(
        long,
        hide_short_help = true,
        value_name = "SIZE",
        default_value = QUOTA,
        value_parser = size_or_none
    )]
    pub quota: u64,

    /// Files that there may be, uploads under way included, or `none`
    #[arg(
        long,
        hide_short_help = true,
        value_name = "N",
        default_value = FILES_MAX,
        value_parser = number_or_none
    )]
    pub max_files: u64,

    /// What a confirmed upload survives
    #[arg(
        long,
        hide_short_help = true,
        value_name = "LEVEL",
        default_value = "none",
        value_parser = cli::choice([
            (
                Durability::None,
                "none",
                "The end of the server only: after a power failure the file may be missing or empty",
            ),
            (
                Durability::File,
                "file",
                "A power failure, except for the newest files: each is whole or missing",
            ),
            (Durability::Full, "full", "A power failure"),
        ])
    )]
    pub durability: Durability,

    /// How long the part of a broken STORE is kept, so that its client can go on: 1h, 90min; `none` keeps none
    #[arg(
        long,
        hide_short_help = true,
        value_name = "TIME",
        default_value = KEEP_PARTS,
        value_parser = time_or_none
    )]
    pub keep_parts: Duration,

    /// Refuse UPLOAD, STORE and DELETE
    #[arg(long)]
    pub read_only: bool,

    /// Refuse an UPLOAD or STORE to a name that exists
    #[arg(long, hide_short_help = true)]
    pub no_replace: bool,
}

impl FileArgs {
    /// An option that was given and that only a directory has a use for.
    #[cfg(feature = "bucket")]
    pub(crate) fn of_directories(&self) -> Option<&'static str> {
        let given = [
            ("--quota", size_or_none(QUOTA) != Ok(self.quota)),
            ("--max-files", number_or_none(FILES_MAX) != Ok(self.max_files)),
            ("--durability", self.durability != Durability::None),
            ("--keep-parts", time_or_none(KEEP_PARTS) != Ok(self.keep_parts)),
        ];
        given.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }

    pub(crate) fn storage_options(&self) -> storage::DirectoryOptions {
        storage::DirectoryOptions {
            durability: self.durability,
            keep_parts: self.keep_parts,
            // Where nothing is stored, nothing needs to be counted.
            quota: if self.read_only { storage::DirectoryOptions::NO_LIMIT } else { self.quota },
            files_max: if self.read_only {
                storage::DirectoryOptions::NO_LIMIT
            } else {
                self.max_files
            },
        }
    }
}

fn size_or_none(text: &str) -> Result<u64, String> {
    match text {
        "none" => Ok(storage::DirectoryOptions::NO_LIMIT),
        size => size.parse::<ByteSize>().map(|size| size.as_u64()),
    }
}

fn time_or_none(text: &str) -> Result<Duration, &'static str> {
    match text {
        "none" => Ok(Duration::ZERO),
        time => units::duration(time),
    }
}

fn number_or_none(text: &str) -> Result<u64, String> {
    match text {
        "none" => Ok(storage::DirectoryOptions::NO_LIMIT),
        number => number.parse().map_err(|_| "a number is needed, or none".to_owned()),
    }
}
