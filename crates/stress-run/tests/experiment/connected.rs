//! Servers that are running already: ours with all that it may ask for, and others with less than it has.

use std::{fs, path::Path, process::Command};

use testkit::{Certificates, Server, ServerBuilder};

use super::{
    assert_good,
    foreign_server::{self, Fault},
    run::{self, Finished, Run},
};

#[test]
fn a_running_server_is_measured_and_left_as_it_was() {
    let run = Run::new();
    let server = ServerBuilder::new(run::fileserver()).args(["--workers", "2"]).start();
    server.place("mine.txt", b"stays");
    let address = server.address().to_string();
    let finished = run.finish(&["--connect", &address, "--volumes", "0.25", "--clients", "1,4"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-thread.csv"));
    assert_eq!(rows.len(), 4);
    assert_good(&rows);
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 1);
}

/// Which cells of a running server are measured: few.
const SMALL: [&str; 4] = ["--volumes", "0.25", "--clients", "1,3"];

/// A server with TLS and tokens for reading and for both.
struct Guarded {
    server: Server,
    certificates: Certificates,
    reader: String,
    writer: String,
}

impl Guarded {
    fn start() -> Self {
        let certificates = Certificates::make();
        let builder = ServerBuilder::new(run::fileserver());
        let tokens = builder.dir().join(".tokens");
        let [reader, writer] = ["r", "rw"].map(|permission| new_token(&tokens, permission));
        let files = [certificates.cert(), certificates.key()];
        let [cert, key] = files.each_ref().map(|path| path.to_str().unwrap());
        let args = ["--auth-file", ".tokens", "--tls-cert", cert, "--tls-key", key];
        let server = builder.args(args).start();
        server.place("mine.txt", b"stays");
        Self { server, certificates, reader, writer }
    }

    fn measure(&self, run: &Run, token: Option<&str>, args: &[&str]) -> Finished {
        let (address, ca) = (self.server.address().to_string(), self.certificates.ca());
        let secured = ["--connect", &address, "--tls", "--ca", ca.to_str().unwrap()];
        let token: Vec<(&str, &str)> =
            token.into_iter().map(|token| ("STRESS_TOKEN", token)).collect();
        run.finish_with(&[&secured, &SMALL[..], args].concat(), &token)
    }
}

/// Makes a token as an operator would.
fn new_token(file: &Path, permission: &str) -> String {
    let output = Command::new(run::fileserver())
        .args(["token", "new", permission, "--permission", permission, "--auth-file"])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn a_server_with_tls_and_tokens_is_measured_by_both_kinds_of_clients() {
    let guarded = Guarded::start();
    for pool in ["thread", "process"] {
        let run = Run::new();
        let args = ["--client-pool", pool, "--encoding", "base64,raw"];
        let finished = guarded.measure(&run, Some(&guarded.writer), &args);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let suffix = if pool == "process" { "-process-clients" } else { "" };
        for table in ["thread", "thread-raw"] {
            let rows = run::rows(&run.latest(&format!("table-{table}{suffix}.csv")));
            assert_eq!(rows.len(), 4);
            assert_good(&rows);
        }
        let ceilings = run::rows(&run.latest("ceilings.csv"));
        assert_eq!(ceilings.len(), 8, "the null server asks for nothing: {ceilings:?}");
        assert!(run.latest("environment.json").contains(r#""tls": true"#));
    }
    let names = fs::read_dir(guarded.server.dir()).unwrap();
    assert_eq!(names.count(), 2, "the tokens and its own file");
}

#[test]
fn a_run_goes_on_with_the_server_if_it_is_told_again_how_to_talk_to_it() {
    let guarded = Guarded::start();
    let run = Run::new();
    let finished = guarded.measure(&run, Some(&guarded.writer), &["--ops", "upload"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    // As if it had been stopped before its last cell.
    let cells = run.latest("cells.csv");
    let whole = cells.trim_end();
    let kept = &whole[..=whole.rfind('\n').unwrap()];
    fs::write(run.out().join("latest/cells.csv"), kept).unwrap();
    let ca = guarded.certificates.ca();
    let secured = ["--tls", "--ca", ca.to_str().unwrap()];
    let stranger = run.resume(&secured);
    assert_eq!(stranger.code, Some(2), "{}", stranger.stderr);
    assert!(stranger.stderr.contains("--token-file FILE"), "{}", stranger.stderr);
    let token = ["--token", guarded.writer.as_str()];
    let resumed = run.resume(&[&secured[..], &token].concat());
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(run.cells(), 2);
}

#[test]
fn a_token_of_the_command_line_is_in_no_file_of_the_run() {
    let guarded = Guarded::start();
    let run = Run::new();
    let args = ["--token", &guarded.writer, "--ops", "download"];
    assert_eq!(guarded.measure(&run, None, &args).code, Some(0));
    assert!(run.latest("environment.json").contains(r#""--token","#));
    for file in fs::read_dir(run.out().join("latest")).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        assert!(!content.windows(guarded.writer.len()).any(|it| it == guarded.writer.as_bytes()));
    }
}

#[track_caller]
fn expect_refused(run: &Run, finished: &Finished, sentence: &str) {
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains(sentence), "{}", finished.stderr);
    assert!(!run.out().exists(), "{}", finished.stderr);
}

#[test]
fn a_server_that_cannot_be_measured_is_refused_before_anything_is_written() {
    let guarded = Guarded::start();
    for (token, sentence) in [
        (None, "; give a token that the server knows, with --token-file FILE"),
        (Some("wrong"), "; give a token that the server knows, with --token-file FILE"),
        (Some(guarded.reader.as_str()), "; use a token that allows it"),
    ] {
        let run = Run::new();
        expect_refused(&run, &guarded.measure(&run, token, &[]), sentence);
    }
    let (run, address) = (Run::new(), guarded.server.address().to_string());
    let plain = run.finish(&["--connect", &address]);
    expect_refused(&run, &plain, "the server may want --tls");
    let server = ServerBuilder::new(run::fileserver()).args(["--read-only"]).start();
    let address = server.address().to_string();
    for (args, sentence) in [
        (&[][..], "(--file NAME measures downloads of a file that it has)"),
        (&["--servers", "7"], "has 5 workers, and --servers says 7"),
        (&["--servers", "1,5"], "runs already, with one number of workers"),
        (&["--file", "not-there.bin"], "cannot measure downloads of not-there.bin"),
        (&["--tls"], "the server does not speak TLS"),
    ] {
        let finished = run.finish(&[&["--connect", &address], args].concat());
        expect_refused(&run, &finished, sentence);
    }
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
}

#[test]
fn a_server_that_says_nothing_is_refused_before_anything_is_written() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let _accepts_and_says_nothing = foreign_server::hold(listener);
    let run = Run::new();
    let finished = run.finish(&["--connect", &address, "--timeout", "1"]);
    expect_refused(&run, &finished, "cannot store files on the server at");
}

#[test]
fn downloads_of_its_own_file_are_measured_where_a_server_stores_nothing() {
    let server = ServerBuilder::new(run::fileserver()).args(["--read-only"]).start();
    server.place("mine.bin", &testkit::content(1, 262_144));
    let (run, address) = (Run::new(), server.address().to_string());
    let args = ["--connect", &address, "--file", "mine.bin", "--clients", "1,3"];
    let finished = run.finish(&args);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-thread.csv"));
    assert_eq!(rows.len(), 2);
    assert_good(&rows);
    assert_eq!(run.latest("ceilings.csv").lines().count(), 1 + 2, "{}", finished.stderr);
    let refused = run.finish(&[&args[..], &["--ops", "upload"]].concat());
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("leave upload out of --ops"), "{}", refused.stderr);
}

#[test]
fn a_server_that_tells_no_number_of_workers_is_measured_without_one() {
    let run = Run::new();
    let address = foreign_server::start(Fault::KeepsFiles);
    let file = foreign_server::NAME;
    let finished = run.finish(&["--connect", &address, "--file", file, "--clients", "2"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("with an unknown number of workers"), "{}", finished.stderr);
    let row = &run::rows(&run.latest("table-server.csv"))[0];
    assert_eq!((row[4].as_str(), row[7].as_str()), ("", "2 succeeded, 0 failed"));
    let mut report = Command::new(run::stress_run());
    assert!(report.arg("report").arg(run.out().join("latest")).output().unwrap().status.success());
}

#[test]
fn what_a_server_could_not_delete_is_named() {
    let run = Run::new();
    let address = foreign_server::start(Fault::KeepsFiles);
    let finished = run.finish(&[&["--connect", &address], &SMALL[..]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let told = "the server still has these files of stress-run: ";
    let line = finished.stderr.lines().find_map(|line| line.strip_prefix(told)).unwrap();
    let mut names: Vec<&str> = line.split(", ").collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "stress-check.bin",
            "stress-download-262144.bin",
            "stress-upload-1-1.bin",
            "stress-upload-1-2.bin",
            "stress-upload-1-3.bin",
        ]
    );
}

fn upload_to(fault: Fault, volume: &str) -> (Run, Finished) {
    let run = Run::new();
    let address = foreign_server::start(fault);
    let args = ["--connect", &address, "--ops", "upload", "--clients", "1", "--volumes", volume];
    let finished = run.finish(&args);
    (run, finished)
}

#[test]
fn a_server_that_names_another_size_than_was_sent_makes_the_run_invalid() {
    let (run, finished) = upload_to(Fault::NamesOneByte, "0.25");
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(run.latest("cells.csv").contains("wrong-content 1"), "{}", run.latest("cells.csv"));
}

#[test]
fn an_upload_that_is_confirmed_before_its_last_byte_has_failed() {
    // More than the buffers of both sides hold.
    let (run, finished) = upload_to(Fault::AnswersEarly, "32");
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(run.latest("cells.csv").contains("early 1"), "{}", run.latest("cells.csv"));
}

#[test]
fn a_stalled_server_costs_the_timeout_and_fails_every_client() {
    let address = foreign_server::start(Fault::StallsDownloads);
    let run = Run::new();
    let finished = run.finish(&[
        "--connect",
        &address,
        "--timeout",
        "1",
        "--servers",
        "1",
        "--volumes",
        "0.25",
        "--clients",
        "3",
        "--ops",
        "download",
    ]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let row = &run::rows(&run.latest("table-server.csv"))[0];
    assert_eq!((row[5].as_str(), row[6].as_str()), ("", ""));
    assert_eq!((row[7].as_str(), row[8].as_str()), ("0 succeeded, 3 failed", ""));
    assert!(run.latest("cells.csv").contains("deadline 3"), "{}", run.latest("cells.csv"));
}
