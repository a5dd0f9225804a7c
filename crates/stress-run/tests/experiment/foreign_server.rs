//! A server without STATS and DIGEST, as the course's are, that has one fault.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use testkit::base64;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Changes one byte of every file it gives back.
    WrongByte,
    /// Never answers a GET.
    StallsDownloads,
}

/// The file that it has from the start.
pub(crate) const NAME: &str = "contoh.bin";
pub(crate) const CONTENT: &[u8] = b"what was there before the run";

/// Downloads that wait for ever, of all servers of this program.
pub(crate) static STALLED: AtomicUsize = AtomicUsize::new(0);

type Files = Arc<Mutex<HashMap<String, String>>>;

/// Serves until the test ends; its address.
pub(crate) fn start(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let files = Files::default();
    files.lock().unwrap().insert(NAME.to_owned(), base64(CONTENT));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let files = Arc::clone(&files);
            // A client that leaves ends its thread; what that thread says is nobody's concern.
            thread::spawn(move || serve(stream.unwrap(), &files, fault));
        }
    });
    address
}

/// Accepts connections and never answers, while the result is kept.
pub(crate) fn hold(listener: TcpListener) -> thread::JoinHandle<Vec<TcpStream>> {
    thread::spawn(move || listener.incoming().map_while(Result::ok).collect())
}

fn serve(mut stream: TcpStream, files: &Files, fault: Fault) {
    while let Some(request) = read_request(&mut stream) {
        let words: Vec<&str> = request.split_whitespace().collect();
        let reply = match (&words[..], fault) {
            (["GET", _], Fault::StallsDownloads) => {
                STALLED.fetch_add(1, Relaxed);
                // The client is gone by then.
                thread::sleep(Duration::from_secs(600));
                return;
            }
            (["UPLOAD", name, content], _) => {
                files.lock().unwrap().insert((*name).to_owned(), (*content).to_owned());
                r#"{"status": "OK", "data": "stored"}"#.to_owned()
            }
            (["GET", name], _) => file_reply(name, files, fault),
            (["DELETE", name], _) => {
                files.lock().unwrap().remove(*name);
                r#"{"status": "OK", "message": "deleted"}"#.to_owned()
            }
            _ => r#"{"status": "ERROR", "data": "request tidak dikenali"}"#.to_owned(),
        };
        if stream.write_all(format!("{reply}\r\n\r\n").as_bytes()).is_err() {
            return;
        }
    }
}

fn file_reply(name: &str, files: &Files, fault: Fault) -> String {
    let Some(mut content) = files.lock().unwrap().get(name).cloned() else {
        return r#"{"status": "ERROR", "data": "no such file"}"#.to_owned();
    };
    if fault == Fault::WrongByte {
        let other = if content.starts_with('A') { "B" } else { "A" };
        content.replace_range(..1, other);
    }
    format!(r#"{{"status": "OK", "data_namafile": "{name}", "data_file": "{content}"}}"#)
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut piece = [0; 65536];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(len @ 1..) => request.extend_from_slice(&piece[..len]),
            Ok(0) | Err(_) => return None,
        }
    }
    String::from_utf8(request).ok()
}
