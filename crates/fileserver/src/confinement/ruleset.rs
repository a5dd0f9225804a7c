//! What Landlock leaves to a server: the files of its directory, those of its log, and reading `/proc`.
//!
//! Sockets and files that are open already stay usable, so accepting, logging and the scoreboard go
//! on as before.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, NetPort, PathBeneath, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
use nix::sys::prctl;
use storage::Directory;

/// What the server does with the files of its directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FileUse {
    Read,
    ReadAndReplace,
}

/// What is left to a process.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    /// The directory that it serves.
    pub(super) served: Option<(&'a Directory, FileUse)>,
    /// Directories of the log and of a database.
    pub(super) written: &'a [PathBuf],
    /// What the server connects to.
    pub(super) peers: &'a [Peer],
}

/// Somebody else's service that the server needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    what: &'static str,
    port: u16,
    /// Its address is looked up again with each connection, by its name.
    is_looked_up: bool,
}

impl Peer {
    pub(super) fn database(port: u16) -> Self {
        Self { what: "a database", port, is_looked_up: false }
    }

    pub(super) fn bucket(port: u16) -> Self {
        Self { what: "the bucket", port, is_looked_up: true }
    }
}

/// What the C library reads to find the address of a name.
const LOOKED_UP_IN: [&str; 6] = [
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
];

impl Rules<'_> {
    fn files(&self) -> String {
        let mut files = Vec::new();
        files.extend(self.served.map(|_| "the served directory"));
        files.extend((!self.written.is_empty()).then_some("that of the log or its database"));
        files.extend(self.looks_up().then_some("reading where names of machines are looked up"));
        files.push("reading /proc");
        listed(&files)
    }

    fn tcp(&self) -> String {
        let mut tcp = vec!["no TCP but for accepting".to_owned()];
        tcp.extend(
            self.peers.iter().map(|Peer { what, port, .. }| format!("port {port} of {what}")),
        );
        listed(&tcp)
    }

    fn looks_up(&self) -> bool {
        self.peers.iter().any(|peer| peer.is_looked_up)
    }
}

/// As a sentence has it: a, b and c.
fn listed(parts: &[impl AsRef<str>]) -> String {
    let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The newest version of Landlock whose restrictions this server was tested under (Linux 6.12).
const NEWEST: ABI = ABI::V6;

/// What older versions than these do not restrict.
const SINCE: [(ABI, &str); 4] = [
    (ABI::V3, "truncating files"),
    (ABI::V4, "TCP"),
    (ABI::V5, "commands to devices"),
    (ABI::V6, "signals and abstract sockets"),
];

/// Takes from the calling thread, and from what it starts, all that the rules do not leave to it. Rules
/// on top of others leave what both do.
pub(super) fn enforce(rules: &Rules<'_>) -> Result<RestrictionStatus, RulesetError> {
    // Without Landlock this still keeps set-user-id programs from giving rights back.
    if let Err(err) = prctl::set_no_new_privs() {
        tracing::warn!("cannot give up new privileges: {err}");
    }
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = read | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        // STATS reads CPU time, memory and the backlog there.
        .add_rules(path_beneath_rules(["/proc"], read))?
        .add_rules(path_beneath_rules(rules.written, write | AccessFs::Truncate))?;
    if let Some((directory, file_use)) = rules.served {
        let serve = match file_use {
            FileUse::Read => read,
            FileUse::ReadAndReplace => write,
        };
        ruleset = ruleset.add_rule(PathBeneath::new(directory, serve))?;
    }
    if rules.looks_up() {
        ruleset = ruleset.add_rules(path_beneath_rules(LOOKED_UP_IN, AccessFs::ReadFile))?;
    }
    for peer in rules.peers {
        ruleset = ruleset.add_rule(NetPort::new(peer.port, AccessNet::ConnectTcp))?;
    }
    ruleset.restrict_self()
}

/// Says what is enforced and what is not.
pub(super) fn log(rules: &Rules<'_>, outcome: Result<RestrictionStatus, RulesetError>) {
    let files = rules.files();
    let status = match outcome {
        Ok(status) => status,
        Err(err) => return tracing::warn!("not confined: {err}"),
    };
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => tracing::info!(
            "fully confined by Landlock: to {files}; \
             no programs, {}, no signals to other programs",
            rules.tcp()
        ),
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            tracing::info!(
                "partly confined by Landlock: to {files}; \
                 this kernel does not restrict {}",
                not_restricted(effective_abi).join(", ")
            );
        }
        (RulesetStatus::PartiallyEnforced | RulesetStatus::NotEnforced, _) => {
            tracing::warn!("not confined: this kernel has no Landlock, or it is switched off");
        }
    }
}

fn not_restricted(abi: ABI) -> Vec<&'static str> {
    SINCE.iter().filter(|(since, _)| abi < *since).map(|(_, what)| *what).collect()
}

#[cfg(test)]
mod tests;
