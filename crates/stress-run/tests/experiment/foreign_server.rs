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
    /// Knows no DELETE.
    KeepsFiles,
    /// Says of every large upload that it has stored a byte.
    NamesOneByte,
    /// Says of a large upload that it is stored before it was sent.
    AnswersEarly,
    /// Lists its files twice, and none from then on.
    ListsNothing,
}

/// The file that it has from the start.
pub(crate) const NAME: &str = "contoh.bin";
pub(crate) const CONTENT: &[u8] = b"what was there before the run";

type Files = Arc<Mutex<HashMap<String, String>>>;

/// Serves until the test ends; its address.
pub(crate) fn start(fault: Fault) -> String {
    start_counted(fault).0
}

/// The same, and how many downloads wait for ever, or lists were asked for.
pub(crate) fn start_counted(fault: Fault) -> (String, Arc<AtomicUsize>) {
    let seen = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&seen);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let files = Files::default();
    files.lock().unwrap().insert(NAME.to_owned(), base64(CONTENT));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (files, seen) = (Arc::clone(&files), Arc::clone(&counter));
            // A client that leaves ends its thread; what that thread says is nobody's concern.
            thread::spawn(move || serve(stream.unwrap(), &files, fault, &seen));
        }
    });
    (address, seen)
}

/// Accepts connections and never answers, while the result is kept.
pub(crate) fn hold(listener: TcpListener) -> thread::JoinHandle<Vec<TcpStream>> {
    thread::spawn(move || listener.incoming().map_while(Result::ok).collect())
}

fn serve(mut stream: TcpStream, files: &Files, fault: Fault, seen: &AtomicUsize) {
    while let Some(request) = read_request(&mut stream, fault) {
        let words: Vec<&str> = request.split_whitespace().collect();
        let reply = match (&words[..], fault) {
            (["GET", _], Fault::StallsDownloads) => {
                seen.fetch_add(1, Relaxed);
                // The client is gone by then.
                thread::sleep(Duration::from_secs(600));
                return;
            }
            (["UPLOAD", _, content], Fault::NamesOneByte) if content.len() > LARGE => {
                r#"{"status": "OK", "data": "stored", "data_size": 1}"#.to_owned()
            }
            (["DELETE", _], Fault::KeepsFiles) => UNKNOWN.to_owned(),
            (["LIST"], Fault::ListsNothing) if seen.fetch_add(1, Relaxed) >= 2 => {
                r#"{"status": "OK", "data": []}"#.to_owned()
            }
            (["LIST"], _) => list_reply(files),
            (["UPLOAD", name, content], _) => {
                files.lock().unwrap().insert((*name).to_owned(), (*content).to_owned());
                r#"{"status": "OK", "data": "stored"}"#.to_owned()
            }
            (["GET", name], _) => file_reply(name, files, fault),
            (["DELETE", name], _) => {
                files.lock().unwrap().remove(*name);
                r#"{"status": "OK", "message": "deleted"}"#.to_owned()
            }
            _ => UNKNOWN.to_owned(),
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

fn list_reply(files: &Files) -> String {
    let files = files.lock().unwrap();
    let names: Vec<String> = files.keys().map(|name| format!("{name:?}")).collect();
    format!(r#"{{"status": "OK", "data": [{}]}}"#, names.join(", "))
}

/// Upload text that is not that of a small file.
const LARGE: usize = 65536;

const UNKNOWN: &str = r#"{"status": "ERROR", "data": "request tidak dikenali"}"#;

fn read_request(stream: &mut TcpStream, fault: Fault) -> Option<String> {
    let mut request = Vec::new();
    let mut piece = [0; 65536];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(len @ 1..) => request.extend_from_slice(&piece[..len]),
            Ok(0) | Err(_) => return None,
        }
        if fault == Fault::AnswersEarly && request.len() > LARGE {
            stream.write_all(b"{\"status\": \"OK\"}\r\n\r\n").ok()?;
            // It takes no more, until the client is gone.
            thread::sleep(Duration::from_secs(600));
            return None;
        }
    }
    String::from_utf8(request).ok()
}
