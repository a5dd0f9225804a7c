//! What a server's settings lay open, and to whom.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use file_service::FileService;
use protocol::FileName;

/// A secret that the server would hand out.
#[derive(Debug, thiserror::Error)]
#[error(
    "{option} {} lies in the served directory, where clients could read it; \
     keep it somewhere else, or give it a name that starts with a dot", path.display()
)]
pub struct ServedSecretError {
    option: &'static str,
    path: PathBuf,
}

/// Refuses a `secret` that is one of the files served from `dir`.
pub(crate) fn expect_unserved(
    option: &'static str,
    secret: Option<&Path>,
    dir: &Path,
) -> Result<(), ServedSecretError> {
    let Some(path) = secret else { return Ok(()) };
    let is_served = || -> io::Result<bool> {
        let (path, dir) = (resolved(path)?, dir.canonicalize()?);
        let name = path.file_name().and_then(|name| name.to_str());
        let can_be_asked_for = name.is_some_and(|name| name.parse::<FileName>().is_ok());
        Ok(path.parent() == Some(&dir) && can_be_asked_for)
    };
    // What cannot be looked at is not there to be served, and its own error comes elsewhere.
    match is_served() {
        Ok(true) => Err(ServedSecretError { option, path: path.to_owned() }),
        Ok(false) | Err(_) => Ok(()),
    }
}

/// The log and the database are one file.
#[derive(Debug, thiserror::Error)]
#[error("--log-file and --log-db both name {}; each needs a file of its own", .0.display())]
pub struct OneFileError(PathBuf);

/// Refuses a log that would be written over the database, or the other way round.
pub(crate) fn expect_apart(
    log: Option<&Path>,
    database: Option<&Path>,
) -> Result<(), OneFileError> {
    let (Some(log), Some(database)) = (log, database) else { return Ok(()) };
    match (resolved(log), resolved(database)) {
        (Ok(resolved), Ok(other)) if resolved == other => Err(OneFileError(log.to_owned())),
        // What cannot be looked at has its own error elsewhere.
        _ => Ok(()),
    }
}

/// Where a file is, or will be once it is made.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let missing = match (path.canonicalize(), path.file_name()) {
        (Err(err), Some(name)) if err.kind() == io::ErrorKind::NotFound => name,
        (resolved, _) => return resolved,
    };
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    Ok(parent.unwrap_or(Path::new(".")).canonicalize()?.join(missing))
}

/// Who may do what, in a few words.
pub(crate) fn summary(service: &FileService) -> String {
    let how = if service.tls.is_some() { "TLS" } else { "plain text" };
    let who = match &service.tokens {
        Some(tokens) => format!("{} tokens", tokens.count()),
        None => "everyone".to_owned(),
    };
    let what = if service.limits.read_only { "read only" } else { "read and write" };
    format!("{how}, {who}, {what}")
}

/// What others can do to a server that listens on more than loopback. That is a choice to make, but
/// one to know of.
pub(crate) fn warning(address: SocketAddr, service: &FileService) -> Option<String> {
    let asks = service.tokens.is_some();
    let encrypts = service.tls.is_some();
    sentence(address, asks, encrypts, service.limits.read_only)
}

fn sentence(address: SocketAddr, asks: bool, encrypts: bool, read_only: bool) -> Option<String> {
    let may = if read_only { "read" } else { "read, replace and delete" };
    if address.ip().is_loopback() {
        None
    } else if !asks {
        Some(format!(
            "everyone who can reach {address} may {may} all files of the served directory; \
             --auth-file asks for tokens, --host 127.0.0.1 keeps others out"
        ))
    } else if !encrypts {
        Some(format!(
            "tokens and files cross the network to {address} in plain text; \
             --tls-cert and --tls-key encrypt them"
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix};

    use super::*;

    #[test]
    fn a_server_that_others_can_reach_says_what_they_may_do() {
        let open: SocketAddr = "0.0.0.0:46666".parse().unwrap();
        let loopback: SocketAddr = "[::1]:46666".parse().unwrap();
        let starts = |sentence: Option<String>, start| sentence.unwrap().starts_with(start);
        assert!(starts(
            sentence(open, false, false, false),
            "everyone who can reach 0.0.0.0:46666 may read, replace and delete all files"
        ));
        assert!(starts(
            sentence(open, false, true, true),
            "everyone who can reach 0.0.0.0:46666 may read all files"
        ));
        assert!(starts(sentence(open, true, false, false), "tokens and files cross the network"));
        assert_eq!(sentence(open, true, true, false), None);
        assert_eq!(sentence(loopback, false, false, false), None);
    }

    #[test]
    fn a_secret_among_the_served_files_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (dir, elsewhere) = (temp.path().join("served"), temp.path().join("key.pem"));
        fs::create_dir(&dir).unwrap();
        fs::write(&elsewhere, "secret").unwrap();
        for name in ["key.pem", ".key.pem"] {
            fs::write(dir.join(name), "secret").unwrap();
        }
        let link = temp.path().join("link.pem");
        unix::fs::symlink(dir.join("key.pem"), &link).unwrap();
        let check = |path: &Path| expect_unserved("--tls-key", Some(path), &dir);
        // One that is not there yet may be made there.
        let missing = dir.join("missing.pem");
        for served in [dir.join("key.pem"), dir.join("../served/key.pem"), link, missing] {
            let err = check(&served).unwrap_err();
            assert!(err.to_string().contains("lies in the served directory"), "{err}");
        }
        for unserved in [elsewhere, dir.join(".key.pem"), dir.join("missing/key.pem")] {
            assert!(check(&unserved).is_ok(), "{}", unserved.display());
        }
        assert!(expect_unserved("--tls-key", None, &dir).is_ok());
    }

    #[test]
    fn a_log_and_a_database_in_one_file_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (one, other) = (temp.path().join("one"), temp.path().join("other"));
        let link = temp.path().join("link");
        unix::fs::symlink(&one, &link).unwrap();
        let apart = |log: &Path, database: &Path| expect_apart(Some(log), Some(database));
        assert!(apart(&one, &temp.path().join("./one")).is_err());
        assert!(apart(&one, &other).is_ok());
        fs::write(&one, "").unwrap();
        assert!(apart(&link, &one).is_err());
        assert!(expect_apart(Some(&one), None).is_ok());
    }
}
