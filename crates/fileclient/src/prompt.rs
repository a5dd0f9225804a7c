//! The prompt: commands line by line, from a person or from a script.
//!
//! On a terminal it has a history and completion; Ctrl-C clears the line, Ctrl-D leaves. Lines from
//! anywhere else are carried out as they come, and the exit status tells whether all had success.

mod completion;
mod history;
mod line;
mod words;

use std::io::{self, IsTerminal};

use anyhow::Context;
use rustyline::{
    Behavior, CompletionType, Config, Editor, error::ReadlineError, history::FileHistory,
};

use crate::commands::Commands;
use completion::Completion;
use history::History;
use line::Entered;

/// Runs until the input ends or `exit` comes.
pub(crate) fn run(commands: &mut Commands) {
    let result = if io::stdin().is_terminal() {
        ask_person(commands).context("the prompt cannot go on")
    } else {
        read_script(commands).context("cannot read standard input")
    };
    commands.note(result);
}

fn ask_person(commands: &mut Commands) -> rustyline::Result<()> {
    let (server, options) = (commands.server().to_owned(), commands.options().clone());
    cli::errln!("Talking to {server}; 'help' lists the commands, Ctrl-D leaves.");
    let config = Config::builder()
        .completion_type(CompletionType::List)
        // The person sits there, wherever standard output goes.
        .behavior(Behavior::PreferTerm)
        .max_history_size(history::LINES_MAX)?
        .history_ignore_space(true)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor = Editor::<Completion, _>::with_history(config, history)?;
    let history = History::load(&mut editor, options.token.clone());
    editor.set_helper(Some(Completion::new(server, options)));
    loop {
        let line = match editor.readline("fileclient> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(err) => return Err(err),
        };
        history.add(&mut editor, &line);
        if let Next::Leave = carry_out(commands, &line) {
            break;
        }
    }
    // The person has seen what failed.
    commands.some_failed = false;
    Ok(())
}

fn read_script(commands: &mut Commands) -> io::Result<()> {
    for line in io::stdin().lines() {
        if let Next::Leave = carry_out(commands, &line?) {
            break;
        }
    }
    Ok(())
}

enum Next {
    Line,
    Leave,
}

fn carry_out(commands: &mut Commands, line: &str) -> Next {
    match line::parse(line) {
        Ok(Entered::Command(command)) => commands.run(&command),
        Ok(Entered::Nothing) => {}
        Ok(Entered::Exit) => return Next::Leave,
        Err(err) => commands.note(err.tell()),
    }
    Next::Line
}
