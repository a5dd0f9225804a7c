//! The command line of `fileserver`.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::bail;
use bytesize::ByteSize;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum, builder::BoolishValueParser};
use cli::Documents;
use monitor::{Config, DatabaseTarget, Format, LogArgs, LogTarget, Run};
use storage::IfExists;
use telemetry::LogLevel;

use crate::{
    auth::{self, Permission},
    inject::Fault,
    serve,
    service::Limits,
};

const EXAMPLES: &str = "\
Examples:
  fileserver                                 serve ./files on 127.0.0.1:46666 with 5 threads
  fileserver --mode process --workers 50     50 pre-forked processes
  fileserver --port 0 --dir /srv/files       a free port, printed on the first line
  fileserver --read-only --mode async        LIST and GET for many clients at once

SIGTERM or Ctrl-C stops accepting and lets open transfers finish; a second one closes them.
Exit status: 0 after a clean drain, 1 when connections were cut, 2 when it could not start.";

/// Serve the files of a directory over TCP
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Args {
    /// Directory to serve; uploads are stored here too
    #[arg(long, value_name = "DIR", env = "FILESERVER_DIR", default_value = "files")]
    pub dir: PathBuf,

    /// Address to listen on; anything but loopback lets others read and replace the files
    #[arg(long, value_name = "ADDRESS", env = "FILESERVER_HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, env = "FILESERVER_PORT", default_value_t = 46666)]
    pub port: u16,

    /// How connections are run
    #[arg(long, value_enum, env = "FILESERVER_MODE", default_value_t = Mode::Thread)]
    pub mode: Mode,

    /// Size of the pool, 1 to 1000 [default: 5; legacy: as many as --max-connections]
    #[arg(
        long,
        value_name = "N",
        env = "FILESERVER_WORKERS",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub workers: Option<u32>,

    /// Seconds between requests, or without a byte in a transfer, after which a connection is closed
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "SECONDS",
        env = "FILESERVER_IDLE_TIMEOUT",
        default_value = "60",
        value_parser = cli::seconds_not_zero
    )]
    pub idle_timeout: Duration,

    /// Seconds that the head of a request, its verb and name, may take to arrive
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "SECONDS",
        env = "FILESERVER_HEAD_TIMEOUT",
        default_value = "10",
        value_parser = cli::seconds_not_zero
    )]
    pub head_timeout: Duration,

    /// Bytes a second that a transfer must move, averaged over the idle timeout; 0 for any
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "SIZE",
        env = "FILESERVER_MIN_RATE",
        default_value = "1KiB"
    )]
    pub min_rate: ByteSize,

    /// Requests that one connection may make
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "N",
        env = "FILESERVER_MAX_REQUESTS",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub max_requests: u64,

    /// Seconds that open connections get to finish at shutdown
    #[arg(
        long,
        value_name = "SECONDS",
        env = "FILESERVER_DRAIN",
        default_value = "10",
        value_parser = cli::seconds
    )]
    pub drain: Duration,

    /// Largest file that is stored, for example 500MB or 2GiB
    #[arg(
        help_heading = "Files",
        long,
        value_name = "SIZE",
        env = "FILESERVER_MAX_UPLOAD",
        default_value = "1GiB"
    )]
    pub max_upload: ByteSize,

    /// Bytes that all files may take together, uploads under way included, or `none`
    #[arg(
        help_heading = "Files",
        long,
        value_name = "SIZE",
        env = "FILESERVER_QUOTA",
        default_value = "100GiB",
        value_parser = size_or_none
    )]
    pub quota: u64,

    /// Files that there may be, uploads under way included, or `none`
    #[arg(
        help_heading = "Files",
        long,
        value_name = "N",
        env = "FILESERVER_MAX_FILES",
        default_value = "10000",
        value_parser = number_or_none
    )]
    pub max_files: u64,

    /// What a confirmed upload survives
    #[arg(help_heading = "Files", long, value_enum, env = "FILESERVER_DURABILITY", default_value_t = Durability::None)]
    pub durability: Durability,

    /// Connections open at once, waiting ones included; one more is answered `busy`. In process
    /// mode at least as many as --workers
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "N",
        env = "FILESERVER_MAX_CONNECTIONS",
        default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_connections: u32,

    /// Connections from one address (IPv6: one /64 network); one more is answered `busy`. In
    /// process mode those that wait for a worker do not count
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "N",
        env = "FILESERVER_MAX_PER_ADDRESS",
        default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_per_address: u32,

    /// Connections that the kernel keeps waiting for an accept
    #[arg(
        help_heading = "Limits on connections",
        long,
        value_name = "N",
        env = "FILESERVER_BACKLOG",
        default_value_t = 1024,
        value_parser = clap::value_parser!(i32).range(1..)
    )]
    pub backlog: i32,

    /// Ask for tokens: the file that `fileserver token new` adds to, read once at the start
    #[arg(
        help_heading = "Security",
        long,
        value_name = "FILE",
        env = "FILESERVER_AUTH_FILE",
        global = true
    )]
    pub auth_file: Option<PathBuf>,

    /// Speak TLS with this certificate (PEM, its chain included); clients in plain text are then
    /// not served
    #[arg(
        help_heading = "Security",
        long,
        value_name = "FILE",
        env = "FILESERVER_TLS_CERT",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(
        help_heading = "Security",
        long,
        value_name = "FILE",
        env = "FILESERVER_TLS_KEY",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,

    /// Refuse UPLOAD and DELETE
    #[arg(
        help_heading = "Files",
        long,
        env = "FILESERVER_READ_ONLY",
        value_parser = BoolishValueParser::new()
    )]
    pub read_only: bool,

    /// Refuse an UPLOAD to a name that exists
    #[arg(
        help_heading = "Files",
        long,
        env = "FILESERVER_NO_REPLACE",
        value_parser = BoolishValueParser::new()
    )]
    pub no_replace: bool,

    /// Give up root for this user once the port is bound. The user must be able to read and write
    /// --dir and to read the files in it, and needs no other file (Linux)
    #[arg(help_heading = "Security", long, value_name = "NAME", env = "FILESERVER_USER")]
    pub user: Option<String>,

    /// Keep every right of the user that runs the server. Otherwise it confines itself to --dir and
    /// to the directories of its log, as far as the kernel can: no other file, no program, no connection
    /// of its own (Linux)
    #[arg(help_heading = "Security", long, env = "FILESERVER_NO_CONFINEMENT", value_parser = BoolishValueParser::new())]
    pub no_confinement: bool,

    /// Least severe events in the log: error, warn, info, debug or trace
    #[arg(
        help_heading = "Log and metrics",
        long,
        value_name = "LEVEL",
        env = "FILESERVER_LOG_LEVEL",
        default_value = "info"
    )]
    pub log_level: LogLevel,

    /// Append events to this file, which SIGHUP opens again [default: standard error]
    #[arg(
        help_heading = "Log and metrics",
        long,
        value_name = "FILE",
        env = "FILESERVER_LOG_FILE"
    )]
    pub log_file: Option<PathBuf>,

    /// How events are written: text or json
    #[arg(
        help_heading = "Log and metrics",
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        env = "FILESERVER_LOG_FORMAT",
        default_value_t = Format::Text
    )]
    pub log_format: Format,

    /// Store events of level info in this SQLite database too; `fileserver log` asks it
    #[arg(
        help_heading = "Log and metrics",
        long,
        value_name = "FILE",
        env = "FILESERVER_LOG_DB",
        global = true
    )]
    pub log_db: Option<DatabaseTarget>,

    /// Serve metrics for Prometheus here, for example 127.0.0.1:9464
    #[arg(
        help_heading = "Log and metrics",
        long,
        value_name = "ADDRESS:PORT",
        env = "FILESERVER_METRICS",
        value_parser = address_and_port
    )]
    pub metrics: Option<SocketAddr>,

    /// For tests: what the server does wrong, service-time=MS, flip-byte or touch-memory=SIZE
    #[arg(
        long,
        value_name = "FAULT",
        env = "FILESERVER_INJECT",
        value_delimiter = ',',
        hide = true
    )]
    pub inject: Vec<Fault>,

    #[command(subcommand)]
    command: Option<Command>,
}

/// Who runs a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Mode {
    /// A new thread for each connection
    Legacy,
    /// A fixed number of threads
    Thread,
    /// A fixed number of pre-forked processes (Linux)
    Process,
    /// Any number of tasks on a fixed number of threads
    Async,
}

impl Mode {
    /// The name on the command line and in STATS.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Async => "async",
        }
    }
}

/// What a confirmed upload survives, besides the end of the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Durability {
    /// Nothing else: after a power failure the file may be missing, or empty
    None,
    /// A power failure, but for the last names: a file is whole or not there
    File,
    /// A power failure
    Full,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make tokens, by which clients are known
    #[command(subcommand)]
    Token(TokenCommand),
    /// Ask the database that --log-db names about the requests that a server had
    Log(LogArgs),
    #[command(flatten)]
    Documents(Documents),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it is stored nowhere. Its line is added to --auth-file, or
    /// printed too
    New {
        /// Whose it is
        #[arg(value_parser = auth::parse_name)]
        name: String,
        /// What it allows: r (LIST, GET, DIGEST, STATS) or rw (UPLOAD and DELETE too)
        #[arg(
            long,
            value_enum,
            hide_possible_values = true,
            env = "FILESERVER_PERMISSION",
            default_value_t = Permission::ReadWrite
        )]
        permission: Permission,
    },
}

/// Pool size where `--workers` is not given.
const WORKERS_DEFAULT: u32 = 5;

impl Args {
    /// Does what the command line says. An error means that nothing was served.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            None => Ok(serve(self)?),
            Some(Command::Token(TokenCommand::New { name, permission })) => {
                self.make_token(name, *permission)
            }
            Some(Command::Log(question)) => {
                let Some(database) = &self.log_db else { bail!("--log-db must name the database") };
                cli::output::print(monitor::answer(database, question)?.to_string().as_bytes());
                Ok(ExitCode::SUCCESS)
            }
            Some(Command::Documents(documents)) => {
                documents.print(&Self::command())?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    fn make_token(&self, name: &str, permission: Permission) -> anyhow::Result<ExitCode> {
        let (token, line) = auth::new_token(name, permission)?;
        let mut stdout = io::stdout();
        match &self.auth_file {
            Some(path) => {
                auth::add_line(path, name, &line)?;
                writeln!(stdout, "{}", token.reveal())?;
            }
            None => writeln!(
                stdout,
                "token for the client:    {}\nline for --auth-file:    {line}",
                token.reveal()
            )?,
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            upload_len_max: self.max_upload.as_u64(),
            idle_timeout: self.idle_timeout,
            head_timeout: self.head_timeout,
            min_rate: self.min_rate.as_u64(),
            requests_max: self.max_requests,
            read_only: self.read_only,
            if_exists: if self.no_replace { IfExists::Refuse } else { IfExists::Replace },
        }
    }

    pub(crate) fn storage_options(&self) -> storage::Options {
        storage::Options {
            durability: match self.durability {
                Durability::None => storage::Durability::None,
                Durability::File => storage::Durability::File,
                Durability::Full => storage::Durability::Full,
            },
            // Where nothing is stored, nothing needs to be counted.
            quota: if self.read_only { storage::Options::NO_LIMIT } else { self.quota },
            files_max: if self.read_only { storage::Options::NO_LIMIT } else { self.max_files },
        }
    }

    /// What becomes of the events; the address is the one that was asked for.
    pub(crate) fn monitor_config(&self) -> Config {
        Config {
            log: self.log_file.clone().map_or(LogTarget::Stderr, LogTarget::File),
            format: self.log_format,
            level: self.log_level.into(),
            database: self.log_db.clone(),
            run: Run::starting(
                self.mode.name(),
                self.pool_size(),
                format_args!("{}:{}", self.host, self.port),
            ),
        }
    }

    /// The size of the pool.
    pub fn pool_size(&self) -> u32 {
        match (self.workers, self.mode) {
            (Some(workers), _) => workers,
            (None, Mode::Legacy) => self.max_connections,
            (None, Mode::Thread | Mode::Process | Mode::Async) => WORKERS_DEFAULT,
        }
    }
}

fn address_and_port(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port are needed, such as 127.0.0.1:9464".to_owned())
}

fn size_or_none(text: &str) -> Result<u64, String> {
    match text {
        "none" => Ok(storage::Options::NO_LIMIT),
        size => size.parse::<ByteSize>().map(|size| size.as_u64()),
    }
}

fn number_or_none(text: &str) -> Result<u64, String> {
    match text {
        "none" => Ok(storage::Options::NO_LIMIT),
        number => number.parse().map_err(|_| "a number is needed, or none".to_owned()),
    }
}

#[cfg(test)]
mod tests {
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
    fn the_pool_has_five_workers_unless_told_and_legacy_as_many_as_connections() {
        let size = |line: &str| Args::try_parse_from(line.split(' ')).unwrap().pool_size();
        assert_eq!(size("fileserver"), 5);
        assert_eq!(size("fileserver --mode legacy"), 1024);
        assert_eq!(size("fileserver --mode legacy --workers 3"), 3);
    }
}
