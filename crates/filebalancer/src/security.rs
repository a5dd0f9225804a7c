//! TLS on both sides of the balancer.

use std::path::PathBuf;

use clap::ValueHint;
use cli::TlsArgs;
use client::{Tls, TrustError};

const HEADING: &str = "TLS, at level request";

#[derive(Debug, clap::Args)]
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
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "backend_tls")]
    pub(crate) backend_ca: Option<PathBuf>,
}

impl SecurityArgs {
    pub(crate) fn is_used(&self) -> bool {
        self.clients.tls_cert.is_some() || self.backend_tls
    }

    /// Whom to trust among the backends, `None` where they are spoken with in plain text. Reads the file.
    pub(crate) fn trusted_backends(&self) -> Result<Option<Tls>, TrustError> {
        self.backend_tls.then(|| Tls::trusting(self.backend_ca.as_deref())).transpose()
    }
}
