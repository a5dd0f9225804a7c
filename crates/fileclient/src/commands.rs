//! The commands, as the command line and the prompt both run them.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, IsTerminal, Seek, Write},
    mem,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, anyhow, bail};
use clap::CommandFactory;
use protocol::{FileName, Stats};

use crate::{
    ClientError, Connection,
    args::{Args, Command, TopArgs},
    failure, interrupt,
    local_file::{IfExists, LocalFile, LocalFileError},
    output::{printable, printable_json},
    progress::Progress,
    prompt,
    remote::Remote,
    stats_table,
    top::{self, Source},
};

/// Carries out what `args` says. Results go to standard output, failures to standard error; the
/// status is 1 when there were any, and 2 when a file that the arguments name keeps it from starting.
pub fn run(args: Args) -> ExitCode {
    let options = match args.server.options() {
        Ok(options) => options,
        Err(failure) => {
            failure::report(&failure);
            return ExitCode::from(2);
        }
    };
    if let Some(warning) = args.server.warning(&options) {
        cli::errln!("warning: {warning}");
    }
    let mut commands =
        Commands::new(Remote::new(args.server.address().to_string(), options.clone()));
    commands.note(interrupt::clean_up_on_signals().context("cannot wait for signals"));
    match args.command {
        Some(command) => commands.run(&command),
        None => prompt::run(&mut commands, options),
    }
    if commands.some_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs commands one after another and remembers whether one failed.
pub(crate) struct Commands {
    remote: Remote,
    pub(crate) some_failed: bool,
}

impl Commands {
    fn new(remote: Remote) -> Self {
        Self { remote, some_failed: false }
    }

    pub(crate) fn server(&self) -> &str {
        self.remote.server()
    }

    /// A failure is reported, and the next file goes on.
    pub(crate) fn run(&mut self, command: &Command) {
        match command {
            Command::List => self.attempt(Self::list),
            Command::Get { names, output, no_clobber } => {
                let if_exists = if *no_clobber { IfExists::Keep } else { IfExists::Replace };
                for name in names {
                    self.attempt(|commands| commands.get(name, output.as_deref(), if_exists));
                }
            }
            Command::Upload { files, name } => {
                for file in files {
                    self.attempt(|commands| commands.upload(file, name.as_ref()));
                }
            }
            Command::Delete { names } => {
                for name in names {
                    self.attempt(|commands| commands.delete(name));
                }
            }
            Command::Stats { json } => self.attempt(|commands| commands.stats(*json)),
            Command::Top(args) => self.attempt(|commands| commands.top(args)),
            Command::Ping => self.attempt(Self::ping),
            Command::Digest { name } => self.attempt(|commands| commands.digest(name)),
            Command::Documents(documents) => {
                self.note(documents.print(&Args::command()).map_err(Into::into));
            }
        }
    }

    fn attempt(&mut self, command: impl FnOnce(&mut Self) -> anyhow::Result<()>) {
        let result = command(self);
        self.note(result);
    }

    pub(crate) fn note(&mut self, result: anyhow::Result<()>) {
        if let Err(failure) = result {
            self.some_failed = true;
            failure::report(&failure);
        }
    }

    fn list(&mut self) -> anyhow::Result<()> {
        for name in self.ask("cannot list the files", |connection| connection.list())? {
            cli::outln!("{}", printable(&name));
        }
        Ok(())
    }

    fn get(
        &mut self,
        name: &FileName,
        output: Option<&Path>,
        if_exists: IfExists,
    ) -> anyhow::Result<()> {
        let path = match output {
            Some(output) if output.as_os_str() == "-" => return self.get_to_stdout(name),
            Some(output) if output.is_dir() => output.join(name.as_str()),
            Some(output) => output.to_owned(),
            None => PathBuf::from(name.as_str()),
        };
        let shown = printable(&path.display().to_string());
        match self.get_to_file(name, &path, if_exists) {
            Ok(bytes) => {
                let saved =
                    if shown == name.as_str() { shown } else { format!("{name} as {shown}") };
                cli::outln!("saved {saved} ({})", in_bytes(bytes));
                Ok(())
            }
            Err(failure) if is_kept(&failure) => {
                cli::errln!("skipped {shown}: it is there already");
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn get_to_file(
        &mut self,
        name: &FileName,
        path: &Path,
        if_exists: IfExists,
    ) -> anyhow::Result<u64> {
        let failed = || format!("cannot save {name} as {}", path.display());
        let mut file = LocalFile::create(path, if_exists).with_context(failed)?;
        let bytes = self.download(name, &mut file, failed)?;
        file.persist().with_context(failed)?;
        Ok(bytes)
    }

    fn get_to_stdout(&mut self, name: &FileName) -> anyhow::Result<()> {
        let mut stdout = io::stdout();
        let failed = || format!("cannot write {name} to standard output");
        let got = self.download(name, &mut stdout, failed);
        match got.and_then(|_| stdout.flush().with_context(failed)) {
            Err(failure) if nobody_reads(&failure) => Ok(()),
            got => got,
        }
    }

    /// Its length. That the sink does not take it is `sink_failed`.
    fn download(
        &mut self,
        name: &FileName,
        sink: &mut dyn Write,
        sink_failed: impl Fn() -> String,
    ) -> anyhow::Result<u64> {
        let mut progress = Progress::new(name, None);
        let mut sink = progress.watch(sink);
        match self.remote.request(|connection| connection.get(name, &mut sink)) {
            Err(ClientError::Sink(err)) => Err(err).with_context(sink_failed),
            got => Ok(self.answered(got, &format!("cannot get {name}"))?.bytes),
        }
    }

    fn upload(&mut self, path: &Path, name: Option<&FileName>) -> anyhow::Result<()> {
        let failed = format!("cannot upload {}", path.display());
        let name = name.map_or_else(|| base_name(path), |name| Ok(name.clone()));
        let name = name.with_context(|| failed.clone())?;
        let (mut file, len) = open(path).with_context(|| failed.clone())?;
        let mut progress = Progress::new(&name, len);
        let mut is_repeated = false;
        let stored = self.ask(&failed, |connection| {
            if mem::replace(&mut is_repeated, true) {
                file.rewind().map_err(ClientError::Source)?;
            }
            connection.upload(&name, &mut progress.watch(&file))
        });
        drop(progress);
        let stored = stored?;
        let bytes = in_bytes(stored.bytes);
        if stored.size_confirmed {
            cli::outln!("stored {name} ({bytes})");
        } else {
            cli::outln!("sent {name} ({bytes}; the server names no size)");
        }
        Ok(())
    }

    fn delete(&mut self, name: &FileName) -> anyhow::Result<()> {
        self.ask(&format!("cannot delete {name}"), |connection| connection.delete(name))?;
        cli::outln!("deleted {name}");
        Ok(())
    }

    fn stats(&mut self, json: bool) -> anyhow::Result<()> {
        let stats = self.ask("cannot get the counts", |connection| connection.stats())?;
        // A server that is not ours has counts of its own.
        let text = match serde_json::from_value::<Stats>(stats.clone()) {
            Ok(stats) if !json => stats_table::render(&stats),
            _ => format!("{stats:#}\n"),
        };
        cli::output::print(printable_json(&text).as_bytes());
        Ok(())
    }

    fn top(&mut self, args: &TopArgs) -> anyhow::Result<()> {
        // At the prompt its last connection may still be open, and keep a worker busy meanwhile.
        self.remote.close();
        let source = Source::new(self.server().to_owned(), self.remote.options().clone());
        if args.once || !io::stdout().is_terminal() {
            let text = top::once(&source, args)?;
            cli::output::print(text.as_bytes());
            return Ok(());
        }
        top::watch(source, args)
    }

    fn ping(&mut self) -> anyhow::Result<()> {
        let round_trip = self.ask("no pong", |connection| {
            let asked = Instant::now();
            connection.ping().map(|()| asked.elapsed())
        })?;
        let elapsed_ms = round_trip.as_secs_f64() * 1000.0;
        let server = self.server();
        cli::outln!("pong from {server} in {elapsed_ms:.2} ms");
        Ok(())
    }

    fn digest(&mut self, name: &FileName) -> anyhow::Result<()> {
        let digest =
            self.ask(&format!("no digest of {name}"), |connection| connection.digest(name))?;
        // Two blanks, as sha256sum prints it.
        cli::outln!("{}  {name}", printable(&digest.digest));
        Ok(())
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

    fn answered<T>(&self, answer: Result<T, ClientError>, failed: &str) -> anyhow::Result<T> {
        answer.map_err(|err| match err {
            ClientError::Connect { .. } => anyhow!(err).context(failed.to_owned()),
            err => anyhow!(err).context(format!("{failed} at {}", self.server())),
        })
    }
}

/// The file, and how long it is if it is a regular one.
fn open(path: &Path) -> anyhow::Result<(File, Option<u64>)> {
    let found = fs::metadata(path)?;
    if found.is_dir() {
        bail!("it is a directory; name the files in it");
    }
    Ok((File::open(path)?, found.is_file().then_some(found.len())))
}

/// The name that a file is stored under unless another is given.
fn base_name(path: &Path) -> anyhow::Result<FileName> {
    let name = path.file_name().map(PathBuf::from).ok_or_else(|| anyhow!("it has no name"))?;
    let name = FileName::from_bytes(name.as_os_str().as_encoded_bytes());
    name.context("give it another NAME")
}

fn is_kept(failure: &anyhow::Error) -> bool {
    matches!(failure.downcast_ref(), Some(LocalFileError::Exists))
}

fn nobody_reads(failure: &anyhow::Error) -> bool {
    failure.downcast_ref::<io::Error>().is_some_and(|err| err.kind() == ErrorKind::BrokenPipe)
}

fn in_bytes(len: u64) -> String {
    format!("{len} {}", if len == 1 { "byte" } else { "bytes" })
}
