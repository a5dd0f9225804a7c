//! All that is said of a run, in one language.

use runs::Rendered;

use super::{findings, heading, page, summary};
use crate::{
    language::Language,
    simulate::{
        numbers::Line,
        plan::Plan,
        saved::{Environment, SavedRun},
    },
};

/// The columns at the left that hold words: case and method.
const WORDS: usize = 2;

pub(crate) fn of(run: &SavedRun, language: Language) -> Rendered<'_, Plan, &Line> {
    let Environment { program, started, plan } = &run.environment;
    Rendered {
        dir: &run.dir,
        started,
        plan,
        lines: run.lines(),
        words: WORDS,
        number_format: "0.####",
        made_by: program.named("filepeer"),
        title: heading::title(run, language),
        marks: heading::marks(run, language),
        what: heading::what(run, language),
        table: summary::grid(run, language).markdown(),
        table_on_screen: summary::on_screen(run, language),
        findings: findings::of(run, language),
        notes: language.notes(),
        report: language.report(),
        page: page::page(run, language).html(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::made_up;

    #[test]
    fn a_run_made_again_in_another_language_has_the_same_numbers() {
        let run = made_up();
        let [english, indonesian] = [Language::En, Language::Id].map(|it| of(&run, it));
        let text = String::from_utf8(english.csv().unwrap()).unwrap();
        assert_eq!(indonesian.csv().unwrap(), text.as_bytes());
        let heads =
            "case,method,nodes,degree,away_percent,searches,found,predicted_found,found_there,";
        assert!(text.starts_with(heads), "{text}");
        assert!(text.contains("\nflood-20,flood,20,3,0,40,1.0,,1.0,41.0,41.0,41.0,0.0,"), "{text}");
        assert!(indonesian.workbook().unwrap().starts_with(b"PK"));
        let [english, indonesian] = [english, indonesian].map(|it| it.markdown());
        assert!(english.contains("| 41.0 |") && indonesian.contains("| 41,0 |"), "{english}");
    }
}
