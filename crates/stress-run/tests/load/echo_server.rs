//! A server that knows only ECHO, and does with it what a test wants.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// What becomes of an ECHO.
pub(crate) enum Reaction {
    Answer,
    AnswerAfter(Duration),
    Never,
}

/// Serves until the test ends. `react` is told how many ECHOs came before. The address, and how many have
/// come.
pub(crate) fn start(
    react: impl Fn(usize) -> Reaction + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (react, echoes) = (Arc::new(react), Arc::<AtomicUsize>::default());
    let counter = Arc::clone(&echoes);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (react, echoes) = (Arc::clone(&react), Arc::clone(&counter));
            thread::spawn(move || serve(stream, || react(echoes.fetch_add(1, Relaxed))));
        }
    });
    (address, echoes)
}

/// Clients send a request and its ending in one write.
fn serve(mut stream: TcpStream, react: impl Fn() -> Reaction) {
    let mut request = [0; 256];
    while let Ok(len @ 1..) = stream.read(&mut request) {
        let request = String::from_utf8_lossy(&request[..len]);
        let reply = match request.trim_end().strip_prefix("ECHO ") {
            Some(text) => {
                match react() {
                    Reaction::Answer => {}
                    Reaction::AnswerAfter(time) => thread::sleep(time),
                    Reaction::Never => continue,
                }
                format!("{{\"status\":\"OK\",\"data\":\"{text}\"}}\r\n\r\n")
            }
            None => "{\"status\":\"ERROR\"}\r\n\r\n".to_owned(),
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}
