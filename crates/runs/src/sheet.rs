//! Lines as rows of text under named columns, which conditions select and are held against.

use csv::StringRecord;
use serde::Serialize;

#[derive(Debug)]
pub struct Sheet {
    pub columns: StringRecord,
    /// Each with as many fields as there are columns.
    pub rows: Vec<StringRecord>,
}

impl Sheet {
    pub fn of(lines: impl IntoIterator<Item = impl Serialize>) -> anyhow::Result<Self> {
        let mut text = csv::Writer::from_writer(Vec::new());
        for line in lines {
            text.serialize(line)?;
        }
        Self::read(&text.into_inner()?)
    }

    pub fn read(text: &[u8]) -> anyhow::Result<Self> {
        let mut reader = csv::Reader::from_reader(text);
        let columns = reader.headers()?.clone();
        Ok(Self { columns, rows: reader.records().collect::<csv::Result<_>>()? })
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}
