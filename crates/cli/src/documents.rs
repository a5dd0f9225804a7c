//! Completion scripts and manual pages, made from the command line itself.

use clap::{Command, Subcommand};
use clap_complete::Shell;

use crate::output;

/// The commands that describe a program, for its list of commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Documents {
    /// Print a completion script for a shell
    Completions { shell: Shell },
    /// Print a manual page: the program's, or that of one of its commands
    Man { command: Vec<String> },
}

/// A manual page is asked for that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no command {0} with a manual page; --help lists the commands")]
pub struct NoSuchCommand(String);

impl Documents {
    /// Prints what is asked for about `program`.
    pub fn print(&self, program: &Command) -> Result<(), NoSuchCommand> {
        output::print(&self.text(program)?);
        Ok(())
    }

    /// The same, not printed. Options and commands that help does not show are left out.
    pub fn text(&self, program: &Command) -> Result<Vec<u8>, NoSuchCommand> {
        let mut program = visible(program);
        let mut text = Vec::new();
        match self {
            Self::Completions { shell } => {
                let name = program.get_name().to_owned();
                clap_complete::generate(*shell, &mut program, name, &mut text);
            }
            Self::Man { command } => {
                let version = program.get_version().unwrap_or_default();
                let source = format!("{} {version}", program.get_name());
                // It would add a page for each command that says less than the command's own.
                program = program.disable_help_subcommand(true);
                program.build();
                let described = command
                    .iter()
                    .try_fold(&program, |described, name| described.find_subcommand(name))
                    .ok_or_else(|| NoSuchCommand(command.join(" ")))?;
                let notes = described.get_after_help().map(ToString::to_string).unwrap_or_default();
                let described = described.clone().after_help(None::<&str>);
                let page = clap_mangen::Man::new(described).source(source);
                page.render(&mut text).expect("memory takes all that is written");
                text.extend(notes_section(&notes).into_bytes());
            }
        }
        Ok(text)
    }
}

/// Examples and notes with the lines that help has. The crate would fill them up to paragraphs.
fn notes_section(notes: &str) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let escapes = [('\\', "\\e"), ('-', "\\-"), ('\'', "\\(aq"), ('`', "\\(ga")];
    let notes = escapes.iter().fold(notes.to_owned(), |text, (from, to)| text.replace(*from, to));
    // At the start of a line a dot or a space is special, but not behind a character without a width.
    let lines: String = notes.lines().map(|line| format!("\\&{line}\n")).collect();
    format!(".SH NOTES\n.nf\n{lines}.fi\n")
}

/// A copy without what is hidden, which scripts would complete.
fn visible(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set());
    let mut copy = Command::new(command.get_name().to_owned())
        .args(arguments.cloned())
        .subcommands(commands.map(visible));
    if let Some(version) = command.get_version() {
        copy = copy.version(version.to_owned());
    }
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(notes) = command.get_after_help() {
        copy = copy.after_help(notes.clone());
    }
    copy
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn program() -> Command {
        let option = |name: &'static str| Arg::new(name).long(name);
        let deeper = Command::new("deeper").about("Make it deeper");
        let dig = Command::new("dig").about("Make a pool").arg(option("deep")).subcommand(deeper);
        Command::new("kolam")
            .version("1.2")
            .after_help("Examples:\n  kolam --open 'x'   fill it")
            .args([option("open").env("KOLAM_OPEN"), option("secret").hide(true)])
            .subcommands([dig, Command::new("inner").hide(true)])
    }

    fn page(command: &[&str]) -> String {
        text(&Documents::Man { command: command.iter().map(|&word| word.to_owned()).collect() })
    }

    fn text(documents: &Documents) -> String {
        String::from_utf8(documents.text(&program()).unwrap()).unwrap()
    }

    #[test]
    fn what_help_hides_is_offered_by_no_script_and_on_no_page() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            let script = text(&Documents::Completions { shell });
            assert!(["open", "dig", "deep"].iter().all(|word| script.contains(word)), "{script}");
            assert!(!script.contains("secret") && !script.contains("inner"), "{script}");
        }
        let page = page(&[]);
        assert!(page.contains("open") && !page.contains("secret"), "{page}");
    }

    #[test]
    fn a_page_names_the_variables_of_options() {
        assert!(page(&[]).contains("KOLAM_OPEN"), "{}", page(&[]));
    }

    #[test]
    fn a_page_keeps_the_lines_of_examples() {
        let page = page(&[]);
        let notes =
            ".SH NOTES\n.nf\n\\&Examples:\n\\&  kolam \\-\\-open \\(aqx\\(aq   fill it\n.fi\n";
        assert!(page.ends_with(notes), "{page}");
        assert!(!page.contains("EXTRA"), "{page}");
    }

    #[test]
    fn commands_have_pages_of_their_own_at_every_depth() {
        let dig = page(&["dig"]);
        assert!(dig.contains("Make a pool") && dig.contains("deep"), "{dig}");
        let deeper = page(&["dig", "deeper"]);
        assert!(deeper.contains("Make it deeper") && deeper.contains("kolam 1.2"), "{deeper}");
        let inner = Documents::Man { command: vec!["dig".to_owned(), "inner".to_owned()] };
        let refusal = inner.text(&program()).unwrap_err().to_string();
        assert!(refusal.contains("no command dig inner"), "{refusal}");
    }

    #[test]
    fn a_page_names_no_page_that_there_is_not() {
        for (command, named) in [(&[][..], &["kolam-dig"][..]), (&["dig"], &["kolam-dig-deeper"])] {
            let page = page(command).replace('\\', "");
            let references: Vec<_> =
                page.lines().filter_map(|line| line.strip_suffix("(1)")).collect();
            assert_eq!(references, named);
        }
    }
}
