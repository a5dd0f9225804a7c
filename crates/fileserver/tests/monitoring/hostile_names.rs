//! What clients send is one escaped line in the log, and no secret is in it.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;
use testkit::Server;

use crate::{
    Model,
    records::{Records, await_requests, documented_line, events, lines, of_kind},
};

for_every_model!(
    no_name_of_a_client_is_more_than_one_line_or_moves_the_cursor,
    neither_a_wrong_token_nor_a_word_that_is_no_verb_is_written_down,
);

/// What stands behind `GET `, and the name that the log has for it.
fn names() -> Vec<(Vec<u8>, String)> {
    let same = |name: &str| (name.as_bytes().to_vec(), name.to_owned());
    vec![
        same("\u{1b}]0;title\u{7}.txt"),
        same("\u{1b}[2J\u{1b}[31m.txt"),
        same("c1\u{9b}31m.txt"),
        same("abc\u{202e}txt.exe"),
        same("zero\u{200b}width"),
        same("back\\slash=\u{e9}\u{1f600}"),
        same("tab\tand\u{0}zero"),
        same("2026-11-20 15:00:00,123 - thread-3 - INFO - closed connection=1 outcome=ok"),
        (br#""quoted \"name\".txt""#.to_vec(), r#"quoted "name".txt"#.to_owned()),
        (b"latin-\xe9.txt".to_vec(), "latin-\u{fffd}.txt".to_owned()),
        (vec![b'n'; 4000], "n".repeat(255)),
    ]
}

fn ask_for_all(server: &Server) {
    for (name, _) in names() {
        let mut peer = server.connect();
        peer.send([b"GET ", &name[..], b"\r\n\r\n"].concat());
        assert_ne!(peer.read_reply().outcome(), "OK", "{}", name.escape_ascii());
    }
}

fn no_name_of_a_client_is_more_than_one_line_or_moves_the_cursor(model: Model) {
    let records = Records::new();
    let server = model.server().args(records.json_log()).start();
    ask_for_all(&server);
    let events = await_requests(&records.log(), names().len());
    let file = |event: &&Value| event["file"].as_str().unwrap().to_owned();
    // Workers tell what they have done after their clients know it.
    let logged: BTreeSet<_> = of_kind(&events, "request").iter().map(file).collect();
    assert_eq!(logged, names().into_iter().map(|(_, name)| name).collect());

    let records = Records::new();
    let mut server = model.server().args(records.text_log()).start();
    ask_for_all(&server);
    assert_eq!(server.stop().exit_code, Some(0));
    let mut requests = 0;
    for line in lines(&records.log()) {
        let Some(fields) = documented_line().captures(&line) else { panic!("not a line: {line}") };
        requests += usize::from(fields.name("event").is_some_and(|it| it.as_str() == "request"));
        let is_seen = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
        assert!(line.chars().all(is_seen), "{line:?}");
    }
    assert_eq!(requests, names().len());
}

fn neither_a_wrong_token_nor_a_word_that_is_no_verb_is_written_down(model: Model) {
    let records = Records::new();
    let tokens = records.dir().join("tokens");
    let made = Command::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["token", "new", "ann", "--auth-file", tokens.to_str().unwrap()])
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap().trim_end().to_owned();
    let builder = model.server().args(["--log-level", "trace"]).args(records.json_log());
    let mut server = builder.args(["--auth-file", tokens.to_str().unwrap()]).start();
    let mut peer = server.connect();
    assert_eq!(peer.request(&format!("AUTH {token}")).outcome(), "OK");
    assert_eq!(peer.request("GET ../nothing").outcome(), "bad-name");
    let wrong = token.to_uppercase();
    for head in [format!("AUTH {wrong}"), format!("AUTH {token} {token}"), token.clone()] {
        assert_ne!(server.ask(&head).outcome(), "OK");
    }
    drop(peer);
    assert_eq!(server.stop().exit_code, Some(0));
    let text = lines(&records.log()).join("\n");
    assert!(!text.contains(&token) && !text.contains(&wrong), "{text}");
    let events = events(&records.log());
    assert_eq!(of_kind(&events, "authenticated")[0]["user"], "ann");
    assert_eq!(of_kind(&events, "auth-failed").len(), 1);
    let requests = of_kind(&events, "request");
    let of = |command: &str| *requests.iter().find(|it| it["command"] == command).unwrap();
    assert_eq!((&of("GET")["user"], &of("GET")["file"]), (&"ann".into(), &"../nothing".into()));
    assert_eq!((&of("unknown")["file"], requests.len()), (&Value::Null, 5));
}
