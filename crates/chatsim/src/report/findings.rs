//! What a run shows, in sentences: what the course expects of the experiment, and what is so.

use std::collections::BTreeSet;

use figures::Numbers;
use theory::{Comparison, Fates};

use crate::{
    experiments::Experiment,
    language::Language,
    results::{
        costs::CostLine,
        numbers::{ERRORS_MAX, Measure},
        records::World,
        saved::{CaseResult, SavedRun},
        tally::{CLASS, Tally},
    },
};

/// Those for which there are records.
pub(crate) fn of(run: &SavedRun, language: Language) -> Vec<String> {
    let found = of_experiment(run, language).map(|found| match run.environment.plan.experiment {
        Some(experiment) => language.found_beside(language.expected(experiment), found),
        None => found,
    });
    [found, agreement(run, language), lateness(run, language)].into_iter().flatten().collect()
}

/// What the experiment is about.
pub(super) fn of_experiment(run: &SavedRun, language: Language) -> Option<String> {
    match run.environment.plan.experiment {
        Some(Experiment::Normal) => small_classes(run, language),
        Some(Experiment::HighLoss) => failed_though_delivered(run, language),
        Some(Experiment::Latency) => window_limits(run, language),
        Some(Experiment::Parameters) | None => timeout_trades(run, language),
        Some(Experiment::Bursts) => bursts(run, language),
    }
}

/// A case of which something was simulated.
#[derive(Clone, Copy)]
struct Simulated<'a> {
    result: &'a CaseResult,
    tally: &'a Tally,
    language: Language,
}

impl<'a> Simulated<'a> {
    fn of(result: &'a CaseResult, language: Language) -> Option<Self> {
        Some(Self { result, tally: result.simulated()?, language })
    }

    fn named(run: &'a SavedRun, case: &str, language: Language) -> Option<Self> {
        Self::of(run.result(case)?, language)
    }

    fn observed(self, measure: Measure) -> Option<f64> {
        let numbers = self.result.numbers(World::Simulated);
        numbers.into_iter().find(|number| number.measure == measure)?.observed
    }

    /// `99.9%`.
    fn percent(self, measure: Measure) -> Option<String> {
        self.observed(measure).map(|share| percent(share, self.language))
    }

    /// Of a sample all may be delivered, of which theory expects that some are not.
    fn delivered_beside_theory(self) -> Option<String> {
        let theory = percent(self.result.expectation.delivered?.mean, self.language);
        Some(self.language.beside_theory(self.percent(Measure::Delivered)?, theory))
    }

    fn number(self, measure: Measure) -> Option<String> {
        self.observed(measure).map(|value| self.language.number(value))
    }
}

/// With a decimal: cases differ in it.
fn percent(share: f64, language: Language) -> String {
    format!("{}%", language.decimal(share * 100.0, 1))
}

fn small_classes(run: &SavedRun, language: Language) -> Option<String> {
    let [direct, pub_sub] = ["direct", "pubsub"].map(|it| Simulated::named(run, it, language));
    let (direct, pub_sub) = (direct?, pub_sub?);
    let of_both = direct.tally.of_classes.iter().zip(&pub_sub.tally.of_classes);
    // The last class may have fewer.
    let classes = (run.environment.plan.messages / CLASS) as usize;
    let not_worse = of_both.take(classes).filter(|(direct, pub_sub)| direct >= pub_sub).count();
    let theory = Comparison::of(&direct.result.case.config, CLASS, Fates::Common)?;
    Some(language.found_normal(
        direct.delivered_beside_theory()?,
        pub_sub.delivered_beside_theory()?,
        direct.number(Measure::Latency)?,
        pub_sub.number(Measure::Latency)?,
        not_worse,
        classes,
        percent(theory.direct_not_worse(), language),
    ))
}

fn failed_though_delivered(run: &SavedRun, language: Language) -> Option<String> {
    let [direct, pub_sub, persistent] =
        ["direct", "pubsub", "pubsub-r5"].map(|it| Simulated::named(run, it, language));
    let pub_sub = pub_sub?;
    let theory = pub_sub.result.expectation.failed_though_delivered?;
    Some(language.found_high_loss(
        direct?.percent(Measure::Delivered)?,
        pub_sub.percent(Measure::Delivered)?,
        persistent?.percent(Measure::Delivered)?,
        pub_sub.percent(Measure::FailedThoughDelivered)?,
        percent(theory.mean, language),
    ))
}

fn window_limits(run: &SavedRun, language: Language) -> Option<String> {
    let rate = |case: &str| Simulated::named(run, case, language)?.number(Measure::Throughput);
    let window = run.result("fast-window")?.case.config.window?;
    Some(language.found_latency(
        window,
        rate("fast-window")?,
        rate("slow-window")?,
        rate("fast-open")?,
        rate("slow-open")?,
    ))
}

/// With common fates a longer timeout does not even change which messages are delivered.
fn timeout_trades(run: &SavedRun, language: Language) -> Option<String> {
    let simulated: Vec<Simulated<'_>> =
        run.results.iter().filter_map(|result| Simulated::of(result, language)).collect();
    let retries = |it: &Simulated<'_>| it.result.case.config.max_retries;
    let timeout = |it: &Simulated<'_>| it.result.case.config.ack_timeout_ms;
    let delivered = |it: &Simulated<'_>| it.tally.totals.delivered;
    let is_same = simulated.iter().all(|one| {
        let mut alike = simulated.iter().filter(|other| retries(one) == retries(other));
        alike.all(|other| delivered(one) == delivered(other))
    });
    // Without a retry no timeout can make a duplicate.
    let most = simulated
        .iter()
        .map(retries)
        .filter(|&retries| retries > 0)
        .min_by_key(|it| it.abs_diff(SHOWN))?;
    let of_most = || simulated.iter().filter(|it| retries(it) == most);
    let (short, long) =
        (of_most().min_by_key(|it| timeout(it))?, of_most().max_by_key(|it| timeout(it))?);
    if timeout(short) == timeout(long) {
        return None;
    }
    let traded = language.found_parameters(
        most,
        timeout(short),
        timeout(long),
        short.number(Measure::Duplicates)?,
        long.number(Measure::Duplicates)?,
        short.number(Measure::Latency)?,
        long.number(Measure::Latency)?,
    );
    let same =
        if is_same { language.found_same_delivered() } else { language.found_other_delivered() };
    Some(format!("{same} {traded}"))
}

/// The number of retries that a sweep is told by, or the next one to it.
const SHOWN: u32 = 2;

fn bursts(run: &SavedRun, language: Language) -> Option<String> {
    let missing = |case: &str| {
        let delivered = Simulated::named(run, case, language)?.observed(Measure::Delivered)?;
        Some(percent(1.0 - delivered, language))
    };
    let theory = run.result("pubsub-bursts")?.expectation.delivered?;
    let burst = run.result("pubsub-bursts")?.case.config.burst?;
    Some(language.found_bursts(
        language.tick(f64::from(burst.mean_length_ms) / 1e3),
        missing("pubsub-bursts")?,
        missing("pubsub-single")?,
        missing("direct-bursts")?,
        percent(1.0 - theory.mean, language),
    ))
}

fn agreement(run: &SavedRun, language: Language) -> Option<String> {
    let lines = run.lines();
    let tested: Vec<_> = lines.iter().filter_map(|line| Some((line, line.agrees?))).collect();
    let agreeing = tested.iter().filter(|(_, agrees)| *agrees == 1).count();
    if tested.is_empty() {
        return None;
    }
    let worlds: BTreeSet<&str> = lines.iter().map(|line| line.world).collect();
    let sentence = language.found_agreement(
        agreeing,
        tested.len(),
        language.decimal(ERRORS_MAX, 1),
        worlds.len(),
    );
    let others = tested.iter().filter(|(_, agrees)| *agrees == 0);
    let others: Vec<String> = others
        .map(|(line, _)| format!("{} {} ({})", line.case, line.measure, line.world))
        .collect();
    Some(match others.is_empty() {
        true => sentence,
        false => format!("{sentence} {}", language.found_others(others.join(", "))),
    })
}

/// Of the case with the latest timers, and what that is on the clock of the deliveries.
fn lateness(run: &SavedRun, language: Language) -> Option<String> {
    let latest = |cost: &CostLine| Some((cost.lateness_p99_ms? * cost.speed, cost.speed));
    let (late_ms, speed) =
        run.costs.iter().filter_map(latest).max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(language.found_lateness(
        language.tick(speed),
        language.number(late_ms / speed),
        language.number(late_ms),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::saved::tests::made_up_of;

    #[test]
    fn every_experiment_is_told_with_what_was_expected_and_what_is_so() {
        for experiment in Experiment::ALL {
            let run = made_up_of(experiment);
            for language in [Language::En, Language::Id] {
                let findings = of(&run, language);
                assert_eq!(findings.len(), 2, "{experiment:?}: {findings:#?}");
                assert!(
                    findings.iter().all(|it| !it.contains("NaN") && !it.contains('{')),
                    "{findings:#?}"
                );
            }
        }
    }

    #[test]
    fn direct_is_as_good_in_a_third_of_the_classes_of_ten() {
        let found = small_classes(&made_up_of(Experiment::Normal), Language::En).unwrap();
        // 0.9^10 + a little where the repetitions were lost too.
        assert!(found.contains("of 200 ") && found.contains("35.3%"), "{found}");
    }

    #[test]
    fn the_same_messages_are_delivered_whatever_the_timeout_is() {
        let run = made_up_of(Experiment::Parameters);
        let found = timeout_trades(&run, Language::En).unwrap();
        assert!(found.starts_with(&Language::En.found_same_delivered()), "{found}");
    }

    #[test]
    fn without_records_nothing_is_found() {
        let mut run = made_up_of(Experiment::Bursts);
        run.results.iter_mut().for_each(|result| result.worlds.clear());
        assert_eq!(of(&run, Language::En), [""; 0]);
    }
}
