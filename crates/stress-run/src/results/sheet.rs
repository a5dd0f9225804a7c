//! Lines as rows of text under named columns, which conditions select and are held against.

use csv::StringRecord;
use serde::Serialize;

/// Columns that together name a line of `cells.csv`.
pub(crate) const CELL_KEY: [&str; 6] =
    ["mode", "operation", "volume_bytes", "clients", "server_workers", "repetition"];

/// Shorter names for columns.
const ALIASES: [(&str, &str); 6] = [
    ("failed", "clients_failed"),
    ("failed", "requests_failed"),
    ("succeeded", "clients_succeeded"),
    ("succeeded", "requests_succeeded"),
    ("op", "operation"),
    ("servers", "server_workers"),
];

#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) columns: StringRecord,
    /// Each with as many fields as there are columns.
    pub(crate) rows: Vec<StringRecord>,
}

impl Sheet {
    pub(crate) fn of(lines: impl IntoIterator<Item = impl Serialize>) -> anyhow::Result<Self> {
        let mut text = csv::Writer::from_writer(Vec::new());
        for line in lines {
            text.serialize(line)?;
        }
        Self::read(&text.into_inner()?)
    }

    pub(crate) fn read(text: &[u8]) -> anyhow::Result<Self> {
        let mut reader = csv::Reader::from_reader(text);
        let columns = reader.headers()?.clone();
        Ok(Self { columns, rows: reader.records().collect::<csv::Result<_>>()? })
    }

    /// Of a name, or of the first of those that it is short for.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        let long = ALIASES.iter().filter(|(alias, _)| *alias == name).map(|(_, long)| *long);
        let position = |name| self.columns.iter().position(|column| column == name);
        std::iter::once(name).chain(long).find_map(position)
    }
}
