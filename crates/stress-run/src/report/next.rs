//! What to do after a run, and the command for it.

use figures::significance::REPETITIONS_MIN;

use crate::{
    compare::{Answer, Modes},
    language::Language,
    results::Run,
};

/// What whoever has read the results may do with them.
#[derive(Clone, Copy)]
pub(super) enum Next {
    Resume,
    MeasureWhole,
    /// So often.
    Repeat(usize),
    CompareModes,
    CompareEncodings,
    Compare,
}

impl Next {
    /// What its command is for.
    pub(super) fn purpose(self, language: Language) -> String {
        match self {
            Self::Resume => language.next_resume(),
            Self::MeasureWhole => language.next_whole(),
            Self::Repeat(_) => language.next_repeat(),
            Self::CompareModes => language.next_modes(),
            Self::CompareEncodings => language.next_encodings(),
            Self::Compare => language.next_compare(),
        }
    }

    /// Nothing is built on a run that must not be used.
    pub(super) fn after(run: &Run) -> Option<Self> {
        let marks = run.marks();
        if marks.invalid > 0 {
            return None;
        }
        if marks.partial {
            return Some(Self::Resume);
        }
        if marks.quick {
            return Some(Self::MeasureWhole);
        }
        if marks.disturbed > 0 && run.environment.plan.reruns > 0 {
            return Some(Self::Resume);
        }
        let modes = Modes::of(&run.cells(), &marks);
        let measured = run.environment.plan.repetitions as usize;
        let has_both = run.encodings().len() > 1;
        Some(match Answer::of(&modes).needed {
            Some(repetitions) => Self::Repeat(repetitions),
            None if has_both && measured >= REPETITIONS_MIN => Self::CompareEncodings,
            None if !modes.by_load.pairs.is_empty() => Self::CompareModes,
            None if measured < REPETITIONS_MIN => Self::Repeat(REPETITIONS_MIN),
            None => Self::Compare,
        })
    }

    /// With the options of the run, as far as they are the same.
    pub(super) fn command(self, run: &Run) -> String {
        let line = &run.environment.program.command_line;
        let program = line.first().map_or("stress-run", String::as_str);
        let dir = run.dir.display().to_string();
        let count;
        let words: Vec<&str> = match self {
            // Of a run elsewhere, or of another server, it would not be the rest.
            Self::Resume => {
                let places = ["--work-dir", "--fileserver"].map(|option| with_value(line, option));
                [&[program, "resume", &dir], &places.concat()[..]].concat()
            }
            Self::MeasureWhole => without(line, "--quick", 0),
            Self::Repeat(repetitions) => {
                count = repetitions.to_string();
                [&without(line, "--repeat", 1)[..], &["--repeat", &count]].concat()
            }
            Self::CompareModes => vec![program, "compare", &dir, "--between", "modes"],
            Self::CompareEncodings => vec![program, "compare", &dir, "--between", "encodings"],
            Self::Compare => vec![program, "compare", &dir, "OTHER_RUN"],
        };
        words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// A command line without an option, which has so many words of its own behind it.
fn without<'a>(line: &'a [String], option: &str, values: usize) -> Vec<&'a str> {
    let mut words = line.iter().map(String::as_str);
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == option {
            words.by_ref().take(values).for_each(drop);
        } else if !word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')) {
            kept.push(word);
        }
    }
    kept
}

/// An option of a command line with its value, as it stands there; nothing where it does not.
fn with_value<'a>(line: &'a [String], option: &str) -> Vec<&'a str> {
    let is_it = |word: &String| {
        word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let Some(at) = line.iter().position(is_it) else { return Vec::new() };
    let words = if line[at] == option { 2 } else { 1 };
    line[at..].iter().take(words).map(String::as_str).collect()
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./,:=@%+".contains(letter);
    match word.chars().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_taken_out_of_a_command_line_with_its_value() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for text in ["s --repeat 2 --quick", "s --quick --repeat=2", "s --quick"] {
            assert_eq!(without(&line(text), "--repeat", 1), ["s", "--quick"], "{text}");
        }
        assert_eq!(without(&line("s --repeater 2"), "--repeat", 1), ["s", "--repeater", "2"]);
    }

    #[test]
    fn an_option_is_found_in_a_command_line_with_its_value() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (text, found) in [
            ("s --work-dir /dev/shm --quick", &["--work-dir", "/dev/shm"][..]),
            ("s --work-dir=/dev/shm --quick", &["--work-dir=/dev/shm"]),
            ("s --work-dirs /dev/shm", &[]),
            ("s --work-dir", &["--work-dir"]),
        ] {
            assert_eq!(with_value(&line(text), "--work-dir"), found, "{text}");
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_something_else() {
        for (word, text) in [
            ("results/2026-11-28T11-58-10", "results/2026-11-28T11-58-10"),
            ("my results", "'my results'"),
            ("mode=a:mean_s<3", "'mode=a:mean_s<3'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), text);
        }
    }
}
