//! Who may read and write a file stays as it was, whoever replaces its content.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
};

use nix::unistd::geteuid;

use crate::{Model, stop_cleanly};

for_every_model!(
    a_replaced_file_keeps_its_owner_and_its_mode,
    a_file_that_the_server_may_not_write_is_answered_read_only,
);

/// Everyone's least privileged user, and its number.
const NOBODY: &str = "nobody";
const NOBODY_ID: u32 = 65534;

fn a_replaced_file_keeps_its_owner_and_its_mode(model: Model) {
    for durability in ["none", "full"] {
        let server = model.server().args(["--durability", durability]).start();
        for (mode, name) in [(0o640, "a.txt"), (0o600, "b.txt"), (0o666, "c.txt")] {
            server.place(name, b"old");
            let path = server.dir().join(name);
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            if geteuid().is_root() {
                chown(&path, Some(NOBODY_ID), Some(NOBODY_ID)).unwrap();
            }
            let before = fs::metadata(&path).unwrap();
            assert_eq!(server.ask(&format!("UPLOAD {name} aGVsbG8=")).outcome(), "OK");
            let after = fs::metadata(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"hello");
            assert_eq!(after.mode(), before.mode(), "{name}");
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()), "{name}");
        }
        stop_cleanly(server);
    }
}

fn a_file_that_the_server_may_not_write_is_answered_read_only(model: Model) {
    // Root may write everything.
    if !geteuid().is_root() {
        return;
    }
    let server = model.server().owned_by(NOBODY_ID).args(["--user", NOBODY]).start();
    server.place("roots.txt", b"old");
    for request in ["UPLOAD roots.txt aGVsbG8=", "DELETE roots.txt"] {
        let reply = server.ask(request);
        assert_eq!(reply.outcome(), "read-only", "{request}");
        assert!(reply["data"].as_str().unwrap().contains("roots.txt"), "{}", reply.text());
    }
    assert_eq!(server.stored("roots.txt").unwrap(), b"old");
    assert_eq!(server.ask("UPLOAD mine.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("UPLOAD mine.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("DELETE mine.txt").outcome(), "OK");
    stop_cleanly(server);
}
