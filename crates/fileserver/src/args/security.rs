//! Options that say who may do what, to the server and with it.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityArgs {
    /// Ask for tokens: the file that `fileserver token new` adds to, read once at the start
    #[arg(long, value_name = "FILE", env = "FILESERVER_AUTH_FILE", global = true)]
    pub auth_file: Option<PathBuf>,

    /// Speak TLS with this certificate, and with nobody in plain text
    ///
    /// A PEM file: the server's certificate, then that of whoever signed it, and so on.
    #[arg(long, value_name = "FILE", env = "FILESERVER_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", env = "FILESERVER_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Give up root for this user once the port is bound (Linux)
    ///
    /// The user must be able to read and write the directory and to read the files in it, and needs no
    /// other file.
    #[arg(long, value_name = "NAME", env = "FILESERVER_USER")]
    pub user: Option<String>,

    /// Keep every right of the user that runs the server (Linux)
    ///
    /// Without this it confines itself to the served directory and to those of its log, as far as the
    /// kernel can: no other file, no program, no connection of its own.
    #[arg(long, env = "FILESERVER_NO_CONFINEMENT", value_parser = BoolishValueParser::new())]
    pub no_confinement: bool,
}
