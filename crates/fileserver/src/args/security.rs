//! Options that say who may do what, to the server and with it.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityArgs {
    /// Ask for tokens: the file that `fileserver token new` adds to, read once at the start
    #[arg(long, value_name = "FILE", env = "FILESERVER_AUTH_FILE", global = true)]
    pub auth_file: Option<PathBuf>,

    /// Speak TLS with this certificate (PEM, its chain included); clients in plain text are then
    /// not served
    #[arg(long, value_name = "FILE", env = "FILESERVER_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", env = "FILESERVER_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Give up root for this user once the port is bound. The user must be able to read and write
    /// --dir and to read the files in it, and needs no other file (Linux)
    #[arg(long, value_name = "NAME", env = "FILESERVER_USER")]
    pub user: Option<String>,

    /// Keep every right of the user that runs the server. Otherwise it confines itself to --dir and
    /// to the directories of its log, as far as the kernel can: no other file, no program, no connection
    /// of its own (Linux)
    #[arg(long, env = "FILESERVER_NO_CONFINEMENT", value_parser = BoolishValueParser::new())]
    pub no_confinement: bool,
}
