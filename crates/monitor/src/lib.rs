//! What watches a server: writes its events down, answers questions about them, serves metrics.
#![forbid(unsafe_code)]
use std::{fmt, io::Write, path::PathBuf, sync::atomic::AtomicBool, time::Duration};
use telemetry::{JournalReader, Level, Losses};
#[derive(Clone, Debug)]
pub enum LogTarget {
    Stderr,
    File(PathBuf),
}
#[derive(Clone, Copy, Debug, clap::ValueEnum, Eq, PartialEq)]
pub enum Format {
    Text,
    Json,
}
#[derive(Clone, Debug)]
pub struct DatabaseTarget(pub PathBuf);
impl std::str::FromStr for DatabaseTarget {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Ok(Self(s.into()))
    }
}
#[derive(Clone, Debug)]
pub struct Run {
    pub mode: String,
    pub workers: u32,
    pub address: String,
}
#[derive(Clone, Debug)]
pub struct Config {
    pub log: LogTarget,
    pub format: Format,
    pub level: Level,
    pub database: Option<DatabaseTarget>,
    pub run: Run,
}
#[derive(Debug)]
pub struct OpenError;
impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x")
    }
}
impl std::error::Error for OpenError {}
impl Config {
    pub fn directories(&self) -> Vec<PathBuf> {
        Vec::new()
    }
    pub fn network_port(&self) -> Option<u16> {
        None
    }
}
#[derive(Debug)]
pub struct Recorder;
impl Recorder {
    pub fn open(_c: &Config, _l: &'static Losses) -> Result<Self, OpenError> {
        Ok(Self)
    }
    pub fn run(self, journal: &mut JournalReader, _r: &AtomicBool) {
        while journal
            .read(Duration::from_millis(250), |line| {
                let _ = std::io::stderr().write_all(&[line, b"\n"].concat());
            })
            .unwrap_or(false)
        {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
pub mod metrics;
#[derive(clap::Args, Debug)]
pub struct LogArgs {
    pub limit: Option<u32>,
}
