//! The arguments and the environment of this process.
//!
//! Every option that help shows is a variable too: `--log-file` of fileserver is `FILESERVER_LOG_FILE`, and
//! `--volumes` of stress-run is `STRESS_VOLUMES`. `-h` shows the everyday options in as much as a terminal
//! of 24 lines has room for, `--help` all of them in their groups.

use std::env;

use clap::{Arg, ArgAction, Command, CommandFactory, Parser, builder::BoolishValueParser};

use crate::text::COLUMNS;

/// Reads them; prints help, the version or an error, and ends the process, where that is called for.
///
/// An option's variable that is empty counts as not set: `FILESERVER_TLS_CERT= fileserver` is how
/// scripts and service files say that there is none.
pub fn parse<A: Parser>() -> A {
    let mut command = command::<A>();
    if env::args_os().any(|word| word == "-h") {
        command = everyday(command);
    }
    let parsed = command.try_get_matches_from_mut(env::args_os());
    let parsed = parsed.and_then(|matches| A::from_arg_matches(&matches));
    parsed.unwrap_or_else(|err| err.format(&mut command).exit())
}

/// A command line with the variables of its options, named after the first word of the program's name.
pub fn command<A: CommandFactory>() -> Command {
    let command = A::command();
    let prefix = command.get_name().split('-').next().unwrap_or_default().to_uppercase();
    // Longer lines are hard to read, however wide the terminal is.
    with_variables(command, &prefix).max_term_width(COLUMNS)
}

fn with_variables(command: Command, prefix: &str) -> Command {
    // What the programs say to each other is not for people to say.
    if command.is_hide_set() {
        return command;
    }
    command
        .mut_args(|argument| with_variable(argument, prefix))
        .mut_subcommands(|command| with_variables(command, prefix))
}

fn with_variable(argument: Arg, prefix: &str) -> Arg {
    let of_name = |name: &str| format!("{prefix}_{}", name.replace('-', "_").to_uppercase());
    let own = argument.get_env().and_then(|name| name.to_str()).map(str::to_owned);
    let long = argument.get_long().filter(|_| !argument.is_hide_set());
    let Some(variable) = own.or_else(|| long.map(of_name)) else { return argument };
    let argument = match argument.get_action() {
        ArgAction::SetTrue => argument.value_parser(BoolishValueParser::new()),
        _ => argument,
    };
    if env::var_os(&variable).is_some_and(|value| value.is_empty()) {
        return argument.env(None::<&str>);
    }
    argument.env(variable).hide_env_values(true)
}

/// For `mut_args` of a group, which is asked about the options before it too: none under `heading` is an
/// everyday one.
pub fn rare(heading: &str) -> impl Fn(Arg) -> Arg {
    move |argument| {
        let is_rare = argument.get_help_heading() == Some(heading);
        if is_rare { argument.hide_short_help(true) } else { argument }
    }
}

/// As `-h` shows it: without groups, variables and notes, and without the commands that are about the
/// program itself.
fn everyday(mut command: Command) -> Command {
    command.build();
    shortened(command)
}

fn shortened(command: Command) -> Command {
    let command = command.mut_args(|argument| match argument.get_id().as_str() {
        "help" => argument.help("Print this; --help shows all options and examples"),
        "version" => argument.hide(true),
        _ => argument.help_heading(None).hide_env(true),
    });
    command.after_help(None).mut_subcommands(|command| match command.get_name() {
        "completions" | "man" | "help" => command.hide(true),
        _ => shortened(command),
    })
}

/// What `-h` prints about a program and each of its commands, on a terminal of [`COLUMNS`].
pub fn short_help<A: CommandFactory>() -> Vec<String> {
    let mut pages = Vec::new();
    let mut commands = vec![everyday(command::<A>())];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().filter(|it| !it.is_hide_set()).cloned());
        pages.push(command.term_width(COLUMNS).render_help().to_string());
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measure pools
    #[derive(Debug, Parser)]
    #[command(name = "pool-gauge", mut_args(rare("Depth")))]
    struct Line {
        /// Where to write
        #[arg(long)]
        log_file: Option<String>,
        /// Hurry
        #[arg(long, env = "GAUGE_HASTE")]
        fast: bool,
        #[arg(long, hide = true)]
        inner: bool,
        /// How deep to go
        #[arg(long, help_heading = "Depth")]
        deep: Option<u32>,
        #[command(subcommand)]
        command: Option<Work>,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Work {
        /// Dig
        Dig {
            /// How wide to dig
            #[arg(long)]
            width: Option<u32>,
        },
        #[command(hide = true)]
        Inner {
            #[arg(long)]
            job: Option<String>,
        },
    }

    #[test]
    fn every_option_that_is_shown_is_a_variable() {
        let program = command::<Line>();
        let commands = [&program].into_iter().chain(program.get_subcommands());
        let arguments = commands.flat_map(Command::get_arguments);
        let variables: Vec<_> = arguments.filter_map(Arg::get_env).collect();
        assert_eq!(variables, ["POOL_LOG_FILE", "GAUGE_HASTE", "POOL_DEEP", "POOL_WIDTH"]);
    }

    #[test]
    fn the_short_help_has_the_everyday_options_and_says_where_the_others_are() {
        let pages = short_help::<Line>();
        assert_eq!(pages.len(), 2, "of the program and of its command");
        let page = &pages[0];
        assert!(["log-file", "fast", "dig"].iter().all(|word| page.contains(word)), "{page}");
        assert!(["deep", "inner", "POOL"].iter().all(|word| !page.contains(word)), "{page}");
        assert!(page.trim_end().ends_with("--help shows all options and examples"), "{page}");
    }
}
