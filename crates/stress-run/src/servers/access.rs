//! How clients talk to the server: what ends a request, TLS, and the token, in this process and in those of
//! a pool.

use std::process::Command;

use anyhow::{Context, anyhow};
use clap::{Arg, Args};
use cli::{ConnectionArgs, Secret};
use client::{ConnectionOptions, Tls, token};

/// Where a client process finds its token: others may see its command line.
const WORKER_TOKEN: &str = "STRESS_WORKER_TOKEN";

/// By default that of servers that stress-run starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    options: ConnectionOptions,
    arguments: ConnectionArgs,
}

/// What a client process is told of it.
#[derive(Clone, Debug, Default, Args)]
#[command(mut_args(of_worker))]
pub(crate) struct WorkerAccess {
    #[command(flatten)]
    connection: ConnectionArgs,
}

fn of_worker(argument: Arg) -> Arg {
    if argument.get_id() == "token" { argument.env(WORKER_TOKEN) } else { argument }
}

impl Access {
    /// Reads the files that the arguments name.
    pub(crate) fn of(arguments: ConnectionArgs) -> anyhow::Result<Self> {
        if let Some(misuse) = arguments.misuse() {
            return Err(anyhow!(misuse));
        }
        let ConnectionArgs { framing, tls, ca, token: said, token_file } = &arguments;
        let trust = tls.then(|| Tls::trusting(ca.as_deref())).transpose();
        let options = ConnectionOptions {
            framing: framing.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            tls: trust.context("nobody to trust")?,
            token: token(said.as_ref().map(Secret::reveal), token_file.as_deref())?,
            ..ConnectionOptions::default()
        };
        Ok(Self { options, arguments })
    }

    pub(crate) fn of_worker(worker: WorkerAccess) -> anyhow::Result<Self> {
        Self::of(worker.connection)
    }

    /// For a connection, without limits of its own.
    pub(crate) fn options(&self) -> ConnectionOptions {
        self.options.clone()
    }

    /// For a client process, which takes it as [`WorkerAccess`].
    pub(crate) fn pass_on(&self, command: &mut Command) {
        self.arguments.pass_on(command, WORKER_TOKEN);
    }

    /// Whether it is more than a server that stress-run starts asks for.
    pub(crate) fn is_special(&self) -> bool {
        let ConnectionOptions { framing, token, tls, .. } = &self.options;
        tls.is_some() || token.is_some() || *framing != Default::default()
    }
}
