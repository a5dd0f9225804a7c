//! The network and the rules of the sender: what cases have in common and what not in a sentence, and each case as a row.

use cli::Grid;
use delivery::{Backoff, Burst, Config, Method, Ordering};
use figures::Numbers;

use crate::{
    experiments::{Case, Load},
    language::Language,
};

/// Stands where a case has no such thing: Direct neither repeats a message nor waits for its ACK.
const NONE: &str = "–";

pub(super) fn grid(cases: &[Case], language: Language) -> Grid {
    let heads: Vec<&'static str> = language.condition_columns().into();
    Grid {
        numbers: Vec::new(),
        heads,
        rows: cases.iter().map(|case| row(case, language)).collect(),
    }
}

/// Of more cases a sentence names what differs, and the table says how.
const CASES_IN_A_SENTENCE: usize = 4;

/// What is the same in all cases that have it, and what is not.
pub(super) fn sentences(cases: &[Case], language: Language) -> String {
    let Grid { heads, rows, .. } = grid(cases, language);
    let (mut common, mut different) = (Vec::new(), Vec::new());
    // The first is the name of the case.
    for (column, head) in heads.iter().enumerate().skip(1) {
        let values: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (row[0].as_str(), row[column].as_str()))
            .filter(|(_, value)| *value != NONE)
            .collect();
        let Some((_, first)) = values.first() else { continue };
        if values.iter().all(|(_, value)| value == first) {
            common.push(format!("{head}: {first}"));
        } else if rows.len() > CASES_IN_A_SENTENCE {
            different.push((*head).to_owned());
        } else {
            let values = values.iter().map(|(case, value)| format!("{case} {value}"));
            different.push(format!("{head}: {}", values.collect::<Vec<_>>().join(", ")));
        }
    }
    let common = language.in_common(common.join("; "));
    match different.is_empty() {
        true => common,
        false => format!("{common} {}", language.different(different.join("; "))),
    }
}

fn row(Case { name, method, config, load }: &Case, language: Language) -> Vec<String> {
    let of_pub_sub = |value: String| match method {
        Method::Direct => NONE.to_owned(),
        Method::PubSub => value,
    };
    vec![
        name.clone(),
        loss(config, language),
        format!("{}–{}", config.latency_min_ms, config.latency_max_ms),
        of_pub_sub(config.max_retries.to_string()),
        of_pub_sub(timeout(config, language)),
        of_pub_sub(config.window.map_or_else(|| language.no_window(), |it| it.to_string())),
        match load {
            Load::Every { interval_ms } => language.sent_every(interval_ms),
            Load::Saturated => language.sent_when_there_is_room(),
        },
        subscribers(config, language),
    ]
}

fn loss(config: &Config, language: Language) -> String {
    let percent = |percent: delivery::Percent| language.percent(percent.share());
    match (config.burst, config.ack_loss) {
        (Some(Burst { share, mean_length_ms }), _) => {
            let length = language.tick(f64::from(mean_length_ms) / 1e3);
            language.lost_in_bursts(language.percent(share), length)
        }
        (None, Some(of_acks)) => language.lost_apart(percent(config.loss), percent(of_acks)),
        (None, None) => percent(config.loss),
    }
}

fn timeout(config: &Config, language: Language) -> String {
    match config.backoff {
        Backoff::None => config.ack_timeout_ms.to_string(),
        Backoff::Exponential => language.timeout_doubled(config.ack_timeout_ms),
    }
}

fn subscribers(config: &Config, language: Language) -> String {
    match config.ordering {
        Ordering::Any => config.subscribers.to_string(),
        Ordering::InOrder => language.subscribers_in_order(config.subscribers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Experiment;

    #[test]
    fn what_all_cases_share_is_said_and_what_differs_too() {
        let said = |experiment: Experiment| sentences(&experiment.cases(), Language::En);
        let lossy = said(Experiment::HighLoss);
        assert!(lossy.contains("Lost: 50%") && lossy.contains("Timeout (ms): 600"), "{lossy}");
        assert!(lossy.ends_with("Retries: pubsub 2, pubsub-r5 5."), "{lossy}");
        let parameters = said(Experiment::Parameters);
        assert!(parameters.ends_with("Retries; Timeout (ms)."), "{parameters}");
        let grid = grid(&Experiment::HighLoss.cases(), Language::En);
        let retries: Vec<&str> = grid.rows.iter().map(|row| row[3].as_str()).collect();
        assert_eq!(retries, [NONE, "2", "5"]);
        assert!(grid.rows.iter().all(|row| row.len() == grid.heads.len()));
    }

    #[test]
    fn losses_in_bursts_and_a_full_window_are_told() {
        let rows = grid(&Experiment::Bursts.cases(), Language::Id).rows;
        assert_eq!((rows[0][1].as_str(), rows[1][1].as_str()), ("10%, burst 2 s", "10%"));
        let rows = grid(&Experiment::Latency.cases(), Language::En).rows;
        assert_eq!((rows[1][5].as_str(), rows[1][2].as_str()), ("32", "10–50"));
        assert_eq!(rows[1][6], Language::En.sent_when_there_is_room());
    }
}
