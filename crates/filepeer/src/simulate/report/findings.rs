//! What a run shows, in sentences.

use figures::Numbers;
use searching::Config;

use crate::{
    language::Language,
    simulate::{numbers::Line, plan::Method, saved::SavedRun},
};

/// As far as the run has what they are about.
pub(crate) fn of(run: &SavedRun, language: Language) -> Vec<String> {
    let all = [
        messages(run, language),
        spread(run, language),
        prediction(run, language),
        reach(run, language),
        hops(run, language),
        churn(run, language),
        there(run, language),
    ];
    all.into_iter().flatten().collect()
}

/// Of nodes that stay, the largest graph.
fn largest(run: &SavedRun, method: Method) -> Option<&Line> {
    run.steady(method).last().map(|result| &result.line)
}

/// What each method takes, with what it finds for that: fewer messages that find less are no saving.
fn messages(run: &SavedRun, language: Language) -> Option<String> {
    let [flood, rings, walkers, bloom] = Method::ALL.map(|method| largest(run, method));
    let (flood, bloom) = (flood?, bloom?);
    let mean = |line: &Line| {
        let found = language.some_percent(line.found);
        Some(language.found_mean(language.number(line.messages_mean?), found))
    };
    let found = language.found_messages(
        run.nodes_max(),
        mean(flood)?,
        mean(rings?)?,
        mean(walkers?)?,
        mean(bloom)?,
    );
    let fewer = flood.messages_mean? / bloom.messages_mean?.max(1.0);
    let seconds = |line: &Line| Some(language.number(line.time_mean_ms? / 1e3));
    let bloom = language.found_bloom(language.number(fewer), seconds(bloom)?, seconds(flood)?);
    Some(format!("{found} {bloom}"))
}

/// Of Bloom filters, where a search that ended in a flood weighs in the mean.
fn spread(run: &SavedRun, language: Language) -> Option<String> {
    let line = largest(run, Method::Bloom)?;
    let walk_max = f64::from(Config::default().walk_ttl_max);
    line.messages_max.filter(|most| *most > walk_max)?;
    let [half, most, mean] = [line.messages_p50?, line.messages_max?, line.messages_mean?];
    let [half, most, mean] = [half, most, mean].map(|messages| language.number(messages));
    Some(language.found_spread(line.nodes, half, most, mean))
}

/// What a sum of many numbers loses by rounding is no difference.
pub(super) const EXACT: f64 = 1e-9;

fn prediction(run: &SavedRun, language: Language) -> Option<String> {
    let off = run.lines().into_iter().filter_map(|line| line.off);
    let most = off.map(f64::abs).reduce(f64::max)?;
    Some(match most < EXACT {
        true => language.found_prediction_exactly(),
        false => language.found_prediction(language.percent_of_many(most)),
    })
}

/// Whether the TTL of a flood is enough.
fn reach(run: &SavedRun, language: Language) -> Option<String> {
    let lines = || run.lines().into_iter().filter(|line| line.away_percent == 0);
    let missed = lines().filter(|line| line.method == Method::Flood && line.found < Some(1.0));
    match missed.max_by_key(|line| line.nodes) {
        Some(line) => {
            let share = language.percent_of_many(line.found?);
            Some(language.found_reach(line.nodes, share, run.plan().ttl))
        }
        None => {
            let searches: usize = lines().map(|line| line.searches).sum();
            let all_found = lines().all(|line| line.found == Some(1.0));
            (all_found && searches > 0).then(|| language.found_all(searches))
        }
    }
}

fn hops(run: &SavedRun, language: Language) -> Option<String> {
    let line = largest(run, Method::Flood)?;
    let (mean, most) = (language.number(line.hops_mean?), language.tick(line.hops_max?));
    Some(language.found_hops(line.nodes, mean, most))
}

/// Of all methods in the largest graph, where nodes are away most.
fn churned(run: &SavedRun) -> Option<[&Line; 4]> {
    let line = |method| {
        let line = &run.of_largest(method).last()?.line;
        (line.away_percent > 0).then_some(line)
    };
    let [flood, rings, walkers, bloom] = Method::ALL.map(line);
    Some([flood?, rings?, walkers?, bloom?])
}

fn churn(run: &SavedRun, language: Language) -> Option<String> {
    let lines = churned(run)?;
    let away = language.percent(f64::from(lines[0].away_percent) / 100.0);
    let there = language.some_percent(lines[0].predicted_found);
    let [flood, rings, walkers, bloom] = lines.map(|line| language.some_percent(line.found));
    Some(language.found_churn(away, flood, rings, walkers, bloom, there))
}

fn there(run: &SavedRun, language: Language) -> Option<String> {
    let shares = churned(run)?.map(|line| language.some_percent(line.found_there));
    let [flood, rings, walkers, bloom] = shares;
    Some(language.found_there(flood, rings, walkers, bloom))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::saved::tests::made_up;

    #[test]
    fn findings_are_about_the_largest_graph_and_name_the_prediction() {
        let findings = of(&made_up(), Language::En);
        assert_eq!(findings.len(), 6, "{findings:#?}");
        // 2 times 90 edges - 60 + 1.
        assert!(
            findings[0].starts_with(
                "With 60 nodes a search takes on average 121 messages (finds 100%) by flood"
            ),
            "{findings:#?}"
        );
        assert!(findings[1].contains("are exactly as predicted"), "{findings:#?}");
        assert!(findings[2].starts_with("All 320 searches"), "{findings:#?}");
        assert!(findings[4].contains("away 20% of the time"), "{findings:#?}");
    }

    #[test]
    fn a_search_that_ended_in_a_flood_is_told_beside_the_median() {
        let mut run = made_up();
        assert_eq!(spread(&run, Language::En), None);
        let bloom = run.results.iter_mut().filter(|it| it.case.method == Method::Bloom);
        bloom.for_each(|result| result.line.messages_max = Some(20_905.0));
        let found = spread(&run, Language::En).unwrap();
        assert!(found.contains("one took 20905"), "{found}");
    }

    #[test]
    fn of_what_was_not_simulated_nothing_is_found() {
        let mut run = made_up();
        run.results
            .retain(|result| result.case.method == Method::Bloom && result.case.away_percent == 0);
        let findings = of(&run, Language::Id);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        run.results.clear();
        assert_eq!(of(&run, Language::En), [""; 0]);
    }
}
