//! An event as a line of the text log.
//!
//! The shape is described in `docs/LOG.md`, by a regular expression that a test reads from there.

use std::fmt::{self, Write};

use super::{
    Line, LocalTime, split_time,
    words::{MESSAGE, begins_like_an_event},
};
use crate::config::{LogLanguage, ServerRun};

/// Writes the events of one program.
#[derive(Debug)]
pub(crate) struct TextWriter {
    /// The program's name and port, as every line begins after its time.
    program: String,
    language: LogLanguage,
    local: LocalTime,
}

impl TextWriter {
    pub(crate) fn new(run: &ServerRun, language: LogLanguage, local: LocalTime) -> Self {
        Self { program: format!("{}:{}", run.program, run.address.port()), language, local }
    }

    /// Adds the line and its end to `out`; `None`, and nothing added, where its time is none.
    pub(crate) fn write(&mut self, line: &Line<'_>, out: &mut String) -> Option<()> {
        let (second, milliseconds) = split_time(&line.time)?;
        let second = self.local.second(second)?;
        let mut text = Fields { out, language: self.language, event: &line.event };
        let (program, source) = (&self.program, line.source);
        text.raw(format_args!("{second},{milliseconds:03} - {program} - {source}"));
        if source.is_process() {
            text.raw(format_args!("[{}]", line.pid));
        }
        text.raw(format_args!(" - {} - ", line.level.name()));
        match line.text.as_deref().filter(|_| &*line.event == MESSAGE) {
            Some(prose) if !begins_like_an_event(prose) => escape(prose, text.out),
            _ => {
                escape(self.language.event(&line.event), text.out);
                text.all(line);
            }
        }
        out.push('\n');
        Some(())
    }
}

/// Adds ` name=value` for each field that there is.
struct Fields<'a> {
    out: &'a mut String,
    language: LogLanguage,
    event: &'a str,
}

impl Fields<'_> {
    /// Monotonic times are for programs, which read JSON.
    fn all(&mut self, line: &Line<'_>) {
        self.number("worker", line.worker);
        self.number("worker_pid", line.worker_pid);
        self.number("restarts", line.restarts);
        self.text("how", line.how.as_deref());
        self.number("connection", line.connection);
        self.text("client", line.client.as_deref());
        self.text("proxy", line.proxy.as_deref());
        self.text("user", line.user.as_deref());
        self.text("backend", line.backend.as_deref());
        self.number("attempt", line.attempt);
        self.text("change", line.change.as_deref());
        self.text("command", line.command.as_deref());
        self.text("file", line.file.as_deref());
        self.text("outcome", line.outcome.as_deref());
        self.text("cause", line.cause.as_deref());
        self.text("reason", line.reason.as_deref());
        self.text("limit", line.limit.as_deref());
        self.number("count", line.count);
        self.number("requests", line.requests);
        self.number("bytes", line.bytes);
        self.number("bytes_in", line.bytes_in);
        self.number("bytes_out", line.bytes_out);
        self.seconds("waited", line.waited);
        self.seconds("latency", line.latency());
        self.seconds("seconds", line.seconds);
        self.number("throughput", line.throughput.map(|throughput| throughput.round() as u64));
        self.seconds("replaced_in", line.replaced_in);
        self.text("text", line.text.as_deref());
    }

    fn number(&mut self, name: &'static str, value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.name(name);
            self.raw(format_args!("{}", value.into()));
        }
    }

    fn seconds(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.name(name);
            self.raw(format_args!("{value:.6}"));
        }
    }

    fn text(&mut self, name: &'static str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.name(name);
        if is_plain(value) {
            self.out.push_str(value);
        } else {
            self.quoted(value);
        }
    }

    fn name(&mut self, name: &'static str) {
        let word = self.language.field(self.event, name);
        self.raw(format_args!(" {word}="));
    }

    fn quoted(&mut self, value: &str) {
        self.out.push('"');
        for char in value.chars() {
            match char {
                '"' => self.out.push_str(r#"\""#),
                _ => escape_one(char, self.out),
            }
        }
        self.out.push('"');
    }

    fn raw(&mut self, text: fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("memory takes all that is written");
    }
}

/// Whether a value can stand without quotes.
fn is_plain(value: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
    !value.is_empty() && value.bytes().all(is_plain)
}

/// Adds `text` with backslashes, and all that a terminal does not show as it is, escaped as in
/// Rust.
pub(crate) fn escape(text: &str, out: &mut String) {
    text.chars().for_each(|char| escape_one(char, out));
}

fn escape_one(char: char, out: &mut String) {
    match char {
        '\\' => out.push_str(r"\\"),
        ' '..='~' => out.push(char),
        _ => out.extend(char.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use regex::Regex;
    use telemetry::{Event, EventKind};

    use super::*;
    use crate::line::{example_run, examples, words};

    fn writer(language: LogLanguage) -> TextWriter {
        TextWriter::new(&example_run(), language, LocalTime::of(TimeZone::UTC))
    }

    fn written(event: &Event, language: LogLanguage) -> String {
        let json = event.to_json();
        let mut text = String::new();
        writer(language).write(&Line::parse(&json).unwrap(), &mut text).unwrap();
        text
    }

    fn in_english(event: &Event) -> String {
        written(event, LogLanguage::En)
    }

    fn manual() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/LOG.md");
        std::fs::read_to_string(path).unwrap()
    }

    /// The regular expression that the manual gives: the block of code marked `regex`.
    fn expression() -> Regex {
        let manual = manual();
        let (_, after) = manual.split_once("```regex\n").unwrap();
        let (expression, _) = after.split_once("\n```").unwrap();
        Regex::new(expression).unwrap()
    }

    fn kind(event: &Event) -> String {
        let json: serde_json::Value = serde_json::from_slice(&event.to_json()).unwrap();
        json["event"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_line_matches_the_expression_of_the_manual() {
        expect_matches(LogLanguage::En, str::to_owned);
    }

    #[test]
    fn so_does_every_line_in_indonesian_with_the_words_of_that() {
        let word = |kind: &str| {
            let (_, id) = words::events().into_iter().find(|(en, _)| *en == kind).unwrap();
            id.to_owned()
        };
        expect_matches(LogLanguage::Id, word);
    }

    fn expect_matches(language: LogLanguage, word: impl Fn(&str) -> String) {
        let expression = expression();
        for event in examples() {
            let text = written(&event, language);
            let line = text.strip_suffix('\n').unwrap();
            let is_shown = |char: char| !char.is_control() && char != '\u{202e}';
            assert!(line.chars().all(is_shown), "{line}");
            let groups = expression.captures(line).unwrap_or_else(|| panic!("{line}"));
            let time = event.time.strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
            assert_eq!(&groups["time"], time);
            assert_eq!((&groups["program"], &groups["port"]), ("fileserver", "46666"));
            assert_eq!(&groups["source"], event.source.to_string());
            assert_eq!(groups.name("pid").is_some(), event.source.is_process());
            assert_eq!(&groups["level"], event.level.name());
            let found = groups.name("event").map(|found| found.as_str().to_owned());
            assert_eq!(found.unwrap_or_else(|| word(MESSAGE)), word(&kind(&event)), "{line}");
        }
    }

    #[test]
    fn a_line_that_names_no_program_matches_too() {
        let line = "2026-11-20 15:00:00,000 - main - INFO - log-reopened";
        let (expression, named) = (expression(), in_english(&examples()[0]));
        let groups = expression.captures(line).unwrap();
        assert_eq!((&groups["source"], groups.name("program")), ("main", None));
        assert_eq!(&expression.captures(named.trim_end()).unwrap()["port"], "46666");
    }

    #[test]
    fn the_examples_of_the_manual_match_too() {
        let (manual, expression) = (manual(), expression());
        let examples = || manual.lines().filter_map(|line| line.strip_prefix("    2026-"));
        assert!(examples().count() > words::events().len());
        for example in examples() {
            let line = format!("2026-{example}");
            let groups = expression.captures(&line).unwrap_or_else(|| panic!("{line}"));
            assert!(groups.name("program").is_some(), "{line}");
            assert_eq!(groups.name("event").is_none(), example.contains("listening"), "{line}");
        }
    }

    #[test]
    fn every_event_has_its_words_and_its_example_in_the_manual() {
        let manual = manual();
        for event in examples() {
            let kind = kind(&event);
            assert!(words::events().iter().any(|(en, _)| *en == kind), "{kind}");
            assert!(manual.contains(&format!("### `{kind}`")), "{kind} is not in the manual");
        }
        for (en, id) in words::events() {
            let pair = format!("`{en}` `{id}`");
            assert!(manual.contains(&pair), "{pair} is not in the manual");
        }
    }

    #[test]
    fn a_request_is_told_with_its_figures() {
        let event = &examples()[2];
        let expected = "2026-11-20 15:00:00,120 - fileserver:46666 - thread-7 - INFO - request \
                        connection=17 client=127.0.0.1:5000 command=GET file=\"a b.txt\" outcome=ok \
                        bytes=104857600 latency=0.000200 seconds=0.052113 throughput=2012120584\n";
        assert_eq!(in_english(event), expected);
        let expected = "2026-11-20 15:00:00,120 - fileserver:46666 - thread-7 - INFO - permintaan \
                        koneksi=17 client=127.0.0.1:5000 perintah=GET berkas=\"a b.txt\" hasil=ok \
                        byte=104857600 latency=0.000200 waktu_respon=0.052113 \
                        throughput=2012120584\n";
        assert_eq!(written(event, LogLanguage::Id), expected);
    }

    #[test]
    fn a_forwarded_request_is_told_with_its_backend() {
        let text = in_english(&examples()[3]);
        assert!(
            text.contains(" user=ann backend=127.0.0.1:8081 attempt=2 command=unknown "),
            "{text}"
        );
    }

    #[test]
    fn a_hostile_name_leaves_one_line_of_its_own_event() {
        let event = &examples()[3];
        let EventKind::Request(request) = &event.kind else { panic!() };
        assert!(request.file.as_ref().unwrap().contains('\n'));
        let text = in_english(event);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains(r#" file="a\"b\\\n2026-11-20 15:"#), "{text}");
        assert!(text.contains(r#"x\u{1b}[31m\u{9b}\u{202e}\0é 🦀" outcome=not-found "#), "{text}");
    }

    #[test]
    fn a_message_cannot_pass_as_an_event() {
        let texts: Vec<String> = examples()[19..].iter().map(in_english).collect();
        assert!(texts[0].ends_with(" - listening on 127.0.0.1:46666\n"), "{texts:?}");
        assert!(texts[1].contains(r#" - message text="closed connection=1 outcome=ok a\"b"#));
        assert!(texts[2].ends_with(" - message text=\"\"\n"), "{texts:?}");
        let kind = EventKind::Message { text: "koneksi-dibuka dari sini".to_owned() };
        let text = in_english(&Event { kind, ..examples()[0].clone() });
        assert!(text.ends_with(" - message text=\"koneksi-dibuka dari sini\"\n"), "{text}");
    }

    #[test]
    fn a_line_without_a_time_is_none() {
        let json = br#"{"time":"noon","level":"info","source":"main","pid":1,"event":"opened"}"#;
        let mut text = String::new();
        let line = Line::parse(json).unwrap();
        assert_eq!(writer(LogLanguage::En).write(&line, &mut text), None);
        assert_eq!(text, "");
    }
}
