//! `chatsim replay`: tells the lives of the messages in a trace, and whether they are the same once more.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::ValueHint;
use delivery::{Config, Event, Fact, MessageId, Method};
use figures::Numbers;

use super::{Entry, Header, Input, Line, VERSION, told};
use crate::language::Language;

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The trace: of a run, or as the page exports it with a message's life
    #[arg(value_hint = ValueHint::FilePath)]
    trace: PathBuf,

    /// Language in which the lives are told
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// The exit status when a fact is not the same.
const EXIT_DIFFERS: u8 = 1;

/// Most lines of a trace that is read, which take some hundred megabytes.
const LINES_MAX: usize = 1_000_000;
/// Most packets that the messages may become which are replayed, ACKs aside: of each several lines are told.
const PACKETS_MAX: u64 = 1_000_000;
/// Longest line that is read; one with a configuration has some three hundred bytes.
const LINE_LEN_MAX: u64 = 64 * 1024;

pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let ReplayArgs { trace, lang: language } = args;
    let (header, lines) =
        read(trace).with_context(|| format!("cannot read {}", trace.display()))?;
    for line in lives(&header, &lines, *language) {
        cli::outln!("{line}");
    }
    let facts = lines.iter().filter(|line| line.fact().is_some()).count();
    Ok(match difference(&header, &lines) {
        None => {
            cli::outln!("{}", language.replay_same(facts));
            ExitCode::SUCCESS
        }
        Some(Difference { at, in_trace, replayed }) => {
            let [in_trace, replayed] =
                [in_trace, replayed].map(|fact| fact.unwrap_or_else(|| language.replay_nothing()));
            cli::outln!("{}", language.replay_differs(at, in_trace, replayed));
            EXIT_DIFFERS.into()
        }
    })
}

fn read(path: &Path) -> anyhow::Result<(Header, Vec<Line>)> {
    let mut lines = Lines { file: BufReader::new(File::open(path)?), number: 0 };
    let first = lines.next()?.context("it is empty")?;
    let header: Header = serde_json::from_slice(&first).context("line 1 is not that of a trace")?;
    ensure!(header.trace == VERSION, "it has version {}, not {VERSION}", header.trace);
    let mut read = Vec::new();
    while let Some(line) = lines.next()? {
        let number = lines.number;
        ensure!(number <= LINES_MAX, "it has more than {LINES_MAX} lines");
        read.push(serde_json::from_slice(&line).with_context(|| format!("line {number}"))?);
    }
    let packets = packets(&header, &read);
    ensure!(
        packets <= PACKETS_MAX,
        "its messages may become {packets} packets; at most {PACKETS_MAX} are replayed"
    );
    Ok((header, read))
}

/// How many there may be: a message has the subscribers and the retries of some moment, and of a trace whose
/// timers are among the inputs each ends one attempt at most.
fn packets(header: &Header, lines: &[Line]) -> u64 {
    let Config { mut subscribers, mut max_retries, .. } = header.config;
    let (mut messages, mut timeouts) = (0, 0);
    for line in lines {
        match &line.entry {
            Entry::Input(Input::Send) => messages += 1,
            Entry::Input(Input::Configure { config }) => {
                subscribers = subscribers.max(config.subscribers);
                max_retries = max_retries.max(config.max_retries);
            }
            Entry::Input(Input::Handle {
                event: Event::TimesOut { .. } | Event::TimedOut { .. },
            }) => timeouts += 1,
            Entry::Input(Input::Cut { .. } | Input::Drop { .. } | Input::Handle { .. })
            | Entry::Fact(_) => {}
        }
    }
    let attempts = match header.method {
        Method::PubSub if !header.is_live => u64::from(max_retries) + 1,
        Method::Direct | Method::PubSub => 1,
    };
    (messages * attempts + timeouts) * u64::from(subscribers)
}

struct Lines {
    file: BufReader<File>,
    number: usize,
}

impl Lines {
    fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.number += 1;
        let len = std::io::Read::take(&mut self.file, LINE_LEN_MAX).read_until(b'\n', &mut line)?;
        if len as u64 == LINE_LEN_MAX {
            bail!("line {} is longer than {LINE_LEN_MAX} bytes", self.number);
        }
        Ok((len > 0).then_some(line))
    }
}

/// Where a replay first tells something else than the trace; nothing where one of them has ended.
#[derive(Debug, PartialEq)]
struct Difference {
    /// The number of the line among inputs and facts, from 1.
    at: usize,
    in_trace: Option<String>,
    replayed: Option<String>,
}

fn difference(header: &Header, lines: &[Line]) -> Option<Difference> {
    let input = |line: &Line| match &line.entry {
        Entry::Input(input) => Some((Duration::from_nanos(line.at_ns), input.clone())),
        Entry::Fact(_) => None,
    };
    let replayed = told(header, lines.iter().filter_map(input));
    let longest = lines.len().max(replayed.len());
    let at = (0..longest).find(|&at| lines.get(at) != replayed.get(at))?;
    let shown = |lines: &[Line]| lines.get(at).and_then(|line| serde_json::to_string(line).ok());
    Some(Difference { at: at + 1, in_trace: shown(lines), replayed: shown(&replayed) })
}

/// What happened to each message, one after the other; what happened to the whole comes before.
fn lives(header: &Header, lines: &[Line], language: Language) -> Vec<String> {
    let mut of_messages: BTreeMap<MessageId, Vec<String>> = BTreeMap::new();
    let mut told = Vec::new();
    for line in lines {
        let at = moment(line.at_ns, language);
        match &line.entry {
            Entry::Fact(fact) => {
                let words = words(fact, header.config.subscribers, language);
                of_messages.entry(message(fact)).or_default().push(format!("  {at}  {words}"));
            }
            Entry::Input(Input::Send | Input::Handle { .. }) => {}
            Entry::Input(input) => {
                let what = serde_json::to_string(input).unwrap_or_default();
                told.push(format!("  {at}  {what}"));
            }
        }
    }
    for (MessageId(id), life) in of_messages {
        told.push(language.replay_message(id));
        told.extend(life);
    }
    told
}

/// Right-aligned, so that moments stand below one another.
fn moment(at_ns: u64, language: Language) -> String {
    format!("{:>10} ms", language.decimal(at_ns as f64 / 1e6, 1))
}

fn message(fact: &Fact) -> MessageId {
    match fact {
        Fact::Created { message }
        | Fact::GivenUp { message, .. }
        | Fact::DeadLetter { message, .. } => *message,
        Fact::Sent { packet, .. }
        | Fact::Lost { packet, .. }
        | Fact::Held { packet }
        | Fact::Delivered { packet }
        | Fact::Duplicate { packet }
        | Fact::Acknowledged { packet }
        | Fact::LateAck { packet } => packet.message,
    }
}

/// As people count, who begin with one.
fn counted(from_zero: u32) -> u32 {
    from_zero.saturating_add(1)
}

/// A fact in words, with the number of its subscriber where there are several.
fn words(fact: &Fact, subscribers: u32, language: Language) -> String {
    use delivery::Direction::{Ack, Message};
    let (words, subscriber) = match fact {
        Fact::Created { .. } => return language.fact_created(),
        Fact::Sent { packet, .. } => (
            match packet.direction {
                Message => language.fact_sent(counted(packet.attempt)),
                Ack => language.fact_ack_sent(counted(packet.attempt)),
            },
            packet.subscriber,
        ),
        Fact::Lost { packet, .. } => (
            match packet.direction {
                Message => language.fact_lost(counted(packet.attempt)),
                Ack => language.fact_ack_lost(counted(packet.attempt)),
            },
            packet.subscriber,
        ),
        Fact::Held { packet } => (language.fact_held(counted(packet.attempt)), packet.subscriber),
        Fact::Delivered { packet } => {
            (language.fact_delivered(counted(packet.attempt)), packet.subscriber)
        }
        Fact::Duplicate { packet } => {
            (language.fact_duplicate(counted(packet.attempt)), packet.subscriber)
        }
        Fact::Acknowledged { packet } => {
            (language.fact_acknowledged(counted(packet.attempt)), packet.subscriber)
        }
        Fact::LateAck { packet } => {
            (language.fact_late_ack(counted(packet.attempt)), packet.subscriber)
        }
        Fact::GivenUp { subscriber, was_delivered, .. } => (
            match was_delivered {
                true => language.fact_given_up_delivered(),
                false => language.fact_given_up(),
            },
            *subscriber,
        ),
        Fact::DeadLetter { subscriber, .. } => (language.fact_dead_letter(), *subscriber),
    };
    match subscribers {
        1 => words,
        _ => language.fact_at(words, counted(subscriber)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{experiments::Experiment, trace};

    fn traced() -> (Header, Vec<Line>) {
        trace::of_case(&Experiment::HighLoss.cases()[1], 5, 20)
    }

    #[test]
    fn a_trace_read_from_its_file_is_the_same_once_more() {
        let (header, lines) = traced();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pubsub.jsonl");
        std::fs::write(&path, trace::text(&header, &lines).unwrap()).unwrap();
        let (read_header, read_lines) = read(&path).unwrap();
        assert_eq!((&read_header, &read_lines), (&header, &lines));
        assert_eq!(difference(&read_header, &read_lines), None);
    }

    #[test]
    fn a_fact_that_did_not_happen_is_found() {
        let (header, lines) = traced();
        let changed =
            lines.iter().position(|line| matches!(line.fact(), Some(Fact::Delivered { .. })));
        let at = changed.unwrap();
        let mut later = lines.clone();
        later[at].at_ns += 1;
        let found = difference(&header, &later).unwrap();
        assert_eq!(found.at, at + 1);
        assert!(found.in_trace.unwrap().contains("delivered"));
        let short = difference(&header, &lines[..lines.len() - 1]).unwrap();
        assert!(short.in_trace.is_none() && short.replayed.is_some());
        let other_seed = Header { seed: header.seed + 1, ..header };
        assert!(difference(&other_seed, &lines).is_some());
    }

    #[test]
    fn lives_are_told_message_by_message_in_both_languages() {
        let (header, lines) = traced();
        let told = lives(&header, &lines, Language::En);
        assert_eq!(told.iter().filter(|line| line.starts_with("Message")).count(), 20);
        assert!(told.iter().any(|line| line.ends_with("  sent, attempt 2")), "{told:#?}");
        let indonesian = lives(&header, &lines, Language::Id);
        assert_eq!(told.len(), indonesian.len());
        assert!(indonesian.iter().any(|line| line.contains("terkirim")), "{indonesian:#?}");
    }

    #[test]
    fn what_is_no_trace_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let (header, _) = traced();
        let first = serde_json::to_string(&header).unwrap();
        let crowded = first.replace("\"subscribers\":1,", "\"subscribers\":1000,");
        let sends = "{\"at_ns\":0,\"input\":\"send\"}\n";
        let persistent = crowded.replace("\"max_retries\":2,", "\"max_retries\":20,");
        for (text, why) in [
            (String::new(), "it is empty"),
            ("{}\n".to_owned(), "line 1"),
            (first.replace("\"trace\":1", "\"trace\":9"), "version 9"),
            (format!("{first}\n{{\"at_ns\":1}}\n"), "line 2"),
            (format!("{first}\n{}", "x".repeat(70_000)), "longer than"),
            (format!("{crowded}\n{}", sends.repeat(334)), "1002000 packets"),
            (format!("{persistent}\n{}", sends.repeat(48)), "1008000 packets"),
        ] {
            std::fs::write(&path, text).unwrap();
            let refusal = format!("{:#}", read(&path).unwrap_err());
            assert!(refusal.contains(why), "{why}: {refusal}");
        }
    }

    #[test]
    fn numbers_that_no_delivery_has_are_told_like_others() {
        let (header, _) = traced();
        let text = r#"{"at_ns":18446744073709551615,"fact":"delivered","packet":
            {"message":0,"subscriber":4294967295,"attempt":4294967295,"direction":"ack"}}"#;
        let line: Line = serde_json::from_str(text).unwrap();
        for subscribers in [1, 2] {
            let config = Config { subscribers, ..header.config.clone() };
            let header = Header { config, ..header.clone() };
            let told = lives(&header, std::slice::from_ref(&line), Language::En);
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(told[1].contains("4294967295"), "{told:?}");
            assert!(difference(&header, std::slice::from_ref(&line)).is_some());
        }
    }
}
