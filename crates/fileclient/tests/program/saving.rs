//! What `get` does to files that are there.

use std::{
    os::unix::{
        fs::{PermissionsExt, chown, symlink},
        process::CommandExt,
    },
    thread,
};

use super::*;

fn with_mode(path: &Path, mode: u32) {
    fs::write(path, "old").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_download_keeps_the_older_files_permissions_and_its_link() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept");
    with_mode(&file, 0o600);
    symlink("kept", directory.path().join("a.txt")).unwrap();
    let server = answering(file_reply("a.txt"));
    let (code, out, _) = run(&server.address, directory.path(), &["get", "a.txt"]);
    assert_eq!((code, out.as_str()), (0, "saved a.txt (5 bytes)\n"));
    assert_eq!(fs::read(&file).unwrap(), b"hello");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(names(directory.path()), ["a.txt", "kept"]);
}

#[test]
fn what_one_may_not_write_to_is_refused_before_anything_is_asked() {
    let nobody = 65534;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.txt");
    with_mode(&file, 0o444);
    let mut command = fileclient("127.0.0.1:1", directory.path());
    // Root may write everywhere, as with cp.
    if chown(directory.path(), Some(nobody), None).is_ok() {
        chown(&file, Some(nobody), None).unwrap();
        command.uid(nobody);
    }
    let (code, out, err) = told(command.args(["get", "a.txt"]).output().unwrap());
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("error: cannot save a.txt as a.txt: Permission denied"), "{err}");
    assert_eq!(
        (fs::read(&file).unwrap(), names(directory.path())),
        (b"old".into(), vec!["a.txt".into()])
    );
}

#[test]
fn with_no_clobber_a_file_that_is_there_is_skipped() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "old").unwrap();
    // One request comes, for the other file.
    let server = FakeServer::start(1, |_, stream| {
        let request = read_request(stream);
        stream.write_all(file_reply("b").as_bytes()).unwrap();
        request
    });
    let told = run(&server.address, directory.path(), &["get", "--no-clobber", "a", "b"]);
    let expected = (0, "saved b (5 bytes)\n", "skipped a: it is there already\n");
    assert_eq!((told.0, told.1.as_str(), told.2.as_str()), expected);
    assert_eq!(server.finish(), ["GET b\r\n\r\n"]);
    assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"old");
}

#[test]
fn a_place_that_can_hold_no_file_is_told_before_anything_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a.txt")).unwrap();
    for (args, sentence) in [
        (
            &["get", "b", "-o", "no/"][..],
            "cannot save b as no/: there is no directory no/; make it first",
        ),
        (
            &["get", "b", "-o", "no/b"],
            "cannot save b as no/b: there is no directory no; make it first",
        ),
        (&["get", "a.txt"], "it is a directory; name a file, or say with -o where to put it"),
    ] {
        let (code, out, err) = run("127.0.0.1:1", directory.path(), args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
        assert!(err.trim_end().ends_with(sentence), "{err}");
    }
    assert_eq!(names(directory.path()), ["a.txt"]);
}

#[test]
fn a_pipe_is_written_to_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    let server = answering(file_reply("a.txt"));
    let (code, out, _) = run(&server.address, directory.path(), &["get", "a.txt", "-o", "pipe"]);
    assert_eq!((code, out.as_str()), (0, "saved a.txt as pipe (5 bytes)\n"));
    assert_eq!(reader.join().unwrap(), b"hello");
    assert_eq!(names(directory.path()), ["pipe"]);
}
