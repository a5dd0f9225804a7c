//! All that is said of a run, in one language.

use runs::Rendered;

use super::{conditions, findings, heading, page, summary};
use crate::{
    language::Language,
    results::{
        numbers::Line,
        saved::{Environment, Plan, SavedRun},
    },
};

/// The columns at the left that hold words: case, method, measure, world.
const WORDS: usize = 4;

/// It has a line for each measure of each case in each world.
pub(crate) fn of(run: &SavedRun, language: Language) -> Rendered<'_, Plan, Line> {
    let Environment { program, started, plan } = &run.environment;
    Rendered {
        dir: &run.dir,
        started,
        plan,
        lines: run.lines(),
        words: WORDS,
        number_format: "0.#####",
        made_by: program.named("chatsim"),
        title: heading::title(run, language),
        marks: heading::marks(run, language),
        what: heading::what(run, language),
        table: [summary::grid(&run.results, language), conditions::grid(&plan.cases, language)]
            .map(|grid| grid.markdown())
            .join("\n"),
        table_on_screen: summary::on_screen(&run.results, language),
        findings: findings::of(run, language),
        notes: language.notes(),
        report: language.report(),
        page: page(run, language).html(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::saved::tests::made_up;

    #[test]
    fn a_run_made_again_in_another_language_has_the_same_numbers() {
        let run = made_up();
        let [english, indonesian] = [Language::En, Language::Id].map(|it| of(&run, it));
        let text = String::from_utf8(english.csv().unwrap()).unwrap();
        assert_eq!(indonesian.csv().unwrap(), text.as_bytes());
        let heads = "case,method,measure,world,samples,predicted,observed,z,p,agrees";
        assert_eq!(text.lines().next(), Some(heads));
        assert!(text.contains("\npubsub,pub_sub,delivered,simulated,2000,0.999,"), "{text}");
        assert!(indonesian.workbook().unwrap().starts_with(b"PK"));
        let [english, indonesian] = [english, indonesian].map(|it| it.markdown());
        assert!(english.contains("| 0.99900 |") && indonesian.contains("| 0,99900 |"), "{english}");
    }
}
