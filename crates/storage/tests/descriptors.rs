//! A process without descriptors to spare. A test of its own, because the limit is the process's.

use std::fs::File;

use protocol::ErrorCode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use storage::{Directory, DirectoryOptions, IfExists};
use tempfile::TempDir;

#[test]
fn without_descriptors_the_server_is_busy_and_recovers() {
    let limit = Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
    let temp = TempDir::new().unwrap();
    let usage = Box::leak(Box::default());
    let directory = Directory::open(temp.path(), &DirectoryOptions::default(), usage).unwrap();
    let store = || directory.create("a.txt".parse().unwrap(), IfExists::Replace)?.commit();
    store().unwrap();

    let name = "a.txt".parse().unwrap();
    let mut held: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    for spare in 0..2 {
        assert_eq!(store().unwrap_err().code(), ErrorCode::Busy, "{spare} to spare");
        if spare == 0 {
            assert_eq!(directory.read(&name).unwrap_err().code(), ErrorCode::Busy);
            assert_eq!(directory.list().unwrap_err().code(), ErrorCode::Busy);
            assert_eq!(directory.delete(&name).unwrap_err().code(), ErrorCode::Busy);
        }
        held.pop();
    }
    drop(held);
    store().unwrap();
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
}
