//! TLS on both sides of the balancer: the options, and what the files that they name said last.
//!
//! Connections begin with what was read last, and keep it while they are open.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use clap::ValueHint;
use cli::{TlsArgs, TlsError};
use client::{Tls, TrustError};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

const HEADING: &str = "TLS, at level request";

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = HEADING, mut_args(cli::rare(HEADING)))]
pub(crate) struct SecurityArgs {
    #[command(flatten)]
    pub(crate) clients: TlsArgs,

    /// Speak TLS with the backends, and check that each has a certificate for its host
    ///
    /// What check= names is asked in plain text. At level connection TLS passes through as it comes.
    #[arg(long)]
    pub(crate) backend_tls: bool,

    /// PEM file of whom to trust with --backend-tls: an authority, or the backends' self-signed certificates
    /// [default: the authorities that the system trusts]
    ///
    /// SIGHUP and `ctl reload` read this file, --tls-cert and --tls-key again; when one is wrong, nothing
    /// changes.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "backend_tls")]
    pub(crate) backend_ca: Option<PathBuf>,
}

impl SecurityArgs {
    pub(crate) fn is_used(&self) -> bool {
        self.clients.tls_cert.is_some() || self.backend_tls
    }

    fn read(&self) -> Result<Certificates, SecurityError> {
        let trust = || Tls::trusting(self.backend_ca.as_deref());
        Ok(Certificates {
            of_clients: self.clients.server_config()?,
            of_backends: self.backend_tls.then(trust).transpose().map_err(SecurityError::Trust)?,
        })
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let TlsArgs { tls_cert, tls_key } = &self.clients;
        [tls_cert, tls_key, &self.backend_ca].into_iter().filter_map(|path| path.as_deref())
    }
}

/// Why TLS cannot be spoken as the files have it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecurityError {
    #[error(transparent)]
    Certificate(#[from] TlsError),
    #[error("--backend-ca")]
    Trust(#[source] TrustError),
    #[error("{} is no file, so it cannot be read again", .0.display())]
    NoFile(PathBuf),
}

/// What the files say.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// What is spoken with clients, where that is not plain text.
    of_clients: Option<Arc<ServerConfig>>,
    /// Whom to trust among the backends, where plain text is not what they speak.
    of_backends: Option<Tls>,
}

/// What is spoken on connections that begin now.
#[derive(Debug)]
pub(crate) struct Security {
    args: SecurityArgs,
    in_force: RwLock<Certificates>,
}

impl Security {
    pub(crate) fn new(args: SecurityArgs) -> Result<Self, SecurityError> {
        Ok(Self { in_force: RwLock::new(args.read()?), args })
    }

    pub(crate) fn is_used(&self) -> bool {
        self.args.is_used()
    }

    /// What is spoken with clients, `None` where that is plain text.
    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.with(|it| it.of_clients.clone().map(TlsAcceptor::from))
    }

    /// Whom to trust among the backends, `None` where they are spoken with in plain text.
    pub(crate) fn trust(&self) -> Option<Tls> {
        self.with(|it| it.of_backends.clone())
    }

    fn with<T>(&self, take: impl FnOnce(&Certificates) -> T) -> T {
        take(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files once more, and leaves in force what is. What is no file may never come to an end, and
    /// everybody waits for that.
    pub(crate) fn read_again(&self) -> Result<Certificates, SecurityError> {
        for path in self.args.files() {
            if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
                return Err(SecurityError::NoFile(path.to_owned()));
            }
        }
        self.args.read()
    }

    pub(crate) fn put_into_force(&self, certificates: Certificates) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = certificates;
    }
}
