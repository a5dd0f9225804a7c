//! The answer to a question, as a table.

use std::iter;

use crate::{database::Value, line::text::escape};

/// Rows under heads that carry the unit. Names from the network are escaped.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<Head>,
    rows: Vec<Vec<String>>,
}

/// The head of a column, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head(pub(crate) &'static str, pub(crate) Column);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    Text,
    Whole,
    /// With so many digits after the point.
    Decimal(usize),
}

impl Table {
    pub(crate) fn new(heads: &[Head], rows: &[Vec<Value>]) -> Self {
        let cells = |row: &Vec<Value>| {
            heads.iter().zip(row).map(|(head, value)| head.1.show(value)).collect()
        };
        Self { heads: heads.to_vec(), rows: rows.iter().map(cells).collect() }
    }

    /// Cells of each row, as they are shown.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// The heads, then the rows.
    pub fn lines(&self) -> Vec<Vec<String>> {
        let heads = self.heads.iter().map(|head| head.0.to_owned()).collect();
        iter::once(heads).chain(self.rows.iter().cloned()).collect()
    }

    /// Whether each column is one of numbers.
    pub fn numbers(&self) -> impl Iterator<Item = bool> {
        self.heads.iter().map(|head| head.1 != Column::Text)
    }

    pub fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.heads.iter().map(|head| head.0))?;
        self.rows.iter().try_for_each(|row| writer.write_record(row))?;
        let bytes = writer.into_inner().map_err(|err| err.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Column {
    fn show(self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Null) => String::new(),
            (Self::Decimal(digits), Value::Number(number)) => format!("{number:.digits$}"),
            (Self::Text | Self::Whole, Value::Number(number)) => format!("{number:.0}"),
            // PostgreSQL gives numbers as text.
            (Self::Whole | Self::Decimal(_), Value::Text(text)) if text.parse::<f64>().is_ok() => {
                self.show(&Value::Number(text.parse().unwrap_or_default()))
            }
            (_, Value::Text(text)) => {
                let mut shown = String::new();
                escape(text, &mut shown);
                shown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [Head; 3] = [
        Head("file", Column::Text),
        Head("bytes", Column::Whole),
        Head("seconds", Column::Decimal(3)),
    ];

    fn table() -> Table {
        let text = |text: &str| Value::Text(text.to_owned());
        let rows = [
            vec![text("a\n\u{1b}[31m,\"b\""), Value::Number(12_345.0), Value::Number(0.5)],
            vec![Value::Null, Value::Number(7.0), Value::Null],
        ];
        Table::new(&HEADS, &rows)
    }

    #[test]
    fn names_are_escaped_and_numbers_have_the_digits_of_their_column() {
        let lines = [
            ["file", "bytes", "seconds"],
            [r#"a\n\u{1b}[31m,"b""#, "12345", "0.500"],
            ["", "7", ""],
        ];
        assert_eq!(table().lines(), lines);
        assert_eq!(table().numbers().collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn csv_has_the_same_cells() {
        let expected = "file,bytes,seconds\n\"a\\n\\u{1b}[31m,\"\"b\"\"\",12345,0.500\n,7,\n";
        assert_eq!(table().csv().unwrap(), expected);
    }
}
