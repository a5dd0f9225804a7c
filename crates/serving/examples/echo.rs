//! The smallest application: whatever comes is sent back. `echo MODE` serves it with a model, `echo own`
//! with a driver of its own behind the same acceptor. It takes two connections from one address, and
//! panics when it reads a `!`, to show what that costs. To a `?` a model's connection answers which thread took the
//! step, which might have waited for long.

use std::{
    env,
    io::{self, Read, Write},
    mem,
    net::TcpStream,
    process::exit,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serving::{
    Acceptor, Admitted, Application, Conversation, Drained, Farewell, Hangup, LINGER, Phase,
    Reception, ServeError, Server, Settings, Step,
    listener::{self, BindError},
    os::SharedState,
};
use telemetry::{Journal, Mode, OpenConnection};

/// How soon a connection notices a shutdown.
const TICK: Duration = Duration::from_millis(100);

struct Echo;

struct EchoConversation {
    connection: OpenConnection,
    room: [u8; 1024],
    output: Vec<u8>,
    peer_closed: bool,
    is_asked: bool,
    may_block: bool,
}

impl Application for Echo {
    type Conversation = EchoConversation;

    fn converse(
        &self,
        connection: OpenConnection,
        _admitted: &Admitted,
        _now: Instant,
    ) -> Option<EchoConversation> {
        let (room, output) = ([0; 1024], Vec::new());
        let (peer_closed, is_asked, may_block) = (false, false, false);
        Some(EchoConversation { connection, room, output, peer_closed, is_asked, may_block })
    }
}

impl Reception for Echo {
    fn busy(&self, why: &str) -> Option<Vec<u8>> {
        Some(why.as_bytes().to_vec())
    }

    fn farewell(&self) -> Farewell {
        Farewell { silence_max: LINGER, time_max: LINGER, bytes_per_second_min: 0 }
    }
}

impl Conversation for EchoConversation {
    type Error = io::Error;

    fn step(&mut self, _now: Instant, phase: Phase) -> io::Result<Step> {
        if self.is_asked && !mem::take(&mut self.may_block) {
            return Ok(Step::Block);
        }
        if mem::take(&mut self.is_asked) {
            self.output.extend_from_slice(thread::current().name().unwrap_or_default().as_bytes());
        }
        match phase {
            _ if self.output.is_empty() && self.peer_closed => Ok(Step::Close),
            Phase::Over => Err(io::ErrorKind::TimedOut.into()),
            Phase::Draining if self.output.is_empty() => Ok(Step::Close),
            _ if self.output.is_empty() => Ok(Step::Receive(TICK)),
            _ => Ok(Step::Send(TICK)),
        }
    }

    fn may_block(&mut self) {
        self.may_block = true;
    }

    fn output(&self) -> &[u8] {
        &self.output
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.room
    }

    fn sent(&mut self, len: usize) {
        self.output.drain(..len);
    }

    fn received(&mut self, len: usize) {
        assert!(!self.room[..len].contains(&b'!'), "a defect");
        self.peer_closed = len == 0;
        if self.room[..len].contains(&b'?') {
            self.is_asked = true;
            return;
        }
        self.output.extend_from_slice(&self.room[..len]);
    }

    fn peer_lost(&mut self, why: io::Error) -> io::Result<()> {
        self.peer_closed = true;
        if mem::take(&mut self.output).is_empty() { Ok(()) } else { Err(why) }
    }

    fn close(mut self, outcome: io::Result<()>) {
        if outcome.is_ok() {
            self.connection.succeeded();
        }
    }
}

fn main() {
    match run(&env::args().nth(1).unwrap_or_default()) {
        Ok(Drained::Cleanly) => {}
        Ok(Drained::Cut) => exit(1),
        Err(err) => {
            cli::errln!("echo: {err}");
            exit(2);
        }
    }
}

/// Until the peer closes, or the server is told to stop and nothing comes.
fn echo(server: &Server, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(TICK))?;
    let mut room = [0; 1024];
    loop {
        match stream.read(&mut room) {
            Ok(0) => return Ok(()),
            Ok(len) => stream.write_all(&room[..len])?,
            Err(err) if err.kind() != io::ErrorKind::WouldBlock => return Err(err),
            Err(_) if server.phase(Instant::now()) == Phase::Serving => {}
            Err(_) => return Ok(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum EchoError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

fn run(how: &str) -> Result<Drained, EchoError> {
    let settings = Settings {
        mode: how.parse().unwrap_or(Mode::Thread),
        connections_max: 10,
        per_address_max: 2,
        backlog: 10,
        drain: Duration::from_secs(5),
        hangup: Hangup::Stops,
    };
    let shared = SharedState::map(3, &["echo"]).map_err(ServeError::SharedMemory)?;
    let journal = Journal::silent(shared.scoreboard.losses());
    let (listener, address) = listener::bind("127.0.0.1", 0, 10)?;
    let server = Arc::new(Server::new(settings, address, shared, journal));
    let ready = || cli::outln!("listening on {address}");
    if how == "own" {
        let acceptor = Acceptor::new(&server, &Echo)?;
        ready();
        let serve = |stream, arrival, admitted| {
            let server = Arc::clone(&server);
            thread::spawn(move || {
                let Server { scoreboard, journal, .. } = &*server;
                let slot = &scoreboard.slots()[0];
                let mut connection = OpenConnection::pick_up(scoreboard, journal, slot, arrival);
                if echo(&server, &stream).is_ok() {
                    connection.succeeded();
                }
                drop(admitted);
            });
        };
        return Ok(acceptor.run(listener, |_| true, serve)?);
    }
    Ok(serving::serve(listener, &server, &Arc::new(Echo), &mut (), ready)?)
}
