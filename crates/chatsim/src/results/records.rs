//! The raw records: what became of each message at each subscriber, a line of CSV each, compressed.
//!
//! A file takes its name when it is complete, so one that is there is whole.

use std::{
    fmt,
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use delivery::Record;
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};

/// By what messages were delivered.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum World {
    /// In virtual time.
    Simulated,
    /// By timers, in real time.
    Live,
    /// By a message broker.
    Broker,
}

impl World {
    pub(crate) const ALL: [Self; 3] = [Self::Simulated, Self::Live, Self::Broker];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Live => "live",
            Self::Broker => "broker",
        }
    }

    /// Whether everything happens at its moment. Timers and servers are late by what no theory of a
    /// network knows.
    pub(crate) fn keeps_time(self) -> bool {
        self == Self::Simulated
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const DIR: &str = "records";

fn path(run: &Path, world: World, case: &str) -> PathBuf {
    run.join(DIR).join(world.name()).join(format!("{case}.csv.gz"))
}

/// Writes the records of one case.
pub(crate) struct Writer {
    text: csv::Writer<GzEncoder<BufWriter<File>>>,
    path: PathBuf,
    partial: PathBuf,
}

impl Writer {
    /// In the directory of a run.
    pub(crate) fn create(run: &Path, world: World, case: &str) -> anyhow::Result<Self> {
        let path = path(run, world, case);
        let partial = path.with_extension("partial");
        let create = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            File::create(&partial)
        };
        let file = create().with_context(|| format!("cannot write {}", partial.display()))?;
        // The fastest level; the next ones take twice the time for a tenth of the size.
        let compressed = GzEncoder::new(BufWriter::new(file), Compression::fast());
        Ok(Self { text: csv::Writer::from_writer(compressed), path, partial })
    }

    /// Those of one message, one for each subscriber.
    pub(crate) fn push(&mut self, records: &[Record]) -> anyhow::Result<()> {
        let write = records.iter().try_for_each(|record| self.text.serialize(record));
        write.with_context(|| format!("cannot write {}", self.partial.display()))
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { text, path, partial } = self;
        let finish = || -> anyhow::Result<()> {
            let compressed = text.into_inner().map_err(csv::IntoInnerError::into_error)?;
            compressed.finish()?.flush()?;
            Ok(fs::rename(&partial, &path)?)
        };
        finish().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Leaves nothing behind: the case was stopped.
    pub(crate) fn discard(self) -> anyhow::Result<()> {
        let removed = fs::remove_file(&self.partial);
        removed.with_context(|| format!("cannot remove {}", self.partial.display()))
    }
}

/// How many cases have complete records, counted once for each world.
pub(crate) fn complete<'a>(run: &Path, cases: impl IntoIterator<Item = &'a str>) -> usize {
    let worlds =
        |case| World::ALL.into_iter().filter(move |world| path(run, *world, case).exists());
    cases.into_iter().map(|case| worlds(case).count()).sum()
}

/// Gives out the records of a case, those of one message together, in the order in which they were written.
/// Whether there are any.
pub(crate) fn read(
    run: &Path,
    world: World,
    case: &str,
    mut each: impl FnMut(&[Record]),
) -> anyhow::Result<bool> {
    let path = path(run, world, case);
    let file = match File::open(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let text = GzDecoder::new(BufReader::new(file));
    let complaint = || format!("cannot understand {}", path.display());
    let mut reader = csv::Reader::from_reader(text);
    // Asked for here, since the iterator takes a file whose heads cannot be read for one without lines.
    reader.headers().with_context(complaint)?;
    let mut of_message: Vec<Record> = Vec::new();
    for record in reader.into_deserialize() {
        let record: Record = record.with_context(complaint)?;
        if of_message.first().is_some_and(|first| first.message != record.message) {
            each(&of_message);
            of_message.clear();
        }
        of_message.push(record);
    }
    if !of_message.is_empty() {
        each(&of_message);
    }
    Ok(true)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use delivery::MessageId;

    use super::*;

    /// Of a message that was sent at `sent` ms and, where it was delivered, took so many.
    pub(in crate::results) fn record(
        message: u64,
        subscriber: u32,
        latency_ms: Option<u64>,
    ) -> Record {
        let sent = Duration::from_millis(1_000 + 100 * message);
        let delivered = latency_ms.map(|ms| sent + Duration::from_millis(ms));
        let settled = sent + Duration::from_millis(600);
        Record {
            message: MessageId(message),
            subscriber,
            created: sent,
            sent,
            delivered,
            acknowledged: delivered.map(|at| at + Duration::from_millis(100)),
            given_up: delivered.is_none().then_some(settled),
            released: Some(settled),
            settled,
            attempts: 1,
            copies: u32::from(delivered.is_some()),
            acks: u32::from(delivered.is_some()),
            acks_arrived: u32::from(delivered.is_some()),
            is_disturbed: false,
        }
    }

    #[test]
    fn records_read_back_message_by_message() {
        let dir = tempfile::tempdir().unwrap();
        let written = [
            vec![record(2, 0, Some(50)), record(2, 1, None)],
            vec![record(0, 0, Some(60)), record(0, 1, Some(70))],
            vec![record(1, 0, None), record(1, 1, None)],
        ];
        let mut writer = Writer::create(dir.path(), World::Simulated, "pubsub").unwrap();
        for records in &written {
            writer.push(records).unwrap();
        }
        let read_now = |each: &mut dyn FnMut(&[Record])| {
            read(dir.path(), World::Simulated, "pubsub", each).unwrap()
        };
        assert!(!read_now(&mut |_| panic!("it is not complete")));
        writer.finish().unwrap();
        let mut read_back = Vec::new();
        assert!(read_now(&mut |records| read_back.push(records.to_vec())));
        assert_eq!(read_back, written);
        assert!(!read(dir.path(), World::Live, "pubsub", |_| ()).unwrap());
    }

    #[test]
    fn a_file_that_is_no_records_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), World::Live, "direct").unwrap();
        writer.push(&[record(0, 0, None)]).unwrap();
        writer.finish().unwrap();
        let path = path(dir.path(), World::Live, "direct");
        let bytes = fs::read(&path).unwrap();
        for broken in [&bytes[..bytes.len() / 2], b"message,subscriber\n"] {
            fs::write(&path, broken).unwrap();
            let refusal = read(dir.path(), World::Live, "direct", |_| ()).unwrap_err();
            assert!(format!("{refusal:#}").contains("direct.csv.gz"), "{refusal:#}");
        }
    }
}
