//! A server that speaks S3, in the process of the test: s3s-fs, which keeps objects as files, behind a gate at
//! which a test has it be away, slow or unwilling.
//!
//! s3s-fs looks at the conditions of writing before it writes, and at what it knows of an object before it opens
//! it. The gate lets one write at a time, and nobody read meanwhile, so that they hold.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header::IF_NONE_MATCH,
    server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use s3s::{
    Body,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::RwLock,
    time,
};

/// Who may come. A server must never say either.
pub const KEY_ID: &str = "AKIAKOLAMTESTKEYID";
pub const SECRET: &str = "kolam/secret+that/nobody+may/read";

/// The one bucket that there is.
pub const BUCKET: &str = "kolam";

/// Variables by which a server of files reaches a bucket.
pub type Environment = [(&'static str, String); 4];

pub(crate) fn environment(address: SocketAddr, key_id: &str, secret: &str) -> Environment {
    [
        ("AWS_ENDPOINT", format!("http://{address}")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", key_id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
    ]
}

/// Ends when dropped, and with it all that was stored.
pub struct S3Server {
    address: SocketAddr,
    gate: Arc<Gate>,
    dir: TempDir,
    /// Its threads.
    _runtime: Runtime,
}

/// What stands between the clients and s3s-fs.
struct Gate {
    service: S3Service,
    bucket: PathBuf,
    is_away: AtomicBool,
    refuses: AtomicBool,
    passes_over_conditions: AtomicBool,
    read_delay_ms: AtomicU64,
    /// Held by one who writes, or by those who begin to read.
    objects: RwLock<()>,
}

impl S3Server {
    /// Starts one with an empty bucket.
    pub fn start() -> Self {
        let dir = TempDir::with_prefix("kolam-s3-").unwrap();
        let bucket = dir.path().join(BUCKET);
        fs::create_dir(&bucket).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(dir.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let gate = Arc::new(Gate {
            service: builder.build(),
            bucket,
            is_away: AtomicBool::new(false),
            refuses: AtomicBool::new(false),
            passes_over_conditions: AtomicBool::new(false),
            read_delay_ms: AtomicU64::new(0),
            objects: RwLock::new(()),
        });
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, Arc::clone(&gate)));
        Self { address, gate, dir, _runtime: runtime }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a server of files needs in its environment.
    pub fn environment(&self) -> Environment {
        environment(self.address, KEY_ID, SECRET)
    }

    /// Closes every connection at its next request, or answers again.
    pub fn set_away(&self, is_away: bool) {
        self.gate.is_away.store(is_away, SeqCst);
    }

    /// Tells everybody that they may not, and what they have signed.
    pub fn set_refusing(&self, refuses: bool) {
        self.gate.refuses.store(refuses, SeqCst);
    }

    /// Replaces whatever there is, as some servers do that do not know better.
    pub fn pass_over_conditions(&self) {
        self.gate.passes_over_conditions.store(true, SeqCst);
    }

    /// Takes so long for each answer to a GET or HEAD.
    pub fn set_read_delay(&self, delay: Duration) {
        self.gate.read_delay_ms.store(delay.as_millis() as u64, SeqCst);
    }

    /// Where the objects are files.
    pub fn bucket(&self) -> &Path {
        &self.gate.bucket
    }

    /// How many objects there are, hidden ones too.
    pub fn objects(&self) -> usize {
        let mut count = 0;
        let mut unseen = vec![self.gate.bucket.clone()];
        while let Some(dir) = unseen.pop() {
            for entry in fs::read_dir(dir).unwrap().flatten() {
                match entry.file_type() {
                    Ok(file_type) if file_type.is_dir() => unseen.push(entry.path()),
                    _ => count += 1,
                }
            }
        }
        count
    }

    /// How many files there are of objects that are written in parts.
    pub fn parts(&self) -> usize {
        let names = fs::read_dir(self.dir.path()).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_str().is_some_and(|name| name.starts_with(".upload"))).count()
    }
}

impl fmt::Debug for S3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Server at {}", self.address)
    }
}

async fn accept(listener: TcpListener, gate: Arc<Gate>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Or the end of an answer waits for the client to confirm its beginning: 40 ms.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, Arc::clone(&gate)));
    }
}

async fn serve(stream: TcpStream, gate: Arc<Gate>) {
    let answer = service_fn(|request| gate.answer(request));
    // An error closes the connection, which is what it is for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

impl Gate {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        if self.is_away.load(SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.refuses.load(SeqCst) {
            return Ok(refusal());
        }
        let delay = self.read_delay_ms.load(SeqCst);
        if delay > 0 && matches!(*request.method(), Method::GET | Method::HEAD) {
            time::sleep(Duration::from_millis(delay)).await;
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let _reading = if reads { Some(self.objects.read().await) } else { None };
        let _writing = if reads { None } else { Some(self.objects.write().await) };
        // The header cannot be taken away: it is signed.
        if self.passes_over_conditions.load(SeqCst) && request.headers().contains_key(IF_NONE_MATCH)
        {
            self.remove(request.uri().path());
        }
        let request = request.map(Body::from);
        self.service.call(request).await.map_err(|err| io::Error::other(format!("{err:?}")))
    }

    /// For keys that are the same in a path as in words.
    fn remove(&self, path: &str) {
        let key = path.trim_start_matches('/').strip_prefix(BUCKET).unwrap_or_default();
        let _ = fs::remove_file(self.bucket.join(key.trim_start_matches('/')));
    }
}

/// As S3 words it, with the ID of the key in it.
fn refusal() -> Response<Body> {
    let mut response = Response::new(Body::from(format!(
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>\
         <AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"
    )));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
