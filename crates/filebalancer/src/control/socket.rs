//! The Unix socket at which operators ask: one line of JSON, one line back.
//!
//! Whoever may not read and write the socket's file cannot ask. It is the user's who started the balancer,
//! and nobody else's. A file that a balancer left which was killed is replaced.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net,
    },
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    time,
};

use super::{
    Control,
    command::{Answer, Request},
};

/// How long one who asks may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Most bytes of a question.
const LEN_MAX: u64 = 4096;

/// Questions at once.
const ASKERS_MAX: usize = 16;

/// Between tries to accept without resources.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no socket to ask at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error("--control {}: another balancer answers there", .0.display())]
    Taken(PathBuf),
    #[error("--control {}: there is a file, which is no socket", .0.display())]
    NoSocket(PathBuf),
    #[error("--control {}: {reason}", path.display())]
    Bind { path: PathBuf, reason: io::Error },
}

/// Where operators ask. Its file is removed when it is dropped.
pub(crate) struct ControlSocket {
    listener: net::UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    pub(crate) fn bind(path: &Path) -> Result<Self, SocketError> {
        if let Ok(there) = fs::symlink_metadata(path) {
            if !there.file_type().is_socket() {
                return Err(SocketError::NoSocket(path.to_owned()));
            }
            if net::UnixStream::connect(path).is_ok() {
                return Err(SocketError::Taken(path.to_owned()));
            }
        }
        let fail = |reason| SocketError::Bind { path: path.to_owned(), reason };
        Ok(Self { listener: bind_for_owner(path).map_err(fail)?, path: path.to_owned() })
    }

    /// Answers from now on, until the runtime ends. To be called within it.
    pub(crate) fn open(&self, control: Arc<Control>) -> io::Result<()> {
        let listener = UnixListener::from_std(self.listener.try_clone()?)?;
        tokio::spawn(serve(listener, control));
        Ok(())
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A socket that is nobody else's from the moment on at which it has its name.
fn bind_for_owner(path: &Path) -> io::Result<net::UnixListener> {
    let mut unready = path.as_os_str().to_owned();
    unready.push(format!(".{}", process::id()));
    let listener = net::UnixListener::bind(&unready)?;
    listener.set_nonblocking(true)?;
    fs::set_permissions(&unready, Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&unready, path))
        .inspect_err(|_| drop(fs::remove_file(&unready)))?;
    Ok(listener)
}

async fn serve(listener: UnixListener, control: Arc<Control>) {
    let askers = Arc::new(Semaphore::new(ASKERS_MAX));
    while let Ok(permit) = Arc::clone(&askers).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            time::sleep(PAUSE).await;
            continue;
        };
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            // Who has left, or takes too long, is told nothing.
            let _ = time::timeout(TIMEOUT, answer(stream, &control)).await;
            drop(permit);
        });
    }
}

async fn answer(mut stream: UnixStream, control: &Control) -> io::Result<()> {
    let mut line = Vec::new();
    BufReader::new((&mut stream).take(LEN_MAX)).read_until(b'\n', &mut line).await?;
    let answer = match serde_json::from_slice::<Request>(&line) {
        Ok(request) => control.answer(&request),
        Err(err) => Answer::Refused(format!("this is no question: {err}")),
    };
    let mut wire = serde_json::to_vec(&answer)?;
    wire.push(b'\n');
    stream.write_all(&wire).await
}
