//! Options that say who may do what, to the server and with it.

use std::path::PathBuf;

use cli::TlsArgs;
use serving::Network;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityArgs {
    /// Ask clients for the tokens in this file
    ///
    /// `fileserver token new` adds to it. It is read once, at the start.
    #[arg(long, value_name = "FILE", global = true)]
    pub auth_file: Option<PathBuf>,

    #[command(flatten)]
    pub tls: TlsArgs,

    /// Take the addresses of clients from the proxy at this address or network (PROXY protocol v2)
    ///
    /// Each connection from there must begin with a header of that protocol. Log, limits and counts are then
    /// about the client that it names. Whoever can connect from there can name anyone. May be given again.
    #[arg(long, hide_short_help = true, value_name = "ADDRESS", value_delimiter = ',')]
    pub accept_proxy: Vec<Network>,

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
