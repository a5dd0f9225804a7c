//! The wire behaviour of the course's client and of the seeds' clients: a connection for each
//! command, often no ending, and a reply that is read 16 bytes at a time.

use testkit::{Reply, Server, base64, content};

use crate::{Model, stop_cleanly};

for_every_model_and_store!(
    unended_commands_work_with_5_bytes,
    unended_commands_work_with_300_kib,
    unended_commands_work_with_20_mib,
    ended_commands_work_with_5_bytes,
    ended_commands_work_with_300_kib,
    ended_commands_work_with_20_mib,
);

fn unended_commands_work_with_5_bytes(model: Model) {
    every_command_works(model, 5, "");
}

fn unended_commands_work_with_300_kib(model: Model) {
    every_command_works(model, 300 << 10, "");
}

fn unended_commands_work_with_20_mib(model: Model) {
    every_command_works(model, 20 << 20, "");
}

fn ended_commands_work_with_5_bytes(model: Model) {
    every_command_works(model, 5, "\r\n\r\n");
}

fn ended_commands_work_with_300_kib(model: Model) {
    every_command_works(model, 300 << 10, "\r\n\r\n");
}

fn ended_commands_work_with_20_mib(model: Model) {
    every_command_works(model, 20 << 20, "\r\n\r\n");
}

fn every_command_works(model: Model, len: usize, ending: &str) {
    let server = model.start();
    let content = content(1, len);
    let command = |command: &str| send_command(&server, &format!("{command}{ending}"));
    assert_eq!(command("LIST").text(), r#"{"status":"OK","data":[]}"#);
    let stored = command(&format!("UPLOAD file.bin \"{}\"", base64(&content)));
    assert_eq!(stored["data_size"], len);
    assert_eq!(command("LIST").text(), r#"{"status":"OK","data":["file.bin"]}"#);
    let sent = command("GET file.bin");
    assert_eq!(sent["data_namafile"], "file.bin");
    assert!(sent.content() == content);
    assert_eq!(command("DELETE file.bin").outcome(), "OK");
    assert_eq!(command("GET file.bin").outcome(), "not-found");
    stop_cleanly(server);
}

fn send_command(server: &Server, command: &str) -> Reply {
    let mut peer = server.connect();
    peer.send(command);
    peer.read_reply()
}
