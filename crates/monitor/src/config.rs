//! Where events are written.

use std::{
    fmt::{self, Display},
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::ValueEnum;
use jiff::Timestamp;
use telemetry::Level;

/// As many links as Linux follows in a path.
const LINKS_MAX: usize = 40;

/// Where and how the events of one server are written.
#[derive(Clone, Debug)]
pub struct Config {
    pub log: LogTarget,
    pub format: LogFormat,
    pub language: LogLanguage,
    /// The least that the log is to have. A database has all that is worth an info.
    pub level: Level,
    pub database: Option<DatabaseTarget>,
    pub run: ServerRun,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogTarget {
    Stderr,
    File(PathBuf),
}

/// How the log is written
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// Lines to read: time, source, level, event and its fields
    Text,
    /// Lines of JSON, with the monotonic times of each request
    Json,
}

/// Language of the words in a log of text
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogLanguage {
    /// English
    En,
    /// Indonesian
    Id,
}

/// Whose events are written. Every line of the log names the program and its port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerRun {
    /// In small letters: `fileserver`.
    pub program: &'static str,
    /// How it runs connections, in a word.
    pub mode: String,
    pub workers: u32,
    pub address: SocketAddr,
    pub started: Timestamp,
}

/// A database of events: the path of an SQLite file, or the URL of a PostgreSQL database.
#[derive(Clone, Debug)]
pub enum DatabaseTarget {
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Config>),
}

/// Why a text names no database.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DatabaseTargetError {
    #[error("a database needs a path")]
    Empty,
    #[cfg(not(feature = "postgres"))]
    #[error(
        "this program was built without PostgreSQL (cargo feature `postgres`): give the path of an \
         SQLite file"
    )]
    NoPostgres,
    #[cfg(feature = "postgres")]
    #[error("the URL of the database is malformed: {0}")]
    Url(String),
    #[cfg(feature = "postgres")]
    #[error("the URL of the database must name one host, which is no socket")]
    Host,
}

impl ServerRun {
    /// Of a server that starts now.
    pub fn starting(
        program: &'static str,
        mode: impl Display,
        workers: u32,
        address: SocketAddr,
    ) -> Self {
        Self { program, mode: mode.to_string(), workers, address, started: Timestamp::now() }
    }
}

impl Config {
    /// The directories that must stay writable while the recorder runs: those that the files
    /// really are in, whatever links lead there. None for a device or a pipe, which stays open.
    pub fn directories(&self) -> Vec<PathBuf> {
        let log = match &self.log {
            LogTarget::Stderr => None,
            LogTarget::File(path) => Some(path.as_path()),
        };
        let database = self.database.as_ref().and_then(DatabaseTarget::path);
        let mut directories: Vec<PathBuf> =
            [log, database].into_iter().flatten().filter_map(directory_of_file).collect();
        directories.dedup();
        directories
    }

    /// The port of the PostgreSQL server, which must stay reachable while the recorder runs.
    pub fn network_port(&self) -> Option<u16> {
        match &self.database {
            None | Some(DatabaseTarget::Sqlite(_)) => None,
            #[cfg(feature = "postgres")]
            Some(DatabaseTarget::Postgres(config)) => Some(postgres_port(config)),
        }
    }
}

impl DatabaseTarget {
    /// The same database, reachable without looking a name up.
    pub(crate) fn resolved(&self) -> io::Result<Self> {
        match self {
            Self::Sqlite(path) => Ok(Self::Sqlite(path.clone())),
            #[cfg(feature = "postgres")]
            Self::Postgres(config) => Ok(Self::Postgres(Box::new(with_addresses(config)?))),
        }
    }

    /// The file that it is, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }
}

/// Where a regular file is, or will be made; none for anything else.
fn directory_of_file(path: &Path) -> Option<PathBuf> {
    let is_or_will_be_a_file = match fs::metadata(path) {
        Ok(metadata) => metadata.is_file(),
        Err(err) => err.kind() == io::ErrorKind::NotFound,
    };
    // The last part is followed by hand: it may lead to where there is no file yet.
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = fs::read_link(&path) else { break };
        path = directory_of(&path).join(target);
    }
    is_or_will_be_a_file.then(|| directory_of(&path).canonicalize().ok()).flatten()
}

/// The database with its host's addresses: a confined process can look up no name.
#[cfg(feature = "postgres")]
fn with_addresses(config: &postgres::Config) -> io::Result<postgres::Config> {
    use std::net::ToSocketAddrs;

    let mut resolved = config.clone();
    let [postgres::config::Host::Tcp(host)] = config.get_hosts() else { return Ok(resolved) };
    if config.get_hostaddrs().is_empty() {
        for (index, address) in
            (host.as_str(), postgres_port(config)).to_socket_addrs()?.enumerate()
        {
            // Each address belongs to one host.
            if index > 0 {
                resolved.host(host);
            }
            resolved.hostaddr(address.ip());
        }
    }
    Ok(resolved)
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

impl Display for LogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for DatabaseTarget {
    type Err = DatabaseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        match text {
            "" => Err(DatabaseTargetError::Empty),
            #[cfg(not(feature = "postgres"))]
            _ if is_url => Err(DatabaseTargetError::NoPostgres),
            #[cfg(feature = "postgres")]
            _ if is_url => parse_url(text),
            path => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }
}

/// Without the password.
impl Display for DatabaseTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            #[cfg(feature = "postgres")]
            Self::Postgres(config) => {
                let host = match config.get_hosts() {
                    [postgres::config::Host::Tcp(host), ..] => host,
                    _ => "?",
                };
                let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
                write!(f, "postgres://{host}:{}/{name}", postgres_port(config))
            }
        }
    }
}

#[cfg(feature = "postgres")]
fn parse_url(text: &str) -> Result<DatabaseTarget, DatabaseTargetError> {
    let config: postgres::Config =
        text.parse().map_err(|err: postgres::Error| DatabaseTargetError::Url(err.to_string()))?;
    match config.get_hosts() {
        [postgres::config::Host::Tcp(_)] => Ok(DatabaseTarget::Postgres(Box::new(config))),
        _ => Err(DatabaseTargetError::Host),
    }
}

#[cfg(feature = "postgres")]
fn postgres_port(config: &postgres::Config) -> u16 {
    config.get_ports().first().copied().unwrap_or(5432)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::line::example_run;

    fn config(log: LogTarget, database: Option<&str>) -> Config {
        Config {
            log,
            format: LogFormat::Text,
            language: LogLanguage::En,
            level: Level::Info,
            database: database.map(|text| text.parse().unwrap()),
            run: example_run(),
        }
    }

    #[test]
    fn the_directories_of_the_log_and_of_the_database_stay_writable() {
        let dir = TempDir::new().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let database = real.join("events.sqlite");
        let config = config(LogTarget::File("a.txt".into()), Some(database.to_str().unwrap()));
        assert_eq!(config.directories(), [std::env::current_dir().unwrap(), real]);
        assert_eq!(config.network_port(), None);
        assert!(self::config(LogTarget::Stderr, None).directories().is_empty());
    }

    #[test]
    fn the_directory_that_stays_writable_is_the_one_that_a_link_leads_to() {
        let dir = TempDir::new().unwrap();
        let real = dir.path().canonicalize().unwrap();
        fs::create_dir_all(real.join("var/log")).unwrap();
        let link = real.join("link");
        symlink("var/second", &link).unwrap();
        symlink("log/log.txt", real.join("var/second")).unwrap();
        let config = config(LogTarget::File(link), None);
        assert_eq!(config.directories(), [real.join("var/log")]);
        fs::write(real.join("var/log/log.txt"), "").unwrap();
        assert_eq!(config.directories(), [real.join("var/log")]);
    }

    #[test]
    fn a_device_needs_no_directory() {
        let dir = TempDir::new().unwrap();
        let link = dir.path().join("link");
        symlink("/dev/full", &link).unwrap();
        for path in ["/dev/null".into(), link] {
            assert!(config(LogTarget::File(path), None).directories().is_empty());
        }
    }

    #[test]
    fn an_empty_text_is_no_database() {
        assert_eq!("".parse::<DatabaseTarget>().unwrap_err(), DatabaseTargetError::Empty);
    }

    #[test]
    #[cfg(not(feature = "postgres"))]
    fn a_url_takes_a_program_with_postgres() {
        let url = "postgres://kolam:secret@localhost/events";
        assert_eq!(url.parse::<DatabaseTarget>().unwrap_err(), DatabaseTargetError::NoPostgres);
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn a_database_whose_host_was_looked_up_has_an_address_for_each_host() {
        let target: DatabaseTarget = "postgres://kolam@localhost/events".parse().unwrap();
        let resolved = target.resolved().unwrap();
        assert_eq!(resolved.to_string(), target.to_string());
        let DatabaseTarget::Postgres(config) = resolved else { panic!("it is an SQLite file") };
        assert!(config.get_hostaddrs().iter().all(|address| address.is_loopback()));
        assert!(!config.get_hostaddrs().is_empty());
        assert_eq!(config.get_hosts().len(), config.get_hostaddrs().len());
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn a_url_is_shown_without_its_password() {
        let config = config(LogTarget::Stderr, Some("postgres://kolam:secret@localhost/events"));
        assert_eq!(config.network_port(), Some(5432));
        let target = config.database.unwrap();
        assert_eq!(target.to_string(), "postgres://localhost:5432/events");
        assert!(!format!("{target:?}").contains("secret"));
        for wrong in ["postgres://a:x@h:port/d", "postgres:///d"] {
            let error = wrong.parse::<DatabaseTarget>().unwrap_err().to_string();
            assert!(!error.contains('x'), "{error}");
        }
    }
}
