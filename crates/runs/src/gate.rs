//! Conditions that results must meet, and that the exit status tells: `mode=thread: mean_s<2.5`.
//!
//! A gate that cannot be broken would give false comfort. So one that selects no row or names no
//! column is refused, and an empty value does not meet any condition.

use std::{collections::BTreeSet, fmt, iter};

use anyhow::bail;
use csv::StringRecord;
use figures::Catalogue;

use crate::sheet::Sheet;

/// The exit status when a gate is not met.
pub const EXIT_GATE: u8 = 4;

/// How many values of a column a refusal names.
const VALUES_TOLD: usize = 12;

/// What a program calls the columns of its sheets.
#[derive(Debug, PartialEq)]
pub struct Vocabulary {
    /// Those that hold words, with which no number can be compared.
    pub words: &'static [&'static str],
    /// Shorter names for columns; what is short for several means the first of them that is there.
    pub aliases: &'static [(&'static str, &'static str)],
    /// A gate that people are shown.
    pub example: &'static str,
}

impl Vocabulary {
    fn column(&self, sheet: &Sheet, name: &str) -> Option<usize> {
        let long = self.aliases.iter().filter(|(alias, _)| *alias == name).map(|(_, long)| *long);
        iter::once(name).chain(long).find_map(|name| sheet.column(name))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// As it was written.
    text: String,
    pub selector: Selector,
    pub column: String,
    relation: Relation,
    bound: f64,
}

/// Columns and the values they must have; none selects every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    values: Vec<(String, String)>,
    vocabulary: &'static Vocabulary,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer signs first: `<` is also the beginning of `<=`.
const RELATIONS: [(&str, Relation); 6] = [
    ("==", Relation::Equal),
    ("!=", Relation::NotEqual),
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("<", Relation::Less),
    (">", Relation::Greater),
];

/// What became of a gate.
#[derive(Debug, PartialEq)]
pub struct GateResult {
    pub gate: Gate,
    /// How many rows, or other things, were held against it.
    pub checked: usize,
    pub broken: Vec<Breach>,
}

/// How many broken rows of a gate are named.
const ROWS_NAMED: usize = 20;

/// The texts that a catalogue must have for [`GateResult::lines`], with their values.
pub const GATE_TEXTS: &[(&str, &[&str])] = &[
    ("gate_met", &["gate", "checked"]),
    ("gate_not_met", &["gate", "broken", "checked"]),
    ("gate_more", &["more"]),
    ("gate_value", &["column", "value"]),
    ("gate_no_value", &["column"]),
    ("gate_no_rows", &["column"]),
];

impl GateResult {
    /// A line that says whether the gate is met, and a line for each row that breaks it.
    pub fn lines(&self, texts: &Catalogue) -> Vec<String> {
        let Self { gate, checked, broken } = self;
        let [gate_named, checked] = [("gate", gate.to_string()), ("checked", checked.to_string())];
        let mut lines = vec![match broken.len() {
            0 => texts.text("gate_met", &[gate_named, checked]),
            count => {
                texts.text("gate_not_met", &[gate_named, ("broken", count.to_string()), checked])
            }
        }];
        let named = broken.iter().take(ROWS_NAMED);
        lines.extend(named.map(|breach| format!("  {}", breach.line(&gate.column, texts))));
        if let Some(more @ 1..) = broken.len().checked_sub(ROWS_NAMED) {
            lines.push(format!("  {}", texts.text("gate_more", &[("more", more.to_string())])));
        }
        lines
    }
}

/// A value that does not meet a gate.
#[derive(Debug, PartialEq)]
pub struct Breach {
    /// The row, written as a selector; empty for a number over many rows.
    pub row: String,
    /// `None` where there is none to compare.
    pub value: Option<String>,
}

impl Breach {
    fn line(&self, column: &str, texts: &Catalogue) -> String {
        let is_of_many = self.row.is_empty();
        let column = if is_of_many { column.to_owned() } else { format!("{}: {column}", self.row) };
        let column = ("column", column);
        match &self.value {
            Some(value) => texts.text("gate_value", &[column, ("value", value.clone())]),
            None if is_of_many => texts.text("gate_no_rows", &[column]),
            None => texts.text("gate_no_value", &[column]),
        }
    }
}

impl Gate {
    /// No value, and one that is not a number, meet no gate.
    pub fn is_met_by(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| !value.is_nan() && self.relation.holds(value, self.bound))
    }

    /// Refuses a gate that these rows could not break: it selects none or names no column.
    pub fn check_fits(&self, sheet: &Sheet) -> anyhow::Result<()> {
        let column = self.column_in(sheet)?;
        if self.selector.vocabulary.words.contains(&&sheet.columns[column]) {
            bail!("--gate {self}: {} holds words, and numbers are needed", self.column);
        }
        if self.selector.select(sheet).map_err(|why| self.refusal(sheet, &why))?.is_empty() {
            let there_is = self.selector.instead(sheet).unwrap_or_default();
            bail!("--gate {self}: no row is selected by {}{there_is}", self.selector);
        }
        Ok(())
    }

    /// Holds every selected row against the gate; those are named by their values in `key`.
    pub fn check(&self, sheet: &Sheet, key: &[&str]) -> anyhow::Result<GateResult> {
        self.check_fits(sheet)?;
        let column = self.column_in(sheet)?;
        let rows = self.selector.select(sheet).unwrap_or_default();
        let is_broken = |row: &&&StringRecord| !self.is_met_by(row[column].parse().ok());
        let breach = |row: &&StringRecord| Breach {
            row: label(sheet, row, key),
            value: Some(row[column].to_owned()).filter(|value| !value.is_empty()),
        };
        let broken = rows.iter().filter(is_broken).map(breach).collect();
        Ok(GateResult { gate: self.clone(), checked: rows.len(), broken })
    }

    fn column_in(&self, sheet: &Sheet) -> anyhow::Result<usize> {
        let column = self.selector.vocabulary.column(sheet, &self.column);
        column.ok_or_else(|| self.refusal(sheet, &self.column))
    }

    fn refusal(&self, sheet: &Sheet, column: &str) -> anyhow::Error {
        anyhow::anyhow!(
            "--gate {self}: there is no column {column:?}; there are {}",
            sheet.columns.iter().collect::<Vec<_>>().join(", ")
        )
    }
}

fn label(sheet: &Sheet, row: &StringRecord, key: &[&str]) -> String {
    let part = |name: &&str| Some(format!("{name}={}", &row[sheet.column(name)?]));
    key.iter().filter_map(part).collect::<Vec<_>>().join(",")
}

impl Selector {
    pub fn names(&self, column: &str) -> bool {
        self.values.iter().any(|(name, _)| name == column)
    }

    /// The rows that have all the values. The error is a column that is not there.
    pub fn select<'a>(&self, sheet: &'a Sheet) -> Result<Vec<&'a StringRecord>, String> {
        let marks = self.marks(sheet)?;
        Ok(sheet.rows.iter().zip(marks).filter_map(|(row, is)| is.then_some(row)).collect())
    }

    /// For each row whether it has all the values. The error is a column that is not there.
    pub fn marks(&self, sheet: &Sheet) -> Result<Vec<bool>, String> {
        let indices = self.indices(sheet)?;
        let is_selected =
            |row: &StringRecord| indices.iter().all(|&(index, value)| is_same(&row[index], value));
        Ok(sheet.rows.iter().map(is_selected).collect())
    }

    fn indices(&self, sheet: &Sheet) -> Result<Vec<(usize, &str)>, String> {
        let mut indices = Vec::new();
        for (column, value) in &self.values {
            let index = self.vocabulary.column(sheet, column).ok_or_else(|| column.clone())?;
            indices.push((index, value.as_str()));
        }
        Ok(indices)
    }

    /// What the first column holds that holds nowhere what is asked for.
    fn instead(&self, sheet: &Sheet) -> Option<String> {
        let is_there =
            |index: usize, value| sheet.rows.iter().any(|row| is_same(&row[index], value));
        let indices = self.indices(sheet).ok()?;
        let (index, _) = indices.into_iter().find(|&(index, value)| !is_there(index, value))?;
        let fields: BTreeSet<&str> = sheet.rows.iter().map(|row| &row[index]).collect();
        let fields = fields.into_iter().take(VALUES_TOLD).collect::<Vec<_>>().join(", ");
        Some(format!("; {} is one of {fields}", &sheet.columns[index]))
    }
}

/// `1e6` selects 1000000.
fn is_same(field: &str, value: &str) -> bool {
    match (field.parse::<f64>(), value.parse::<f64>()) {
        (Ok(field), Ok(value)) => field == value,
        _ => field.eq_ignore_ascii_case(value),
    }
}

impl Relation {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Equal => value == bound,
            Self::NotEqual => value != bound,
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Greater => value > bound,
            Self::GreaterOrEqual => value >= bound,
        }
    }
}

impl Gate {
    /// Reads `column<number`, perhaps after `column=value,column=value:`. `translate` says what a column and
    /// its value are called in the sheets, where a person may write them otherwise.
    pub fn parse(
        text: &str,
        vocabulary: &'static Vocabulary,
        translate: impl Fn(String, &str) -> Result<(String, String), String>,
    ) -> Result<Self, String> {
        let (values, condition) = match text.split_once(':') {
            Some((selector, condition)) => {
                (selected_values(selector, vocabulary, translate)?, condition)
            }
            None => (Vec::new(), text),
        };
        let (column, relation, bound) = split_condition(condition, vocabulary)?;
        let column = column_name(column)?;
        let bound = match bound.trim().parse::<f64>() {
            Ok(bound) if bound.is_finite() => bound,
            _ => return Err(format!("{:?} is not a number", bound.trim())),
        };
        let selector = Selector { values, vocabulary };
        Ok(Self { text: text.trim().to_owned(), selector, column, relation, bound })
    }
}

fn selected_values(
    text: &str,
    vocabulary: &Vocabulary,
    translate: impl Fn(String, &str) -> Result<(String, String), String>,
) -> Result<Vec<(String, String)>, String> {
    let part = |part: &str| {
        let (column, value) = part.split_once('=').ok_or_else(|| {
            format!("{:?} is not column=value, as in {}", part.trim(), vocabulary.example)
        })?;
        translate(column_name(column)?, value.trim())
    };
    text.split(',').map(part).collect()
}

fn split_condition<'a>(
    condition: &'a str,
    vocabulary: &Vocabulary,
) -> Result<(&'a str, Relation, &'a str), String> {
    let found = RELATIONS.iter().filter_map(|&(sign, relation)| {
        let at = condition.find(sign)?;
        Some((at, &condition[..at], relation, &condition[at + sign.len()..]))
    });
    // Of signs that begin at the same place the longer is listed first.
    let (_, column, relation, bound) = found.min_by_key(|found| found.0).ok_or_else(|| {
        let (condition, example) = (condition.trim(), vocabulary.example);
        format!("{condition:?} has none of ==, !=, <, <=, > and >=, as in {example}")
    })?;
    Ok((column, relation, bound))
}

fn column_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() || !is_name(name) {
        return Err(format!("{name:?} is not the name of a column"));
    }
    Ok(name.to_owned())
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            self.values.iter().map(|(column, value)| format!("{column}={value}")).collect();
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: Vocabulary = Vocabulary {
        words: &["mode", "invalid"],
        aliases: &[
            ("failed", "clients_failed"),
            ("op", "operation"),
            ("servers", "server_workers"),
        ],
        example: "clients=50: failed==0",
    };
    const KEY: [&str; 6] =
        ["mode", "operation", "volume_bytes", "clients", "server_workers", "repetition"];

    fn gate(text: &str) -> Result<Gate, String> {
        Gate::parse(text, &VOCABULARY, |column, value| match (column.as_str(), value) {
            ("volume", "10MB") => Ok(("volume_bytes".to_owned(), "10485760".to_owned())),
            ("volume", _) => Err(format!("{value:?} is not a number of MiB")),
            _ => Ok((column, value.to_owned())),
        })
    }

    const CELLS: &str = "\
        mode,operation,volume_bytes,clients,server_workers,repetition,clients_failed,mean_s,invalid\n\
        thread,download,10485760,1,1,1,0,0.5,\n\
        thread,download,10485760,50,1,1,0,2.5,\n\
        process,download,10485760,50,1,1,50,,\n";

    fn sheet() -> Sheet {
        Sheet::read(CELLS.as_bytes()).unwrap()
    }

    fn broken(text: &str) -> Vec<String> {
        let result = gate(text).unwrap().check(&sheet(), &KEY).unwrap();
        result
            .broken
            .into_iter()
            .map(|breach| format!("{} {}", breach.row, breach.value.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_broken_gate_names_the_rows_and_their_values() {
        assert_eq!(
            broken("failed==0"),
            ["mode=process,operation=download,volume_bytes=10485760,clients=50,server_workers=1,\
              repetition=1 50"]
        );
        assert_eq!(broken("mode=thread, clients=50: mean_s < 2.5").len(), 1);
        assert!(broken("mode=thread: mean_s<=2.5").is_empty());
    }

    #[test]
    fn each_relation_means_what_it_says() {
        let first = |condition: &str| broken(&format!("clients=1: mean_s{condition}")).is_empty();
        let met = ["==0.5", "!=0.4", "<0.6", "<=0.5", ">0.4", ">=0.5", "<5e-1000001", ">-1"];
        let kept: Vec<_> = met.iter().map(|condition| first(condition)).collect();
        assert_eq!(kept, [true, true, true, true, true, true, false, true]);
        assert!(!first("!=0.5") && !first("<0.5") && !first(">0.5"));
    }

    #[test]
    fn an_empty_value_meets_no_gate() {
        for text in ["mode=process: mean_s<9", "mode=process: mean_s>=0", "mode=process: mean_s!=0"]
        {
            assert_eq!(broken(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn volumes_are_selected_in_megabytes_and_numbers_by_their_value() {
        assert!(broken("volume=10MB,clients=1: failed==0").is_empty());
        assert!(
            broken("volume_bytes=1048576e1,clients=1,servers=1,op=download: failed==0").is_empty()
        );
    }

    #[test]
    fn a_gate_that_cannot_be_broken_is_refused() {
        for (text, why) in [
            ("mean<2", "there is no column \"mean\"; there are mode, operation"),
            ("color=red: mean_s<2", "there is no column \"color\""),
            ("clients=7: mean_s<2", "no row is selected by clients=7; clients is one of 1, 50"),
            ("invalid==0", "invalid holds words"),
        ] {
            let refusal = gate(text).unwrap().check_fits(&sheet()).unwrap_err().to_string();
            assert!(
                refusal.contains(why) && refusal.contains(&format!("--gate '{text}'")),
                "{refusal}"
            );
        }
    }

    #[test]
    fn what_is_not_a_gate_is_refused_with_what_is_wrong() {
        for (text, why) in [
            ("", "has none of =="),
            ("failed", "has none of ==, !=, <, <=, > and >=, as in clients=50: failed==0"),
            ("failed=0", "has none of =="),
            ("failed==", "\"\" is not a number"),
            ("failed==none", "\"none\" is not a number"),
            ("failed<inf", "\"inf\" is not a number"),
            ("a<b<3", "\"b<3\" is not a number"),
            ("==0", "\"\" is not the name of a column"),
            ("mean s<2", "\"mean s\" is not the name of a column"),
            ("thread: failed==0", "\"thread\" is not column=value, as in clients=50: failed==0"),
            (": failed==0", "\"\" is not column=value"),
            ("volume=ten: failed==0", "\"ten\" is not a number of MiB"),
        ] {
            let refusal = gate(text).unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
