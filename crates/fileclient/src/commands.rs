//! The commands, as the command line and the prompt both run them.

mod batch;
mod content_digest;
mod downloads;
mod moved;
mod parallel;
mod patterns;
mod questions;
mod transfers;
mod uploads;

use std::fmt::Display;

use anyhow::{anyhow, bail};
use cli::printable_json;
use client::{ClientError, Connection, ConnectionOptions, Feature, Remote};
use protocol::FileName;
use serde_json::{Value, json};

use crate::{
    args::{Args, Command, Encoding},
    failure,
    progress::{Overall, Progress},
};

/// Runs commands one after another and remembers whether one failed.
pub(crate) struct Commands {
    remote: Remote,
    encoding: Encoding,
    /// The command under way tells its results as JSON.
    json: bool,
    /// Shown as long as several files are under way.
    overall: Option<Overall>,
    pub(crate) some_failed: bool,
}

impl Commands {
    pub(crate) fn new(remote: Remote, encoding: Encoding) -> Self {
        Self { remote, encoding, json: false, overall: None, some_failed: false }
    }

    pub(crate) fn server(&self) -> &str {
        self.remote.server()
    }

    pub(crate) fn options(&self) -> &ConnectionOptions {
        self.remote.options()
    }

    pub(crate) fn run(&mut self, command: &Command) {
        self.json = command.wants_json();
        match command {
            Command::List { long, .. } => self.attempt(json!({}), |it| it.list(*long)),
            Command::Get { names, output, recursive: true, how, .. } => {
                self.attempt(json!({}), |it| it.get_all(names, output.as_deref(), how));
            }
            Command::Get { names, output, how, .. } => {
                self.each(names, |it, name| it.get(name, output.as_deref(), how));
            }
            Command::Upload { files, name, resume, recursive, .. } => {
                self.upload_all(files, name.as_ref(), *resume, *recursive);
            }
            Command::Delete { names, .. } => self.each(names, Self::delete),
            Command::Stats { .. } => self.attempt(json!({}), Self::stats),
            Command::Top(args) => self.attempt(json!({}), |it| it.top(args)),
            Command::Ping { .. } => self.attempt(json!({}), Self::ping),
            Command::Echo { text, .. } => {
                self.attempt(json!({"text": text.as_str()}), |it| it.echo(text));
            }
            Command::Digest { names, .. } => self.each(names, Self::digest),
            Command::Documents(documents) => {
                self.note(documents.print(&cli::command::<Args>()).map_err(Into::into));
            }
        }
    }

    fn each(
        &mut self,
        names: &[FileName],
        command: impl Fn(&mut Self, &FileName) -> anyhow::Result<()>,
    ) {
        for name in names {
            self.attempt(json!({"name": name}), |it| command(it, name));
        }
    }

    /// A failure is reported, and the next command or file goes on. In JSON it has a line like every
    /// result, that says with `facts` what it is about.
    fn attempt(&mut self, mut facts: Value, command: impl FnOnce(&mut Self) -> anyhow::Result<()>) {
        let result = command(self);
        if let (Err(failure), true) = (&result, self.json) {
            facts["error"] = failure::sentence(failure).into();
            facts["cause"] = failure::cause(failure).into();
            self.aside(|| print_json(&facts));
        }
        self.note(result);
    }

    pub(crate) fn note(&mut self, result: anyhow::Result<()>) {
        if let Err(failure) = result {
            self.some_failed = true;
            self.aside(|| failure::report(&failure));
        }
    }

    /// Tells a result: to people the sentence, to programs the facts.
    fn tell(&self, sentence: impl Display, facts: &Value) {
        self.aside(|| {
            if self.json {
                print_json(facts);
            } else {
                cli::outln!("{sentence}");
            }
        });
    }

    /// Prints beside the progress of several files.
    fn aside(&self, print: impl FnOnce()) {
        match &self.overall {
            Some(overall) => overall.aside(print),
            None => print(),
        }
    }

    /// How far the transfer of a file is, of this length where that is known.
    fn progress(&self, name: &FileName, len: Option<u64>) -> Progress {
        match &self.overall {
            Some(overall) => overall.progress(name),
            None => Progress::new(name, len),
        }
    }

    /// Makes one request. A failure opens with `failed` and names the server.
    fn ask<T>(
        &mut self,
        failed: &str,
        ask: impl FnMut(&mut Connection) -> Result<T, ClientError>,
    ) -> anyhow::Result<T> {
        let answer = self.remote.request(ask);
        self.answered(answer, failed)
    }

    /// Whether content goes as it is, in a way that the server knows.
    fn goes_raw(&mut self, feature: Feature, failed: &str) -> anyhow::Result<bool> {
        if self.encoding == Encoding::Base64 {
            return Ok(false);
        }
        let knows = self.remote.knows(feature);
        let knows = self.answered(knows, failed)?;
        if self.encoding == Encoding::Raw && !knows {
            bail!("{failed} at {}: it takes base64 alone; leave --encoding raw out", self.server());
        }
        Ok(knows)
    }

    fn answered<T>(&self, answer: Result<T, ClientError>, failed: &str) -> anyhow::Result<T> {
        answer.map_err(|err| match err {
            ClientError::Connect { .. } => anyhow!(err).context(failed.to_owned()),
            err => anyhow!(err).context(format!("{failed} at {}", self.server())),
        })
    }
}

fn print_json(facts: &Value) {
    cli::outln!("{}", printable_json(&facts.to_string()));
}
