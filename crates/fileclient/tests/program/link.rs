//! A way to a server that breaks, or holds still, after so many bytes in both directions together.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use testkit::{ServerBuilder, fake_server::FakeServer};

/// Cargo builds all programs of the workspace into one directory.
pub(super) fn fileserver() -> ServerBuilder {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_fileclient")).with_file_name("fileserver");
    assert!(path.is_file(), "build the whole workspace first: cargo test --workspace does");
    ServerBuilder::new(path)
}

#[derive(Clone, Copy, Debug)]
pub(super) enum AtTheEnd {
    Breaks,
    HoldsStill,
}

pub(super) struct Link {
    pub(super) address: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    at_the_end: AtTheEnd,
    moved: AtomicU64,
    released: OnceLock<()>,
}

impl Link {
    /// `limit_of` says how many bytes a connection may move, which are counted from zero.
    pub(super) fn to(
        server: SocketAddr,
        at_the_end: AtTheEnd,
        limit_of: impl Fn(usize) -> u64 + Send + 'static,
    ) -> Self {
        let (moved, released) = (AtomicU64::new(0), OnceLock::new());
        let shared = Arc::new(Shared { server, at_the_end, moved, released });
        let address = FakeServer::forever({
            let shared = Arc::clone(&shared);
            move |index, client| shared.connect(client, limit_of(index))
        });
        Self { address, shared }
    }

    pub(super) fn without_limit(server: SocketAddr) -> Self {
        Self::to(server, AtTheEnd::Breaks, |_| i64::MAX as u64)
    }

    /// Bytes of all connections in both directions.
    pub(super) fn moved(&self) -> u64 {
        self.shared.moved.load(Relaxed)
    }

    /// What holds still breaks now.
    pub(super) fn release(&self) {
        self.shared.released.get_or_init(|| ());
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.release();
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: &TcpStream, limit: u64) {
        let server = TcpStream::connect(self.server).unwrap();
        server.set_nodelay(true).unwrap();
        client.set_read_timeout(None).unwrap();
        let left = Arc::new(AtomicI64::new(limit as i64));
        let copy = |stream: &TcpStream| stream.try_clone().unwrap();
        for (from, to) in [(copy(client), copy(&server)), (server, copy(client))] {
            let (shared, left) = (Arc::clone(self), Arc::clone(&left));
            thread::spawn(move || shared.carry(from, to, &left));
        }
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, left: &AtomicI64) {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(len @ 1..) = from.read(&mut piece) {
            let before = left.fetch_sub(len as i64, Relaxed);
            let len = before.clamp(0, len as i64) as usize;
            if to.write_all(&piece[..len]).is_err() {
                break;
            }
            self.moved.fetch_add(len as u64, Relaxed);
            if left.load(Relaxed) < 0 {
                if let AtTheEnd::HoldsStill = self.at_the_end {
                    self.released.wait();
                }
                break;
            }
        }
        for stream in [from, to] {
            // The other direction may have done so already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
