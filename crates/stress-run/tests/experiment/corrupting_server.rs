//! A server without STATS and DIGEST that changes one byte of every file it gives back.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

type Files = Arc<Mutex<HashMap<String, String>>>;

/// Serves until the test ends; its address.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let files = Files::default();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let files = Arc::clone(&files);
            // A client that leaves ends its thread; what that thread says is nobody's concern.
            thread::spawn(move || serve(stream.unwrap(), &files));
        }
    });
    address
}

/// Accepts connections and never answers, while the result is kept.
pub(crate) fn hold(listener: TcpListener) -> thread::JoinHandle<Vec<TcpStream>> {
    thread::spawn(move || listener.incoming().map_while(Result::ok).collect())
}

fn serve(mut stream: TcpStream, files: &Files) {
    while let Some(request) = read_request(&mut stream) {
        let words: Vec<&str> = request.split_whitespace().collect();
        let reply = match words[..] {
            ["UPLOAD", name, content] => {
                files.lock().unwrap().insert(name.to_owned(), content.to_owned());
                r#"{"status": "OK", "data": "stored"}"#.to_owned()
            }
            ["GET", name] => {
                let mut content = files.lock().unwrap()[name].clone();
                let other = if content.starts_with('A') { "B" } else { "A" };
                content.replace_range(..1, other);
                format!(
                    r#"{{"status": "OK", "data_namafile": "{name}", "data_file": "{content}"}}"#
                )
            }
            ["DELETE", _] => r#"{"status": "OK", "message": "deleted"}"#.to_owned(),
            _ => r#"{"status": "ERROR", "data": "request tidak dikenali"}"#.to_owned(),
        };
        if stream.write_all(format!("{reply}\r\n\r\n").as_bytes()).is_err() {
            return;
        }
    }
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
