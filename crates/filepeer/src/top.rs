//! `filepeer top`: what a node counts, now and a second.
//!
//! Each look asks the node's own port for `STATS`, which it answers on its own machine alone, on a connection of its own.

use std::{
    io::{self, IsTerminal, Read, Write},
    net::{SocketAddr, TcpStream},
    process::ExitCode,
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use cli::{
    table::{Side, aligned},
    units,
};

use crate::watch::counts::Counts;

/// How long connecting, asking and answering may take, each.
const PATIENCE: Duration = Duration::from_secs(3);

/// A node's answer is a fraction of this.
const ANSWER_LEN_MAX: u64 = 16 * 1024;

/// Begins the screen again, and clears what is below the new picture.
const HOME: &str = "\u{1b}[H";
const CLEAR_REST: &str = "\u{1b}[J";
const CLEAR_ALL: &str = "\u{1b}[2J";

const NOTES: &str = "\
Examples:
  filepeer top                 the node at port 5001 of this machine
  filepeer top 5003 --once     one picture, as plain text

Ctrl-C ends it. A node answers on its own machine alone. If standard output is
no terminal, the picture is printed once, as with --once.";

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct TopArgs {
    /// Port of the node, perhaps with its address
    #[arg(
        value_name = "[ADDRESS:]PORT",
        default_value = "127.0.0.1:5001",
        value_parser = cli::addresses::local_address_or_port
    )]
    node: SocketAddr,

    /// Time from one look to the next, from 0.1 to 3600
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    interval: Duration,

    /// Print the picture once, after one interval
    #[arg(long)]
    once: bool,
}

fn interval(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(100)..=Duration::from_secs(3600);
    let interval = units::seconds(text).ok().filter(|interval| range.contains(interval));
    interval.ok_or("a number of seconds from 0.1 to 3600 is needed")
}

/// An error means that the node did not answer.
pub(crate) fn run(args: &TopArgs) -> anyhow::Result<ExitCode> {
    let mut before = look(args.node)?;
    let is_live = !args.once && io::stdout().is_terminal();
    if is_live {
        cli::output::print(CLEAR_ALL.as_bytes());
    }
    loop {
        thread::sleep(args.interval);
        let now = look(args.node)?;
        let picture = picture(args.node, &now, &before);
        if !is_live {
            cli::output::print(picture.as_bytes());
            return Ok(ExitCode::SUCCESS);
        }
        cli::output::print(format!("{HOME}{picture}{CLEAR_REST}").as_bytes());
        before = now;
    }
}

fn look(node: SocketAddr) -> anyhow::Result<Counts> {
    let answer = ask(node).with_context(|| {
        format!("the node {node} does not answer; start one with filepeer serve, or name its port")
    })?;
    match serde_json::from_str(&answer) {
        Ok(counts) => Ok(counts),
        Err(_) => bail!("what answers at {node} is no filepeer"),
    }
}

fn ask(node: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&node, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"STATS\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_LEN_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}

fn picture(node: SocketAddr, now: &Counts, before: &Counts) -> String {
    let row = |name: &str, of: fn(&Counts) -> u64| {
        vec![name.to_owned(), of(now).to_string(), per_second(now, before, of)]
    };
    let heads = ["", "in all", "per second"].map(str::to_owned).to_vec();
    let rows = [
        heads,
        row("queries sent", |it| it.queries_sent),
        row("queries received", |it| it.queries_received),
        row("  had been here already", |it| it.queries_repeated),
        row("  refused", |it| it.queries_refused),
        row("questions in the seed's protocol", |it| it.seed_questions),
        row("answers sent", |it| it.hits_sent),
        row("  of others, passed on", |it| it.hits_relayed),
        row("answers refused", |it| it.hits_refused),
        row("messages not taken in time", |it| it.messages_lost),
        row("peers sent away", |it| it.peers_refused + it.connections_turned_away),
        row("files served", |it| it.files_served),
    ];
    let Counts { neighbours, seed_neighbours, .. } = now;
    let uptime = units::age(now.uptime_seconds);
    let mut text = format!(
        "node {node}, up {uptime}, {neighbours} {}",
        if *neighbours == 1 { "neighbour" } else { "neighbours" }
    );
    if *seed_neighbours > 0 {
        text += &format!(" ({seed_neighbours} of them nodes of the seed)");
    }
    text += &format!("\n\n{}\n", aligned(&[Side::Left, Side::Right, Side::Right], &rows));
    let rate = rate(now, before, |it| it.bytes_served);
    let served = units::size(now.bytes_served);
    text += &format!("content served: {served}, {}\n", units::rate(rate));
    if now.events_lost > 0 {
        text += &format!("{} events lost: the log did not take them\n", now.events_lost);
    }
    text
}

fn per_second(now: &Counts, before: &Counts, of: fn(&Counts) -> u64) -> String {
    format!("{:.1}", rate(now, before, of))
}

/// A node that was started again meanwhile has counted from zero.
fn rate(now: &Counts, before: &Counts, of: fn(&Counts) -> u64) -> f64 {
    let seconds = now.uptime_seconds - before.uptime_seconds;
    let (begin, seconds) =
        if seconds > 0.0 { (of(before), seconds) } else { (0, now.uptime_seconds) };
    of(now).saturating_sub(begin) as f64 / seconds.max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_counts_and_what_they_grow_by_in_a_second() {
        let before = Counts { uptime_seconds: 60.0, queries_received: 10, ..Counts::default() };
        let now = Counts {
            uptime_seconds: 62.0,
            neighbours: 3,
            seed_neighbours: 1,
            queries_received: 30,
            bytes_served: 4 << 20,
            ..before
        };
        let picture = picture(([127, 0, 0, 1], 5001).into(), &now, &before);
        let head =
            "node 127.0.0.1:5001, up 1 min 2 s, 3 neighbours (1 of them nodes of the seed)\n";
        assert!(picture.starts_with(head), "{picture}");
        let line = picture.lines().find(|line| line.starts_with("queries received")).unwrap();
        let fields: Vec<_> = line.split_whitespace().collect();
        assert_eq!(fields, ["queries", "received", "30", "10.0"]);
        assert!(picture.ends_with("content served: 4.00 MiB, 2.00 MiB/s\n"), "{picture}");
        assert!(picture.lines().all(|line| line.len() <= 80), "{picture}");
    }

    #[test]
    fn one_neighbour_is_not_called_many() {
        let now = Counts { neighbours: 1, ..Counts::default() };
        let picture = picture(([127, 0, 0, 1], 5001).into(), &now, &now);
        let head = picture.lines().next().unwrap();
        assert!(head.ends_with(", 1 neighbour"), "{head}");
    }

    #[test]
    fn a_node_that_was_started_again_has_no_negative_rate() {
        let before = Counts { uptime_seconds: 60.0, files_served: 9, ..Counts::default() };
        let now = Counts { uptime_seconds: 2.0, files_served: 4, ..Counts::default() };
        assert_eq!(per_second(&now, &before, |it| it.files_served), "2.0");
    }
}
