//! What a command line asks for: to serve, or to do something besides.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::bail;
use cli::table::{self, Side};
use file_service::tokens::Permission;

use crate::{
    args::{Args, Command, TokenCommand},
    auth::{self, AuthFileError},
    serve::serve,
};

/// Does what the command line says. An error means that nothing was served.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        None => return Ok(serve(args)?),
        Some(Command::Token(TokenCommand::New { name, permission })) => {
            make_token(args, name, *permission)?;
        }
        Some(Command::Log(question)) => {
            let Some(database) = &args.log.log_db else { bail!("--log-db must name the database") };
            let table = monitor::answer(database, question)?;
            let text = if question.csv { table.csv()? } else { aligned(&table) };
            cli::output::print(text.as_bytes());
        }
        Some(Command::Documents(documents)) => documents.print(&cli::command::<Args>())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn aligned(table: &monitor::Table) -> String {
    let side = |is_number| if is_number { Side::Right } else { Side::Left };
    let sides: Vec<Side> = table.numbers().map(side).collect();
    table::aligned(&sides, &table.lines())
}

fn make_token(args: &Args, name: &str, permission: Permission) -> anyhow::Result<()> {
    let (token, line) = auth::new_token(name, permission)?;
    let token = token.reveal();
    match &args.security.auth_file {
        Some(path) => auth::add_line(path, name, &line, || show(&format!("{token}\n")))?,
        None => {
            show(&format!("token for the client:    {token}\nline for --auth-file:    {line}\n"))
                .map_err(AuthFileError::Unseen)?
        }
    }
    Ok(())
}

/// Nobody can do without seeing it, so that it cannot be written is an error.
fn show(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
