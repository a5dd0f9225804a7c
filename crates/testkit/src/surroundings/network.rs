//! A network of one's own: with nothing in it but this machine, or with a way out that somebody watches.
//!
//! It takes a namespace, and so rights that not everybody has.

use std::{path::Path, process::Command, sync::OnceLock};

use super::skip;

/// Whatever a script starts ends with it, and it ends with the test.
const UNSHARE: [&str; 7] = ["-r", "-n", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"];

/// Gives the network a way out, of which the kernel itself makes no use. What is sent there is counted.
pub const WITH_A_WAY_OUT: &str = "
    set -e
    ip link set lo up
    ip link add out type veth peer name beyond
    for it in out beyond; do echo 1 > /proc/sys/net/ipv6/conf/$it/disable_ipv6; done
    ip addr add 10.77.0.1/24 dev out
    ip link set out up
    ip link set beyond up
    ip route add default via 10.77.0.2
";

/// What the shell prints that runs `script` in a network of its own, which has `variables`. `None` where
/// nobody may make one. A script that fails, or goes on for two minutes, is a failure of the test.
#[track_caller]
pub fn run(script: &str, variables: &[(&str, &Path)]) -> Option<String> {
    if !may_be_made() {
        skip("this user may not make networks, or there is no ip");
        return None;
    }
    let mut command = Command::new("timeout");
    command.args(["120", "unshare"]).args(UNSHARE).args(["-c", script]);
    command.envs(variables.iter().copied());
    let output = command.output().expect("timeout and unshare are there");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{printed}\n{said}", output.status);
    Some(printed)
}

fn may_be_made() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let mut probe = Command::new("unshare");
        probe.args(UNSHARE).args(["-c", "ip link add near type veth peer name far"]);
        probe.output().is_ok_and(|output| output.status.success())
    })
}

/// Packets that were given to [the way out](WITH_A_WAY_OUT), in `/proc/net/dev` as it was printed.
#[track_caller]
pub fn packets_out(printed: &str) -> u64 {
    let line = printed.lines().find_map(|line| line.trim().strip_prefix("out:"));
    let line = line.unwrap_or_else(|| panic!("no counts of the way out: {printed}"));
    let sent = line.split_whitespace().nth(9).and_then(|packets| packets.parse().ok());
    sent.unwrap_or_else(|| panic!("no count of packets: {line}"))
}
