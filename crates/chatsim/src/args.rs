//! The command line of `chatsim`.

use clap::{Parser, Subcommand};
use cli::Documents;

use crate::{
    check::CheckArgs,
    run::{
        args::{ReportArgs, RunArgs, SweepArgs},
        runners::RunnersArgs,
    },
    serve,
    trace::replay::ReplayArgs,
};

const EXAMPLES: &str = "\
Examples:
  chatsim serve --open                 the page: send, watch, drop, compare
  chatsim run --experiment 1           Direct against PubSub, 10% of all lost
  chatsim run --experiment 5 --lang id
                                       losses in bursts, told in Indonesian
  chatsim sweep --retries 0,3 --timeouts 200,400,800
                                       what a timeout buys, as a heat map
  chatsim report results/chat/latest   its tables and its report once more
  chatsim replay results/chat/latest/traces/pubsub.jsonl
                                       the first messages of experiment 1
  chatsim check                        is every number as theory says?

Direct sends a message once. PubSub has it acknowledged, and sends it again where no acknowledgement (ACK) \
comes in time. Both meet the same losses, which depend on the seed alone: the same seed gives the same results, \
to the last byte.

Exit status: 0 done, 1 a number or a trace is not as it should be, 2 bad usage or it could not start, 4 a gate \
was not met, 130 stopped by Ctrl-C.";

const RUN_NOTES: &str = "\
Examples:
  chatsim run --experiment 1
  chatsim run --experiment 2 --messages 100000 --seed 7
  chatsim run --experiment 4 --gate 'measure=delivered:observed>0.8'
  chatsim run --experiment 3 --json
  chatsim run --experiment 1 --broker nats://127.0.0.1:4222

Experiments:
  1  Direct and PubSub under normal conditions: 10% lost, 50 to 250 ms
  2  the same with 50% lost, and PubSub with 5 retries
  3  a fast and a slow network, each with and without a window of 32 messages
  4  PubSub with 0, 1, 2 and 5 retries and timeouts of 300, 600 and 1000 ms
  5  10% lost in bursts of 2 s

A run leaves a directory: what became of each message, then, made from that alone, table.csv, table.md, \
table.xlsx and report.html. A gate is a condition on a column of table.csv, perhaps behind conditions that \
select rows: 'measure=latency_ms:agrees==1'.

Ctrl-C stops within a second and keeps the cases that are complete.

Exit status: 0 done, 2 bad usage or it could not start, 4 a gate was not met, 130 stopped.";

const SWEEP_NOTES: &str = "\
Examples:
  chatsim sweep
  chatsim sweep --loss 50 --retries 0,2,4,6,8
  chatsim sweep --timeouts 100,200,300,400,500,600 --messages 100000

Ctrl-C stops within a second and keeps the cases that are complete.

Exit status: 0 done, 2 bad usage or it could not start, 4 a gate was not met, 130 stopped.";

const CHECK_NOTES: &str = "\
Examples:
  chatsim check --messages 100000 --seed 1
  chatsim check --messages 20000 --break timeout-ignored

A number agrees when it is less than 4.2 standard errors from what theory says. Of what happens fewer than \
100 times the exact binomial chance decides, at the same level. With --break the simulator is given a fault \
that theory does not know; a check that did not find it would be worth nothing.

Exit status: 0 all agree, 1 some do not, 2 bad usage, 130 stopped by Ctrl-C.";

const REPLAY_NOTES: &str = "\
Examples:
  chatsim replay results/chat/latest/traces/direct.jsonl

The inputs in the trace are given to a delivery once more; each fact of the trace is held against what it tells.

Exit status: 0 every fact is the same, 1 one differs, 2 bad usage or a trace that cannot be read.";

/// See what certainty of delivery costs: messages on a bad network
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the page that shows messages on their way
    Serve(serve::Args),

    /// Run an experiment in virtual time, and hold it against theory
    #[command(after_help = RUN_NOTES)]
    Run(RunArgs),

    /// Run PubSub with every number of retries and every timeout
    #[command(after_help = SWEEP_NOTES)]
    Sweep(SweepArgs),

    /// Measure what threads, a pool or tasks cost in real time
    Runners(RunnersArgs),

    /// Hold every number of every case against its closed form
    #[command(after_help = CHECK_NOTES)]
    Check(CheckArgs),

    /// Tell the lives of messages, and hold them against the simulator
    #[command(after_help = REPLAY_NOTES)]
    Replay(ReplayArgs),

    /// Write the tables and the report of a run again, from its raw files
    Report(ReportArgs),

    #[command(flatten)]
    Documents(Documents),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_command_lines() {
        let notes = [EXAMPLES, RUN_NOTES, SWEEP_NOTES, CHECK_NOTES, REPLAY_NOTES];
        let lines = notes.iter().flat_map(|notes| notes.lines());
        let examples = lines.filter(|line| line.starts_with("  chatsim"));
        let mut count = 0;
        for example in examples {
            // What it is for stands behind it, at some distance.
            let command = example.trim_start().split("  ").next().unwrap_or_default();
            let command = command.replace('\'', "");
            let parsed = Args::try_parse_from(command.split_whitespace());
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
            count += 1;
        }
        assert_eq!(count, 18);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        for (line, why) in [
            ("run", "--experiment"),
            ("run --experiment 6", "6 is not in 1..=5"),
            ("run --experiment 1 --messages 0", "0 is not in 1..=10000000"),
            ("run --experiment 1 --broker http://a", "is no address of a NATS server"),
            ("run --experiment 1 --broker-messages 0", "0 is not in 1..=100000"),
            ("sweep --retries 21", "21 is not in 0..=20"),
            ("sweep --timeouts 0", "0 is not in 1..=600000"),
            ("sweep --loss 101", "a percentage from 0 to 100"),
            ("check --break it", "invalid value 'it'"),
            ("run --experiment 1 --gate 'delivered'", "has none of =="),
        ] {
            let words = std::iter::once("chatsim").chain(line.split_whitespace());
            let refusal = Args::try_parse_from(words).unwrap_err().to_string();
            assert!(refusal.contains(why), "{line}: {refusal}");
        }
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
