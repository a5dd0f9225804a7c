//! Transfers between endpoints on loopback, of ours and of iroh-blobs.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicUsize, Ordering},
};

use iroh::{
    Endpoint, RelayMode,
    endpoint::{Connection, PortmapperConfig, presets},
    protocol::{ProtocolHandler, Router},
};
use iroh_blobs::{BlobsProtocol, get::request, store::mem::MemStore};
use testkit::PATIENCE;

use super::*;
use crate::{
    blobs::{
        ALPN,
        remote::RemoteBlobs,
        tree::PIECE_LEN,
        upload_limit::{Bandwidth, UploadLimit},
        uploads::Uploads,
    },
    holdings::Holdings,
    node::{Event, Place},
};

async fn endpoint() -> Endpoint {
    let builder = Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports();
    builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap()
}

fn address(endpoint: &Endpoint) -> EndpointAddr {
    endpoint
        .bound_sockets()
        .into_iter()
        .fold(EndpointAddr::new(endpoint.id()), |address, socket| address.with_ip_addr(socket))
}

/// A peer that shares one file.
struct Holder {
    router: Router,
    dir: TempDir,
    holdings: Arc<Holdings>,
    served: Arc<AtomicUsize>,
}

impl Holder {
    async fn of(content: &[u8], limit: Option<UploadLimit>) -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("a.bin"), content).unwrap();
        let holdings = Arc::new(Holdings::of_directory(dir.path()).unwrap());
        holdings.look(&|_| {});
        let served = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&served);
        let uploads = Uploads::new(
            Arc::clone(&holdings),
            Arc::new(Bandwidth::new(limit)),
            Arc::new(move |event| {
                // The log says where it went.
                if let Event::Served { bytes, peer: Place { address: Some(_), .. }, .. } = event {
                    count.fetch_add(bytes as usize, Ordering::Relaxed);
                }
            }),
        );
        let router = serve(uploads).await;
        Self { router, dir, holdings, served }
    }

    fn address(&self) -> EndpointAddr {
        address(self.router.endpoint())
    }

    /// Alters a byte behind the holder's back: size and time of change stay as they were.
    fn flip(&self, at: u64) {
        let file =
            File::options().read(true).write(true).open(self.dir.path().join("a.bin")).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[!byte[0]], at).unwrap();
        file.set_modified(modified).unwrap();
    }
}

async fn serve(protocol: impl ProtocolHandler) -> Router {
    Router::builder(endpoint().await).accept(ALPN, protocol).spawn()
}

fn wanted(content: &[u8], holders: Vec<EndpointAddr>) -> Wanted {
    Wanted { hash: blake3::hash(content), size: content.len() as u64, holders }
}

async fn connected(to: EndpointAddr) -> (Endpoint, Connection) {
    let endpoint = endpoint().await;
    let connection = endpoint.connect(to, ALPN).await.unwrap();
    (endpoint, connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_from_two_peers_at_once() {
    let content = testkit::content(7, 16_000_001);
    // Slow enough for both to be reached before one has sent everything.
    let limit = Some("8MB/s".parse().unwrap());
    let (one, two) = (Holder::of(&content, limit).await, Holder::of(&content, limit).await);
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let wanted = wanted(&content, vec![one.address(), two.address()]);
    let blobs = RemoteBlobs { endpoint: endpoint.clone() };
    let outcome = fetch(blobs, wanted, target(dir.path()), |_| {}).await.unwrap();
    assert!(fs::read(&outcome.path).unwrap() == content);
    assert_eq!(outcome.holders.len(), 2, "{outcome:?}");
    endpoint.close().await;
    testkit::eventually(PATIENCE, "both say what they have sent", || {
        let served = [&one, &two].map(|holder| holder.served.load(Ordering::Relaxed));
        served.iter().sum::<usize>() >= content.len()
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_is_found_in_its_piece_and_the_file_comes_from_the_other() {
    let content = testkit::content(7, 3_000_000);
    let flipped = Holder::of(&content, None).await;
    flipped.flip(1_000_000);
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let blobs = RemoteBlobs { endpoint };
    let from_flipped = wanted(&content, vec![flipped.address()]);
    let err = fetch(blobs.clone(), from_flipped, target(dir.path()), |_| {}).await.unwrap_err();
    let FetchError::NoHolder(dropped) = err else { panic!("{err}") };
    let at = 1_000_000 / PIECE_LEN * PIECE_LEN;
    assert_eq!(dropped[0].1, SourceError::WrongBytes { at });
    assert_eq!(dropped[0].0.id, Some(flipped.router.endpoint().id()));

    let whole = Holder::of(&content, None).await;
    let from_whole = wanted(&content, vec![whole.address()]);
    let outcome = fetch(blobs, from_whole, target(dir.path()), |_| {}).await.unwrap();
    assert!(fs::read(&outcome.path).unwrap() == content);
    assert_eq!(outcome.resumed, at, "what came before the byte was right");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_changed_is_not_sent_any_more() {
    let content = testkit::content(7, 100_000);
    let holder = Holder::of(&content, None).await;
    fs::write(holder.dir.path().join("a.bin"), b"other").unwrap();
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let wanted = wanted(&content, vec![holder.address()]);
    let err =
        fetch(RemoteBlobs { endpoint }, wanted, target(dir.path()), |_| {}).await.unwrap_err();
    let FetchError::NoHolder(dropped) = err else { panic!("{err}") };
    assert_eq!(dropped[0].1, SourceError::NotHeld);
    assert!(holder.holdings.offered().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iroh_blobs_can_fetch_from_here() {
    for len in [0, 25, 16_384, 2_000_001] {
        let content = testkit::content(7, len);
        let holder = Holder::of(&content, None).await;
        let (_endpoint, connection) = connected(holder.address()).await;
        let hash = *blake3::hash(&content).as_bytes();
        let (size, _) = request::get_verified_size(&connection, &hash.into()).await.unwrap();
        assert_eq!(size, len as u64);
        let fetched = request::get_blob(connection, hash.into()).await.unwrap();
        assert!(fetched == content, "{len}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_from_iroh_blobs() {
    for len in [0, 25, 16_384, 2_000_001] {
        let content = testkit::content(7, len);
        let store = MemStore::new();
        store.add_slice(&content).await.unwrap();
        let router = serve(BlobsProtocol::new(&store, None)).await;
        let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
        let wanted = wanted(&content, vec![address(router.endpoint())]);
        let outcome = fetch(RemoteBlobs { endpoint }, wanted, target(dir.path()), |_| {}).await;
        assert!(fs::read(outcome.unwrap().path).unwrap() == content, "{len}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_keep_to_their_limit_together() {
    let content = testkit::content(7, 6_000_000);
    let limit = Some("2MB/s".parse().unwrap());
    let (one, two) = (Holder::of(&content, limit).await, Holder::of(&content, limit).await);
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let wanted = wanted(&content, vec![one.address(), two.address()]);
    let outcome =
        fetch(RemoteBlobs { endpoint }, wanted, target(dir.path()), |_| {}).await.unwrap();
    // What may be made up for, and what is on its way, take some of the 1.5 s.
    assert!(outcome.took >= Duration::from_millis(1300), "{:?}", outcome.took);
    assert_eq!(outcome.holders.len(), 2, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_what_is_not_understood_is_sent_away_and_others_are_served() {
    let content = testkit::content(7, 100_000);
    let holder = Holder::of(&content, None).await;
    for request in [&b"GET a.bin"[..], &[0; 100], &[0xff; 5000]] {
        let (_endpoint, connection) = connected(holder.address()).await;
        let (mut send, mut recv) = connection.open_bi().await.unwrap();
        let _ = send.write_all(request).await;
        let _ = send.finish();
        recv.read_to_end(1000).await.unwrap_err();
        time::timeout(PATIENCE, connection.closed()).await.unwrap();
    }
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let wanted = wanted(&content, vec![holder.address()]);
    fetch(RemoteBlobs { endpoint }, wanted, target(dir.path()), |_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_has_so_many_streams_and_others_are_served_beside_them() {
    let content = testkit::content(7, 100_000);
    let holder = Holder::of(&content, None).await;
    let (_endpoint, connection) = connected(holder.address()).await;
    let mut open = Vec::new();
    // Each asks for something and says nothing of it.
    while let Ok(stream) = time::timeout(Duration::from_secs(1), connection.open_bi()).await {
        let (mut send, recv) = stream.unwrap();
        send.write_all(&[0]).await.unwrap();
        open.push((send, recv));
        assert!(open.len() < 1000, "streams are bounded");
    }
    let (dir, endpoint) = (TempDir::new().unwrap(), endpoint().await);
    let wanted = wanted(&content, vec![holder.address()]);
    fetch(RemoteBlobs { endpoint }, wanted, target(dir.path()), |_| {}).await.unwrap();
}
