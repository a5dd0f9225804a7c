//! Many files at once.

use super::{link::fileserver, *};

#[test]
fn all_stored_files_are_downloaded_or_those_with_such_names() {
    let server = fileserver().start();
    for (seed, name) in ["a.txt", "b.txt", "c d.bin"].into_iter().enumerate() {
        server.place(name, &testkit::content(seed as u64, 100_000));
    }
    let address = server.address().to_string();
    for (patterns, expected) in [
        (&[][..], &["a.txt", "b.txt", "c d.bin"][..]),
        (&["*.txt"], &["a.txt", "b.txt"]),
        (&["c*", "b.txt"], &["b.txt", "c d.bin"]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("to")).unwrap();
        let mut command = fileclient_that_asks(&address, directory.path());
        command.args(["get", "-r", "-o", "to"]).args(patterns);
        let (code, out, err) = told(command.output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{patterns:?}");
        assert_eq!(out.lines().count(), expected.len(), "{out}");
        assert_eq!(names(&directory.path().join("to")), expected);
        for name in expected {
            let came = fs::read(directory.path().join("to").join(name)).unwrap();
            assert!(Some(came) == server.stored(name), "{name}");
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let (code, _, err) = run(&address, directory.path(), &["get", "-r", "*.zip"]);
    assert!(code == 1 && err.contains("no stored file has such a name"), "{err}");
}

#[test]
fn the_files_of_a_directory_are_uploaded_and_nothing_else_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let sent = directory.path().join("sent");
    fs::create_dir_all(sent.join("deeper")).unwrap();
    for name in ["sent/b", "sent/a", "sent/.hidden", "sent/deeper/c", "d"] {
        fs::write(directory.path().join(name), name).unwrap();
    }
    let server = fileserver().start();
    let address = server.address().to_string();
    let (code, out, err) = run(&address, directory.path(), &["upload", "-r", "sent", "d"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "stored a (6 bytes)\nstored b (6 bytes)\nstored d (1 byte)\n");
    assert_eq!(names(server.dir()), ["a", "b", "d"]);
    let (code, _, err) = run(&address, directory.path(), &["upload", "sent"]);
    assert!(code == 1 && err.contains("it is a directory"), "{err}");
}

#[test]
fn a_name_that_can_be_none_here_is_a_failure_and_the_others_come() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::start(1, |_, stream| {
        let mut requests = read_request(stream);
        let list = "{\"status\":\"OK\",\"files\":[{\"filename\":\"../x\",\"size\":5},\
                    {\"filename\":\"a\",\"size\":5}]}\r\n\r\n";
        stream.write_all(list.as_bytes()).unwrap();
        requests.push_str(&read_request(stream));
        stream.write_all(file_reply("a").as_bytes()).unwrap();
        requests
    });
    let (code, out, err) = run(&server.address, directory.path(), &["get", "-r"]);
    assert_eq!((code, out.as_str()), (1, "saved a (5 bytes)\n"));
    assert!(err.starts_with("error: cannot get ../x: ") && err.lines().count() == 1, "{err}");
    assert_eq!(server.finish(), ["LIST -l\r\n\r\nGET a\r\n\r\n"]);
    assert_eq!(names(directory.path()), ["a"]);
}

#[test]
fn what_fits_not_together_with_many_files_is_bad_usage() {
    let directory = tempfile::tempdir().unwrap();
    for args in [
        &["get"][..],
        &["get", "-r", "-o", "not-there"],
        &["get", "-r", "-o", "-"],
        &["upload", "-r", "sent", "--as", "a"],
    ] {
        assert_eq!(run("127.0.0.1:1", directory.path(), args).0, 2, "{args:?}");
    }
}
