//! The arguments and the environment of this process.

use std::env;

use clap::{Command, Parser};

/// Reads them; prints help, the version or an error, and ends the process, where that is called for.
///
/// An option's variable that is empty counts as not set: `FILESERVER_TLS_CERT= fileserver` is how
/// scripts and service files say that there is none.
pub fn parse<A: Parser>() -> A {
    let mut command = without_empty_variables(A::command());
    let parsed = command.try_get_matches_from_mut(env::args_os());
    let parsed = parsed.and_then(|matches| A::from_arg_matches(&matches));
    parsed.unwrap_or_else(|err| err.format(&mut command).exit())
}

fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let variable = argument.get_env().and_then(env::var_os);
        if variable.is_some_and(|value| value.is_empty()) {
            argument.env(None::<&str>)
        } else {
            argument
        }
    });
    command.mut_subcommands(without_empty_variables)
}
