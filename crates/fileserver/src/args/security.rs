//! Options that say who may do what, to the server and with it.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityArgs {
    /// Ask clients for the tokens in this file
    ///
    /// `fileserver token new` adds to it. It is read once, at the start.
    #[arg(long, value_name = "FILE", global = true)]
    pub auth_file: Option<PathBuf>,

    /// Speak TLS with this certificate, and refuse plain text
    ///
    /// A PEM file: the server's certificate, then the certificate that signed it, and so on.
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Change from root to this user once the port is bound (Linux)
    ///
    /// The user must be able to read and write the directory and to read the files in it. Other files are
    /// not needed.
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub user: Option<String>,

    /// Keep all rights of the user that runs the server (Linux)
    ///
    /// By default the server confines itself to the served directory and the directories of its log, as
    /// far as the kernel can: it opens no other file, starts no program and makes no connection.
    #[arg(long, hide_short_help = true)]
    pub no_confinement: bool,
}
