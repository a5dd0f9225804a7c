//! Garage, a server that speaks S3, where its program is installed.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
};

use tempfile::TempDir;

use super::Process;
use crate::{
    s3::{self, Environment},
    surroundings::skip,
    wait::{PATIENCE, eventually},
};

/// Who may come, in the form that Garage wants.
const KEY_ID: &str = "GK0123456789abcdef01234567";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// It listens on this machine alone. It ends when dropped, and when the test is killed.
#[derive(Debug)]
pub struct Garage {
    dir: TempDir,
    address: SocketAddr,
    /// None while it is killed.
    server: Option<Process>,
}

impl Garage {
    /// A server with one empty bucket. `None` where the program is missing, which is said.
    #[track_caller]
    pub fn start() -> Option<Self> {
        if Command::new("garage").arg("--version").output().is_err() {
            skip("no Garage is installed (cargo install garage)");
            return None;
        }
        let dir = TempDir::with_prefix("kolam-garage-").expect("a temporary directory can be made");
        // It does not tell the port that it is given where it asks for any.
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let settings = format!(
            "metadata_dir = {meta:?}\n\
             data_dir = {data:?}\n\
             db_engine = \"sqlite\"\n\
             replication_factor = 1\n\
             rpc_bind_addr = \"127.0.0.1:0\"\n\
             rpc_public_addr = \"127.0.0.1:0\"\n\
             rpc_secret = \"{SECRET}\"\n\
             [s3_api]\n\
             api_bind_addr = \"{address}\"\n\
             s3_region = \"us-east-1\"\n",
            meta = dir.path().join("meta"),
            data = dir.path().join("data"),
        );
        fs::write(dir.path().join("garage.toml"), settings).expect("the directory is writable");
        let mut this = Self { dir, address, server: None };
        this.start_again();
        Some(this)
    }

    /// What a server of files needs in its environment.
    pub fn environment(&self) -> Environment {
        s3::environment(self.address, KEY_ID, SECRET)
    }

    /// As a loss of power would: without a word to anyone. What was stored stays.
    #[track_caller]
    pub fn kill(&mut self) {
        drop(self.server.take().expect("it runs"));
    }

    /// Serves on its port, what it had stored too.
    #[track_caller]
    pub fn start_again(&mut self) {
        assert!(self.server.is_none(), "it still runs");
        self.server = Some(Process::start("garage", |command| {
            command.arg("-c").arg(self.dir.path().join("garage.toml"));
            command.args(["server", "--single-node", "--default-bucket"]);
            command.env("GARAGE_DEFAULT_ACCESS_KEY", KEY_ID);
            command
                .env("GARAGE_DEFAULT_SECRET_KEY", SECRET)
                .env("GARAGE_DEFAULT_BUCKET", s3::BUCKET);
        }));
        eventually(PATIENCE, "Garage listens", || TcpStream::connect(self.address).is_ok());
    }
}
