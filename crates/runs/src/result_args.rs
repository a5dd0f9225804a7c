//! The options of programs that leave runs: where the results go, what is said of them, and what they must meet.

use std::{fmt, path::PathBuf};

use clap::{ValueEnum, ValueHint};
use figures::Catalogue;
use serde::Serialize;

use crate::{
    gate::{Gate, Vocabulary},
    gates::Gates,
    sheet::Sheet,
};

const RESULTS: &str = "Results";

/// What a program calls its results.
pub trait Results: fmt::Debug + 'static {
    /// What they can be told in.
    type Language: ValueEnum + fmt::Debug + Send + Sync + 'static;

    /// The directory of all runs, where nobody names another.
    const OUT: &'static str;
    const VOCABULARY: &'static Vocabulary;
    /// Columns that together name a row.
    const KEY: &'static [&'static str];

    /// They have [`GATE_TEXTS`](crate::GATE_TEXTS).
    fn texts(language: &Self::Language) -> &'static Catalogue;
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = RESULTS)]
pub struct ResultArgs<R: Results> {
    /// Print all numbers as JSON
    #[arg(long)]
    pub json: bool,

    /// Directory for results
    ///
    /// Each run gets a directory in it, and `latest` points to the newest.
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        default_value = R::OUT,
        hide_short_help = true
    )]
    pub out: PathBuf,

    #[command(flatten)]
    pub telling: TellingArgs<R>,
}

/// What is said of the results.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = RESULTS)]
pub struct TellingArgs<R: Results> {
    /// Language of tables, reports and messages
    #[arg(long, value_enum, default_value = "en")]
    pub lang: R::Language,

    #[arg(
        long = "gate",
        help = format!(
            "Condition that the results must meet, such as {}. For several, repeat the option or put semicolons \
             between them",
            R::VOCABULARY.example
        ),
        value_name = "CONDITION",
        value_delimiter = ';',
        value_parser = gate::<R>,
        hide_short_help = true
    )]
    gates: Vec<Gate>,
}

fn gate<R: Results>(text: &str) -> Result<Gate, String> {
    Gate::parse(text, R::VOCABULARY, |column, value| Ok((column, value.to_owned())))
}

impl<R: Results> TellingArgs<R> {
    /// Refuses gates that these rows could not break. For a run that is only planned they have no numbers.
    pub fn check_gates_fit(&self, planned: Vec<impl Serialize>) -> anyhow::Result<()> {
        let planned = Sheet::of(planned)?;
        self.gates.iter().try_for_each(|gate| gate.check_fits(&planned))
    }

    pub(crate) fn check(&self, lines: &[impl Serialize]) -> anyhow::Result<Gates> {
        Gates::check(&self.gates, &Sheet::of(lines)?, R::KEY, R::texts(&self.lang))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug)]
    struct Races;

    #[derive(Clone, Copy, Debug, ValueEnum)]
    enum Language {
        En,
    }

    impl Results for Races {
        type Language = Language;
        const OUT: &'static str = "results/races";
        const VOCABULARY: &'static Vocabulary =
            &Vocabulary { words: &["horse"], aliases: &[], example: "horse=a: time_s<9" };
        const KEY: &'static [&'static str] = &["horse"];

        fn texts(Language::En: &Language) -> &'static Catalogue {
            Box::leak(Box::new(Catalogue::parse("")))
        }
    }

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        results: ResultArgs<Races>,
    }

    #[derive(Serialize)]
    struct Row {
        horse: &'static str,
        time_s: Option<f64>,
    }

    fn told(gates: &str) -> TellingArgs<Races> {
        Line::parse_from(["line", "--gate", gates]).results.telling
    }

    #[test]
    fn a_program_gives_its_directory_and_the_example_of_a_gate() {
        let help = Line::try_parse_from(["line", "--help"]).unwrap_err().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("[default: results/races]"), "{help}");
        assert!(help.contains("such as horse=a: time_s<9. For several"), "{help}");
    }

    #[test]
    fn a_gate_that_no_row_can_break_is_refused_before_there_are_numbers() {
        let planned = || vec![Row { horse: "a", time_s: None }];
        assert!(told("time_s<9; horse=a: time_s>1").check_gates_fit(planned()).is_ok());
        let refusal = told("horse=b: time_s<9").check_gates_fit(planned()).unwrap_err().to_string();
        assert!(refusal.contains("horse is one of a"), "{refusal}");
    }

    #[test]
    fn one_broken_gate_of_several_is_enough() {
        let rows = [Row { horse: "a", time_s: Some(8.0) }, Row { horse: "b", time_s: Some(10.0) }];
        assert_eq!(told("time_s<11").check(&rows).unwrap().told, ["gate_met"]);
        let gates = told("time_s<9;time_s<11").check(&rows).unwrap();
        assert_eq!(gates.code(), crate::EXIT_GATE.into());
        assert_eq!(gates.told, ["gate_not_met", "  gate_value", "gate_met"]);
    }
}
