//! The client over TLS, and as somebody: handshakes, certificates, cut streams, tokens.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use client::{ClientError, Connection, ConnectionOptions, FileName, Tls, TlsError, Token};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use testkit::{
    Certificates,
    fake_server::{
        FakeServer, Secured, answering, close, read_request, read_to_close, recv, recv_bytes,
    },
};

const PONG: &[u8] = b"{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n";

fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

fn trusting(certificates: &Certificates) -> ConnectionOptions {
    ConnectionOptions {
        tls: Some(Tls::trusting(Some(&certificates.ca())).unwrap()),
        ..ConnectionOptions::default()
    }
}

/// Asks for a pong at `address` and returns why there is none.
fn no_pong(address: &str, options: ConnectionOptions) -> ClientError {
    let asked = Connection::connect(address, options).and_then(|mut connection| connection.ping());
    asked.unwrap_err()
}

fn pong(stream: &mut (impl Read + Write)) {
    assert_eq!(read_request(stream), "PING\r\n\r\n");
    stream.write_all(PONG).unwrap();
}

/// A TLS server that only sees whether the handshake has success.
fn shaking_hands(certificates: &Certificates) -> FakeServer<bool> {
    FakeServer::start_tls(1, certificates, |_, stream| {
        stream.conn.complete_io(&mut stream.sock).is_ok()
    })
}

#[test]
fn files_of_any_length_go_through_tls() {
    let certificates = Certificates::make();
    for len in [0, 5, 196_608, 1_000_003] {
        let server = FakeServer::start_tls(1, &certificates, |_, stream| {
            let request = read_request(stream);
            let text = request.strip_prefix("UPLOAD a ").unwrap().trim_end().to_owned();
            stream.write_all(b"{\"status\":\"OK\",\"data\":\"stored\"}\r\n\r\n").unwrap();
            read_request(stream);
            write!(stream, "{{\"status\":\"OK\",\"data_file\":\"{text}\"}}\r\n\r\n").unwrap();
            read_to_close(stream)
        });
        let mut connection = Connection::connect(&server.address, trusting(&certificates)).unwrap();
        let content = testkit::content(1, len);
        connection.upload(&name("a"), &mut content.as_slice()).unwrap();
        let mut received = Vec::new();
        connection.get(&name("a"), &mut received).unwrap();
        assert!(received == content, "{len} bytes");
        assert!(connection.is_reusable());
        drop(connection);
        assert_eq!(server.finish(), [""]);
    }
}

#[test]
fn a_server_with_a_certificate_from_elsewhere_is_refused() {
    let (right, wrong) = (Certificates::make(), Certificates::make());
    let server = shaking_hands(&right);
    let refused = no_pong(&server.address, trusting(&wrong));
    assert!(matches!(refused, ClientError::Tls(TlsError::UnknownIssuer)), "{refused:?}");
    assert_eq!(refused.cause(), "tls");
    assert_eq!(server.finish(), [false]);
}

#[test]
fn a_certificate_is_for_the_host_that_is_connected_to() {
    let certificates = Certificates::make_for(&["localhost", "192.0.2.7"]);
    let server = shaking_hands(&certificates);
    let refused = no_pong(&server.address, trusting(&certificates));
    let ClientError::Tls(TlsError::OtherHost { host, names }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((host.as_str(), names.as_str()), ("127.0.0.1", "localhost, 192.0.2.7"));
    let server = FakeServer::start_tls(1, &certificates, |_, stream| pong(stream));
    let by_name = server.address.replace("127.0.0.1", "localhost");
    Connection::connect(&by_name, trusting(&certificates)).unwrap().ping().unwrap();
}

#[test]
fn a_self_signed_certificate_is_trusted_where_it_is_named() {
    let pong_from = |is_ca: IsCa| {
        let certificates = Certificates::make();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        fs::write(certificates.cert(), &certificate).unwrap();
        fs::write(certificates.ca(), &certificate).unwrap();
        fs::write(certificates.key(), key.serialize_pem()).unwrap();
        let server = FakeServer::start_tls(1, &certificates, |_, stream| {
            // The handshake may fail.
            let mut request = [0; 8];
            stream.read_exact(&mut request).and_then(|()| stream.write_all(PONG)).is_ok()
        });
        Connection::connect(&server.address, trusting(&certificates))?.ping()
    };
    pong_from(IsCa::NoCa).unwrap();
    pong_from(IsCa::ExplicitNoCa).unwrap();
    let authority = pong_from(IsCa::Ca(BasicConstraints::Unconstrained)).unwrap_err();
    assert!(matches!(authority, ClientError::Tls(TlsError::AuthorityAsServer)), "{authority:?}");
}

#[test]
fn a_stalled_handshake_ends_at_the_timeout() {
    let certificates = Certificates::make();
    let timeout = Duration::from_millis(50);
    let server = FakeServer::start(2, |_, stream| stream.read_to_end(&mut Vec::new()).is_ok());
    let options = ConnectionOptions { timeout, ..trusting(&certificates) };
    let stalled = no_pong(&server.address, options);
    assert!(matches!(stalled, ClientError::TimedOut(after) if after == timeout), "{stalled:?}");
    let options =
        ConnectionOptions { deadline: Some(Instant::now() + timeout), ..trusting(&certificates) };
    let late = no_pong(&server.address, options);
    assert!(matches!(late, ClientError::DeadlinePassed), "{late:?}");
    assert_eq!(server.finish(), [true, true]);
}

#[test]
fn a_handshake_in_drops_ends_at_the_timeout() {
    let certificates = Certificates::make();
    let server = FakeServer::start(1, |_, stream: &mut TcpStream| {
        // The head of a record that never becomes whole.
        let mut next: &[u8] = &[0x16, 3, 3, 0x3f, 0xff];
        while stream.write_all(next).is_ok() {
            next = &[0];
            thread::sleep(Duration::from_millis(1));
        }
    });
    let timeout = Duration::from_millis(100);
    let asked = Instant::now();
    let dripping =
        no_pong(&server.address, ConnectionOptions { timeout, ..trusting(&certificates) });
    assert!(matches!(dripping, ClientError::TimedOut(after) if after == timeout), "{dripping:?}");
    assert!(asked.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_server_without_tls_is_told() {
    let certificates = Certificates::make();
    let talking = answering_bytes(b"{\"status\":\"ERROR\",\"data\":\"what?\"}\r\n\r\n");
    let error = no_pong(&talking.address, trusting(&certificates));
    assert!(matches!(error, ClientError::Tls(TlsError::NotTls)), "{error:?}");
    let silent = answering_bytes(b"");
    let error = no_pong(&silent.address, trusting(&certificates));
    assert!(matches!(error, ClientError::Tls(TlsError::HungUp)), "{error:?}");
}

/// A server that takes whatever comes for a request, answers and closes.
fn answering_bytes(reply: &'static [u8]) -> FakeServer<()> {
    FakeServer::start(1, move |_, stream: &mut TcpStream| {
        recv_bytes(stream);
        stream.write_all(reply).unwrap();
    })
}

#[test]
fn a_tls_server_asked_in_plain_text_is_told() {
    let server = shaking_hands(&Certificates::make());
    let error = no_pong(&server.address, ConnectionOptions::default());
    assert!(matches!(error, ClientError::SpeaksTls), "{error:?}");
    assert_eq!(error.cause(), "tls");
}

#[test]
fn a_cut_stream_is_not_taken_for_its_end() {
    let certificates = Certificates::make();
    for reply in ["{\"status\":\"OK\",\"data_file\":\"aGVsbG8h", ""] {
        for says_so in [false, true] {
            let server = FakeServer::start_tls(1, &certificates, move |_, stream| {
                read_request(stream);
                stream.write_all(reply.as_bytes()).unwrap();
                if says_so {
                    close(stream);
                }
            });
            let mut connection =
                Connection::connect(&server.address, trusting(&certificates)).unwrap();
            let cut = connection.get(&name("a"), &mut Vec::new()).unwrap_err();
            match cut {
                ClientError::Closed => assert!(says_so, "{reply}"),
                ClientError::Peer(err) => {
                    assert_eq!((err.kind(), says_so), (ErrorKind::UnexpectedEof, false));
                }
                cut => panic!("{cut:?}"),
            }
            assert!(!connection.is_reusable());
        }
    }
}

/// Runs `act` on a server whose handshake is over and told, and asks the client whether it can go
/// on; the client has read nothing since the handshake.
fn is_reusable_after(act: impl Fn(&mut Secured) + Send + 'static) -> bool {
    let certificates = Certificates::make();
    let (acted, has_acted) = mpsc::channel();
    let (done, is_done) = mpsc::channel::<()>();
    let server = FakeServer::start_tls(1, &certificates, move |_, stream| {
        while stream.conn.is_handshaking() || stream.conn.wants_write() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        act(stream);
        acted.send(()).unwrap();
        // Until the client has looked.
        is_done.recv().unwrap_err();
    });
    let mut connection = Connection::connect(&server.address, trusting(&certificates)).unwrap();
    has_acted.recv_timeout(testkit::PATIENCE).unwrap();
    let is_reusable = connection.is_reusable();
    // Asking twice changes nothing.
    assert_eq!(connection.is_reusable(), is_reusable);
    drop(done);
    server.finish();
    is_reusable
}

#[test]
fn session_tickets_are_nothing_that_nobody_asked_for() {
    assert!(is_reusable_after(|_| {}));
}

#[test]
fn what_nobody_asked_for_ends_the_connection() {
    assert!(!is_reusable_after(|stream| {
        stream.write_all(b"x").unwrap();
        stream.flush().unwrap();
    }));
}

#[test]
fn a_close_ends_the_connection_whether_it_is_said_or_not() {
    assert!(!is_reusable_after(close));
    assert!(!is_reusable_after(|stream| {
        stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
    }));
}

#[test]
fn an_upload_cut_short_does_not_end_as_a_whole_one() {
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("gone"));
            }
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    let certificates = Certificates::make();
    let server = FakeServer::start_tls(1, &certificates, |_, stream| {
        pong(stream);
        stream.read_to_end(&mut Vec::new()).unwrap_err().kind()
    });
    let mut connection = Connection::connect(&server.address, trusting(&certificates)).unwrap();
    // Brings the session tickets: closing with them unread would reset the connection.
    connection.ping().unwrap();
    connection.upload(&name("a"), &mut Failing(false)).unwrap_err();
    drop(connection);
    assert_eq!(server.finish(), [ErrorKind::UnexpectedEof]);
}

#[test]
fn an_early_refusal_ends_the_sending_over_tls_too() {
    let certificates = Certificates::make();
    for reads_on in [false, true] {
        let (done, is_done) = mpsc::channel::<()>();
        let server = FakeServer::start_tls(1, &certificates, move |_, stream| {
            recv(stream);
            stream.write_all(b"{\"status\":\"ERROR\",\"data\":\"no\",\"code\":\"busy\"}").unwrap();
            while reads_on && stream.read(&mut [0; 65536]).is_ok_and(|len| len > 0) {}
            is_done.recv().unwrap_err();
        });
        let mut connection = Connection::connect(&server.address, trusting(&certificates)).unwrap();
        let asked = Instant::now();
        let refused = connection.upload(&name("a"), &mut io::repeat(7)).unwrap_err();
        assert_eq!(refused.cause(), "refused:busy", "{refused:?}");
        assert!(asked.elapsed() < ConnectionOptions::default().timeout / 2);
        drop((connection, done));
        server.finish();
    }
}

#[test]
fn a_silent_tls_server_is_left_after_the_timeout() {
    let certificates = Certificates::make();
    let server = FakeServer::start_tls(1, &certificates, |_, stream| {
        stream.read_to_end(&mut vec![]).is_err()
    });
    let timeout = Duration::from_millis(200);
    let options = ConnectionOptions { timeout, ..trusting(&certificates) };
    let silent = no_pong(&server.address, options);
    assert!(matches!(silent, ClientError::TimedOut(after) if after == timeout), "{silent:?}");
    assert_eq!(server.finish(), [true]);
}

fn as_somebody() -> ConnectionOptions {
    ConnectionOptions {
        token: Some("s3cret".parse::<Token>().unwrap()),
        ..ConnectionOptions::default()
    }
}

#[test]
fn a_token_is_said_before_the_first_request() {
    let server = FakeServer::start(1, |_, stream: &mut TcpStream| {
        let auth = recv(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"welcome\"}\r\n\r\n").unwrap();
        pong(stream);
        pong(stream);
        auth
    });
    let mut connection = Connection::connect(&server.address, as_somebody()).unwrap();
    connection.ping().unwrap();
    connection.ping().unwrap();
    assert_eq!(server.finish(), ["AUTH s3cret\r\n\r\n"]);
}

#[test]
fn a_refused_token_is_no_connection() {
    let reply =
        "{\"status\":\"ERROR\",\"data\":\"unknown token\",\"code\":\"auth-failed\"}\r\n\r\n";
    let server = answering(reply);
    let refused = Connection::connect(&server.address, as_somebody()).unwrap_err();
    assert_eq!(
        (refused.cause(), refused.to_string().as_str()),
        ("refused:auth-failed", "unknown token")
    );
    assert_eq!(server.finish(), ["AUTH s3cret\r\n\r\n"]);
}
