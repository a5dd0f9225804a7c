//! A server that does nothing with what it is sent, and sends zeros: what the clients reach with it is
//! the most that they can reach with any server on this machine, their ceiling.
//!
//! It is a process of its own, as the servers under measurement are, with a thread for each connection. It
//! ends when its standard input does, so it never outlives the run.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    process::{ChildStdin, Stdio},
    thread,
    time::Duration,
};

use anyhow::Context;
use nix::sys::socket::{Backlog, listen};

use super::process::first_line;
use crate::processes::{
    interrupt::Interrupt,
    offspring::{self, Offspring, this_program},
};

/// The hidden subcommand that it is started with.
pub(crate) const NULL_SERVER_COMMAND: &str = "null-server";

/// Bytes read or written at a time, as the real server's.
const PIECE_LEN: usize = 256 * 1024;

/// After an accept that failed, so that one that fails again and again does not take a processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running null server; ended when dropped.
pub(crate) struct NullServer {
    process: Offspring,
    address: String,
    /// Its end is what the process waits for.
    _lifeline: ChildStdin,
}

impl NullServer {
    pub(crate) fn start(interrupt: &Interrupt) -> anyhow::Result<Self> {
        let mut command = this_program(NULL_SERVER_COMMAND)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process =
            Offspring::start(&mut command, interrupt).context("cannot start the null server")?;
        let lifeline = process.child().stdin.take().expect("standard input is piped");
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let address = first_line(stdout).unwrap_or_default();
        anyhow::ensure!(!address.is_empty(), "the null server did not start");
        Ok(Self { process, address, _lifeline: lifeline })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// What the hidden subcommand does: prints its address and serves until its standard input ends.
pub(crate) fn serve(parent: u32) -> anyhow::Result<()> {
    offspring::end_with(parent)?;
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen on 127.0.0.1")?;
    // The standard library's queue is 128 long. Clients beyond it try again after a second, which would
    // make the ceiling lower than what they reach with a real server.
    listen(&listener, Backlog::MAXCONN).context("cannot lengthen the queue of connections")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            match stream {
                // A client that leaves ends its thread; nobody needs to know.
                Ok(stream) => drop(thread::spawn(move || serve_connection(&stream))),
                // One that left before it was accepted, or too many: others will leave.
                Err(_) => thread::sleep(ACCEPT_PAUSE),
            }
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn serve_connection(stream: &TcpStream) -> io::Result<()> {
    // A reply ends in a short write; held for an acknowledgement it could cost 40 ms.
    stream.set_nodelay(true)?;
    let mut requests = BufReader::with_capacity(PIECE_LEN, stream);
    loop {
        let mut verb = Vec::new();
        if requests.read_until(b' ', &mut verb)? == 0 {
            return Ok(());
        }
        match verb.as_slice() {
            b"GET " => {
                let mut name = String::new();
                requests.read_line(&mut name)?;
                send_zeros(stream, length_in(&name))?;
            }
            b"FETCH " => {
                let len = length_in(&exact_head(&mut requests)?);
                send_raw_zeros(stream, len)?;
            }
            b"STORE " => {
                let len = length_in(&exact_head(&mut requests)?);
                discard(&mut requests, stream, len)?;
            }
            _ => {
                // Content is one long line, and the client waits after its end.
                while requests.fill_buf()?.last().is_some_and(|&last| last != b'\n') {
                    let len = requests.buffer().len();
                    requests.consume(len);
                }
                let rest = requests.buffer().len();
                requests.consume(rest);
                (&*stream).write_all(b"{\"status\":\"OK\",\"data\":\"discarded\"}\r\n\r\n")?;
            }
        }
        skip_blank_lines(&mut requests)?;
    }
}

/// What is behind the verb of a FETCH or STORE, whose next byte after the ending may be content.
fn exact_head(requests: &mut BufReader<&TcpStream>) -> io::Result<String> {
    let mut head = String::new();
    requests.read_line(&mut head)?;
    requests.read_exact(&mut [0; b"\r\n".len()])?;
    Ok(head)
}

/// Takes the content of a STORE.
fn discard(
    requests: &mut BufReader<&TcpStream>,
    mut stream: &TcpStream,
    len: u64,
) -> io::Result<()> {
    stream.write_all(b"{\"status\":\"OK\",\"data_offset\":0}\r\n\r\n")?;
    let mut left = len;
    while left > 0 {
        let taken = (requests.fill_buf()?.len() as u64).min(left);
        if taken == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        requests.consume(taken as usize);
        left -= taken;
    }
    stream.write_all(b"{\"status\":\"OK\",\"data\":\"discarded\",\"data_digest\":\"none\"}\r\n\r\n")
}

/// The canonical ending of a request is its line's and a blank one.
fn skip_blank_lines(requests: &mut BufReader<&TcpStream>) -> io::Result<()> {
    while requests.buffer().first().is_some_and(|byte| b"\r\n".contains(byte)) {
        requests.consume(1);
    }
    Ok(())
}

/// Names of files to download hold their length: `stress-download-10485760.bin`. So does the head of a STORE,
/// at its end.
fn length_in(name: &str) -> u64 {
    let digits = name.split(|c: char| !c.is_ascii_digit()).rfind(|part| !part.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// A FETCH's reply with so many zero bytes as its content.
fn send_raw_zeros(mut stream: &TcpStream, len: u64) -> io::Result<()> {
    let head = format!(
        "{{\"status\":\"OK\",\"data_size\":{len},\"data_offset\":0,\"data_length\":{len},\
         \"data_version\":\"zeros\"}}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let piece = [0; PIECE_LEN];
    let mut left = len;
    while left > 0 {
        let bytes = &piece[..left.min(PIECE_LEN as u64) as usize];
        stream.write_all(bytes)?;
        left -= bytes.len() as u64;
    }
    Ok(())
}

/// A GET's reply with so many zero bytes as its content.
fn send_zeros(mut stream: &TcpStream, len: u64) -> io::Result<()> {
    stream.write_all(b"{\"status\":\"OK\",\"data_file\":\"")?;
    // A zero byte in base64 is so many A.
    let piece = [b'A'; PIECE_LEN];
    let mut left = len / 3 * 4;
    while left > 0 {
        let text = &piece[..left.min(PIECE_LEN as u64) as usize];
        stream.write_all(text)?;
        left -= text.len() as u64;
    }
    let last: &[u8] = match len % 3 {
        0 => b"",
        1 => b"AA==",
        _ => b"AAA=",
    };
    stream.write_all(&[last, b"\"}\r\n\r\n"].concat())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use client::{Connection, ConnectionOptions, Fetch, FileName, Store};

    use super::*;

    #[test]
    fn it_sends_zeros_of_the_length_in_the_name_and_takes_uploads_in_both_encodings() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let served = thread::spawn(move || serve_connection(&listener.accept().unwrap().0));
        let mut connection = Connection::connect(&address, ConnectionOptions::default()).unwrap();
        for len in [0, 1, 2, 3, 600_001] {
            let name = format!("stress-download-{len}.bin").parse().unwrap();
            let mut content = Vec::new();
            assert_eq!(connection.get(&name, &mut content).unwrap().bytes, len);
            assert!(content.iter().all(|&byte| byte == 0) && content.len() as u64 == len);
            let fetch = Fetch::whole(name);
            let mut fetched = Vec::new();
            let told = connection.fetch(&fetch, &mut fetched, &mut |_| ()).unwrap();
            assert_eq!((told.range.length, &fetched), (len, &content));
            let name: FileName = "stress-upload-1-1.bin".parse().unwrap();
            assert_eq!(connection.upload(&name, &mut content.as_slice()).unwrap().bytes, len);
            let store = Store { name, length: len, resume: None };
            assert_eq!(connection.store(&store, &mut Cursor::new(content)).unwrap().bytes, len);
        }
        assert!(connection.delete(&"stress-upload-1-1.bin".parse().unwrap()).is_ok());
        drop(connection);
        served.join().unwrap().unwrap();
    }
}
