//! One request, and whether its answer is right.

use std::time::{Duration, Instant};

use client::{ClientError, Connection, Echo, EchoText, Listing, Transfer};
use simulation::Chance;

use super::{
    files::{Comparison, Files},
    mix::{Kind, Mix},
};
use crate::results::{Failure, WRONG_CONTENT};

/// What the clients of a load ask for.
pub(crate) struct Requests {
    pub(super) mix: Mix,
    /// The text of an ECHO.
    pub(super) message: EchoText,
    pub(super) files: Files,
    pub(super) seed: u64,
}

/// How a request went. Times are since the release of the clients.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) client: u32,
    pub(crate) kind: Kind,
    /// From when on it counts: in a closed loop its client was free, in an open loop it should have left.
    pub(crate) due: Duration,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) finished: Duration,
    /// Of the file or the text that was moved, where it succeeded.
    pub(crate) bytes: u64,
    /// Whether it needed a new connection, and got one.
    pub(crate) has_connected: bool,
    pub(crate) failure: Option<Failure>,
}

impl Outcome {
    /// Until the last byte of the answer.
    pub(crate) fn response_time(&self) -> Duration {
        self.finished.saturating_sub(self.due)
    }

    /// Until the first byte of the answer.
    pub(crate) fn latency(&self) -> Option<Duration> {
        Some(self.first_byte?.saturating_sub(self.due))
    }
}

/// What came for a request.
pub(super) struct Answer {
    pub(super) first_byte: Option<Instant>,
    pub(super) finished: Instant,
    pub(super) bytes: u64,
    verdict: Verdict,
}

enum Verdict {
    Right,
    Wrong,
    /// A balancer has no list of these servers.
    Lacks(Vec<String>),
}

impl Requests {
    /// One text, again and again.
    pub(crate) fn echo(message: EchoText, seed: u64) -> Self {
        let mix = Mix::only(Kind::Echo);
        let files = Files::new(&mix, 0, 0, 0, seed);
        Self { mix, message, files, seed }
    }

    /// What the request with this number is, and the chance that has more to say about it.
    pub(super) fn choose(&self, number: u64) -> (Kind, Chance) {
        let mut chance = Chance::new(self.seed, number);
        (self.mix.choose(&mut chance), chance)
    }

    /// Makes it on a connection. An answer that is wrong, or not all of it, is a failure.
    pub(super) fn make(
        &self,
        kind: Kind,
        chance: &mut Chance,
        client: u32,
        connection: &mut Connection,
    ) -> Result<Answer, Failure> {
        let answer = self.ask(kind, chance, client, connection).map_err(|err| match err {
            // The server says itself that it has or sent another file.
            ClientError::SizeDiffers { .. } => wrong_content(err.to_string()),
            err => failure(&err),
        })?;
        match &answer.verdict {
            Verdict::Right => Ok(answer),
            Verdict::Wrong => {
                let verb = kind.verb();
                Err(wrong_content(format!("the answer to {verb} is not what it must be")))
            }
            Verdict::Lacks(servers) => {
                let sentence = format!("the list lacks the files of {}", servers.join(", "));
                Err(Failure { cause: INCOMPLETE.to_owned(), sentence })
            }
        }
    }

    fn ask(
        &self,
        kind: Kind,
        chance: &mut Chance,
        client: u32,
        connection: &mut Connection,
    ) -> Result<Answer, ClientError> {
        Ok(match kind {
            Kind::Echo => {
                let Echo { text, first_byte, finished } = connection.echo(&self.message)?;
                let verdict = Verdict::of(text == self.message.as_str());
                let bytes = text.len() as u64;
                Answer { first_byte: Some(first_byte), finished, bytes, verdict }
            }
            Kind::Ping => {
                connection.ping()?;
                // It is one word, whose first byte and last byte come together.
                let (finished, verdict) = (Instant::now(), Verdict::Right);
                Answer { first_byte: None, finished, bytes: 0, verdict }
            }
            Kind::List => {
                let Listing { names, missing, first_byte, finished } = connection.list()?;
                let verdict = match missing.is_empty() {
                    true => Verdict::of(self.files.are_all_in(&names)),
                    false => Verdict::Lacks(missing),
                };
                Answer { first_byte: Some(first_byte), finished, bytes: 0, verdict }
            }
            Kind::Get => {
                let (name, expected) = self.files.download(chance);
                let mut comparison = Comparison::with(expected);
                let transfer = connection.get(&name, &mut comparison)?;
                Answer::to(transfer, Verdict::of(comparison.is_equal()))
            }
            Kind::Upload => {
                let (name, mut content) = self.files.upload(client);
                // What was stored is looked at when all clients are done.
                Answer::to(connection.upload(&name, &mut content)?, Verdict::Right)
            }
        })
    }
}

impl Answer {
    fn to(transfer: Transfer, verdict: Verdict) -> Self {
        let Transfer { bytes, first_byte, finished, .. } = transfer;
        Self { first_byte: Some(first_byte), finished, bytes, verdict }
    }
}

impl Verdict {
    fn of(is_right: bool) -> Self {
        if is_right { Self::Right } else { Self::Wrong }
    }
}

/// The cause of a list that is not one of all servers.
const INCOMPLETE: &str = "incomplete";

pub(super) fn failure(err: &ClientError) -> Failure {
    Failure { cause: err.cause().to_owned(), sentence: client::sentence(err) }
}

fn wrong_content(sentence: String) -> Failure {
    Failure { cause: WRONG_CONTENT.to_owned(), sentence }
}
