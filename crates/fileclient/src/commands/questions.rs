//! What is asked about the server and the stored files, and deleting them.

use std::{
    io::{self, IsTerminal},
    time::Instant,
};

use anyhow::bail;
use cli::{
    printable, printable_json,
    table::{Side, aligned, room},
    units,
};
use client::{ClientError, Files};
use protocol::{EchoText, FileName, Request, Stats};
use serde_json::json;

use super::{Commands, print_json};
use crate::{
    counts::UNKNOWN,
    stats_table,
    top::{self, StatsSource, TopArgs},
};

impl Commands {
    pub(super) fn list(&mut self, long: bool) -> anyhow::Result<()> {
        let failed = "cannot list the files";
        let Files { files, missing } = match long {
            true => self.names_and_sizes(failed)?,
            false => self.ask(failed, |connection| connection.files(&Request::List))?,
        };
        self.print_files(files, long);
        self.expect_all(&missing)
    }

    /// Behind a balancer a list may lack the files of some servers.
    pub(super) fn expect_all(&self, missing: &[String]) -> anyhow::Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<String> = missing.iter().map(|name| printable(name)).collect();
        bail!("the list lacks the files of {}, which did not answer", missing.join(", "));
    }

    fn print_files(&self, files: Vec<(String, Option<u64>)>, long: bool) {
        if self.json {
            for (name, size) in files {
                print_json(&if long {
                    json!({"name": name, "size": size})
                } else {
                    json!({"name": name})
                });
            }
            return;
        }
        let size = |size: Option<u64>| size.map_or(UNKNOWN.to_owned(), units::size);
        let row = |(name, bytes): (String, _)| vec![size(bytes), printable(&name)];
        let lines = match long {
            true => {
                aligned(&[Side::Right, Side::Left], &files.into_iter().map(row).collect::<Vec<_>>())
            }
            false => files.iter().map(|(name, _)| printable(name) + "\n").collect(),
        };
        cli::output::print(lines.as_bytes());
    }

    /// Most servers of others know no list with sizes; some tell them in the only list they have.
    pub(super) fn names_and_sizes(&mut self, failed: &str) -> anyhow::Result<Files> {
        match self.remote.request(|connection| connection.files(&Request::ListSizes)) {
            Err(ClientError::Refused { .. } | ClientError::Closed | ClientError::Lacks(_)) => {
                self.ask(failed, |connection| connection.files(&Request::List))
            }
            answer => self.answered(answer, failed),
        }
    }

    pub(super) fn delete(&mut self, name: &FileName) -> anyhow::Result<()> {
        self.ask(&format!("cannot delete {name}"), |connection| connection.delete(name))?;
        self.tell(format_args!("deleted {name}"), &json!({"name": name, "deleted": true}));
        Ok(())
    }

    pub(super) fn stats(&mut self) -> anyhow::Result<()> {
        let stats = self.ask("cannot get the counts", |connection| connection.stats())?;
        if self.json {
            print_json(&stats);
            return Ok(());
        }
        // A server that is not ours has counts of its own.
        let text = match serde_json::from_value::<Stats>(stats.clone()) {
            Ok(stats) => stats_table::render(&stats, room()),
            Err(_) => format!("{stats:#}\n"),
        };
        cli::output::print(printable_json(&text).as_bytes());
        Ok(())
    }

    pub(super) fn top(&mut self, args: &TopArgs) -> anyhow::Result<()> {
        // At the prompt its last connection may still be open, and keep a worker busy meanwhile.
        self.remote.close();
        let source = StatsSource::new(self.server().to_owned(), self.options().clone());
        if args.once || !io::stdout().is_terminal() {
            let text = top::once(&source, args, room())?;
            cli::output::print(text.as_bytes());
            return Ok(());
        }
        top::watch(source, args)
    }

    pub(super) fn ping(&mut self) -> anyhow::Result<()> {
        let round_trip = self.ask("no pong", |connection| {
            let asked = Instant::now();
            connection.ping().map(|()| asked.elapsed())
        })?;
        let seconds = round_trip.as_secs_f64();
        let server = self.server();
        self.tell(
            format_args!("pong from {server} in {:.2} ms", seconds * 1000.0),
            &json!({"server": server, "seconds": seconds}),
        );
        Ok(())
    }

    pub(super) fn echo(&mut self, text: &EchoText) -> anyhow::Result<()> {
        let echo = self.ask("no echo", |connection| connection.echo(text))?.text;
        self.tell(printable(&echo), &json!({"text": echo}));
        if echo != text.as_str() {
            bail!("{} sent another text back", self.server());
        }
        Ok(())
    }

    pub(super) fn digest(&mut self, name: &FileName) -> anyhow::Result<()> {
        let failed = format!("no digest of {name}");
        let digest = self.ask(&failed, |connection| connection.digest(name))?;
        self.tell(
            // Two blanks, as sha256sum prints it.
            format_args!("{}  {name}", printable(&digest.digest)),
            &json!({"name": name, "size": digest.size, "digest": digest.digest}),
        );
        Ok(())
    }
}
