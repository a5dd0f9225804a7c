//! The command line of `fileserver`.

mod commands;
mod files;
mod security;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Arg, Parser, ValueHint};
use cli::LimitArgs;
use file_service::{Fault, Limits};
use monitor::{Config, RecordArgs, ServerRun};
use serving::{Hangup, Settings};
use storage::IfExists;
use telemetry::Mode;

pub(crate) use self::commands::{Command, TokenCommand};
use self::{files::FileArgs, security::SecurityArgs};

const EXAMPLES: &str = "\
Examples:
  fileserver                               ./files on 127.0.0.1:46666, 5 threads
  fileserver --mode process --workers 50   50 pre-forked processes
  fileserver /srv/files --port 0           a free port, which it prints
  fileserver --read-only --mode async      LIST and GET for many clients at once

SIGTERM or Ctrl-C stops accepting and lets open transfers finish; a second one
closes them. Exit status: 0 after a clean drain, 1 when connections were cut,
2 when it could not start. Options may come from the environment variables that
--help names; one that is empty counts as not set.";

/// Serve the files of a directory over TCP
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = EXAMPLES,
    mut_arg("max_connections", with_note("In process mode at least as many as --workers.")),
    mut_arg(
        "max_per_address",
        with_note("In process mode those that wait for a worker do not count.")
    )
)]
pub struct Args {
    /// Directory to serve, in place of --dir [default: files]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,

    /// Directory to serve; uploads are stored here too
    ///
    /// s3://BUCKET/PREFIX is a bucket that many servers may share, if fileserver was built with buckets.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "files",
        value_hint = ValueHint::DirPath,
        hide_short_help = true
    )]
    dir: PathBuf,

    /// Address to listen on, or a name of this machine
    ///
    /// Anything but loopback lets others read and replace the files.
    #[arg(long, alias = "ip", value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,

    /// Port to listen on; 0 takes a free one
    ///
    /// The first line that is printed names it.
    #[arg(long, default_value_t = 46666)]
    pub port: u16,

    /// How connections are run
    #[arg(
        long,
        default_value_t = Mode::Thread,
        value_parser = cli::choice(Mode::ALL.map(|mode| (mode, mode.name(), mode.summary())))
    )]
    mode: Mode,

    /// The same as --mode process, as the course's servers are told it.
    #[arg(long, hide = true)]
    multiprocessing: bool,

    /// Size of the pool, 1 to 1000 [default: 5]
    ///
    /// In legacy mode the default is that of --max-connections.
    #[arg(
        long,
        alias = "pool",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub workers: Option<u32>,

    /// Seconds that open connections get to finish at shutdown
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = cli::units::seconds,
        hide_short_help = true
    )]
    pub drain: Duration,

    #[command(flatten)]
    pub files: FileArgs,

    #[command(flatten)]
    pub security: SecurityArgs,

    #[command(flatten)]
    pub log: RecordArgs,

    #[command(flatten)]
    pub connections: LimitArgs,

    /// For tests: what the server does wrong, service-time=MS (a GET or an ECHO keeps its worker busy for so
    /// long; in async mode any number do at once), flip-byte or touch-memory=SIZE
    #[arg(
        long,
        value_name = "FAULT",
        env = "FILESERVER_INJECT",
        value_delimiter = ',',
        hide = true
    )]
    pub inject: Vec<Fault>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What this server alone has to say about an option that others have too.
fn with_note(note: &str) -> impl Fn(Arg) -> Arg {
    move |option| {
        let help = option.get_long_help().or(option.get_help()).map(ToString::to_string);
        let help = help.unwrap_or_default();
        option.long_help(format!("{help}\n\n{note}"))
    }
}

/// Pool size where `--workers` is not given.
const WORKERS_DEFAULT: u32 = 5;

impl Args {
    pub fn mode(&self) -> Mode {
        if self.multiprocessing { Mode::Process } else { self.mode }
    }

    /// What is served is no directory but a bucket.
    pub(crate) fn serves_bucket(&self) -> bool {
        self.dir().to_str().is_some_and(|dir| dir.starts_with("s3://"))
    }

    /// The served directory.
    pub fn dir(&self) -> &Path {
        self.directory.as_ref().unwrap_or(&self.dir)
    }

    pub(crate) fn server_settings(&self) -> Settings {
        Settings {
            mode: self.mode(),
            connections_max: self.connections.max_connections as usize,
            per_address_max: self.connections.max_per_address as usize,
            backlog: self.connections.backlog as usize,
            drain: self.drain,
            hangup: match self.log.log_file {
                Some(_) => Hangup::ReopensLog,
                None => Hangup::Stops,
            },
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            upload_len_max: self.files.max_upload.as_u64(),
            idle_timeout: self.connections.idle_timeout,
            head_timeout: self.connections.head_timeout,
            min_rate: self.connections.min_rate.as_u64(),
            requests_max: self.connections.max_requests,
            read_only: self.files.read_only,
            if_exists: if self.files.no_replace { IfExists::Refuse } else { IfExists::Replace },
        }
    }

    /// What becomes of the events of a server that listens there.
    pub(crate) fn monitor_config(&self, address: SocketAddr) -> Config {
        self.log.config(ServerRun::starting("fileserver", self.mode(), self.pool_size(), address))
    }

    /// The size of the pool.
    pub fn pool_size(&self) -> u32 {
        match (self.workers, self.mode()) {
            (Some(workers), _) => workers,
            (None, Mode::Legacy) => self.connections.max_connections,
            (None, _) => WORKERS_DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_examples_are_command_lines() {
        let examples = EXAMPLES.lines().filter(|line| line.starts_with("  fileserver"));
        let mut count = 0;
        for example in examples {
            let command = example.trim_start().split("  ").next().unwrap_or_default();
            let parsed = Args::try_parse_from(command.split(' '));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
            count += 1;
        }
        assert_eq!(count, 4);
    }

    #[test]
    fn faults_are_asked_for_by_those_who_know_of_them() {
        let args = ["fileserver", "--inject=flip-byte,service-time=1", "--inject=service-time=2"];
        assert_eq!(Args::try_parse_from(args).unwrap().inject.len(), 3);
        let documents =
            ["completions bash", "completions fish", "completions zsh", "man"].map(|line| {
                let line = format!("fileserver {line}");
                let Some(Command::Documents(documents)) =
                    Args::try_parse_from(line.split(' ')).unwrap().command
                else {
                    panic!("{line}")
                };
                documents.text(&Args::command()).unwrap()
            });
        let help = Args::command().render_long_help().to_string().into_bytes();
        for text in documents.into_iter().chain([help]) {
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("metrics") && !text.contains("inject"), "{text}");
        }
    }

    #[test]
    fn what_the_courses_servers_are_told_is_understood() {
        let line = "fileserver --ip 0.0.0.0 --port 6665 --pool 50 --multiprocessing";
        let args = Args::try_parse_from(line.split(' ')).unwrap();
        assert_eq!((args.host.as_str(), args.port, args.pool_size()), ("0.0.0.0", 6665, 50));
        assert_eq!(args.mode(), Mode::Process);
        let help = Args::command().render_long_help().to_string();
        for word in ["--ip", "--pool", "--multiprocessing"] {
            assert!(!help.contains(word), "{word}");
        }
    }

    #[test]
    fn the_directory_is_a_word_or_an_option_and_the_word_goes_first() {
        let dir = |line: &str| {
            let args = Args::try_parse_from(line.split(' ')).unwrap();
            args.dir().to_str().unwrap().to_owned()
        };
        assert_eq!(dir("fileserver"), "files");
        assert_eq!(dir("fileserver /srv --port 0"), "/srv");
        assert_eq!(dir("fileserver --dir /srv"), "/srv");
        assert_eq!(dir("fileserver --dir /a /b"), "/b");
        assert_eq!(dir("fileserver /b --dir /a"), "/b");
        assert!(Args::try_parse_from(["fileserver", "/a", "/b"]).is_err());
    }

    #[test]
    fn the_pool_has_five_workers_unless_told_and_legacy_as_many_as_connections() {
        let size = |line: &str| Args::try_parse_from(line.split(' ')).unwrap().pool_size();
        assert_eq!(size("fileserver"), 5);
        assert_eq!(size("fileserver --mode legacy"), 1024);
        assert_eq!(size("fileserver --mode legacy --workers 3"), 3);
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
