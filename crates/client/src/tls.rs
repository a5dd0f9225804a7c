//! TLS: whom to trust, and what can be wrong with a server.

use std::{io, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, InvalidMessage, RootCertStore,
    crypto::ring,
    pki_types::{
        CertificateDer, ServerName,
        pem::{self, PemObject},
    },
};

/// Whom to trust on the way to a server. TLS 1.2 or 1.3, with the server's certificate checked
/// against the host that the connection is made to.
///
/// Cloning is cheap; connections made with clones share what lets TLS resume.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("cannot read the certificates in {path}")]
    Read {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("{path} is not a PEM file: {problem}")]
    NotPem { path: String, problem: String },
    #[error("{path} holds no certificate; a PEM file with BEGIN CERTIFICATE is needed")]
    Empty { path: String },
    #[error("{path} holds something else than a certificate: {problem}")]
    NotACertificate { path: String, problem: rustls::Error },
    #[error("this system names no certificate authorities; name one with a file")]
    NoneOnSystem,
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

impl Tls {
    /// Trusts the certificates in a PEM file, and servers whose certificate one of them signed. A
    /// self-signed certificate signs itself.
    ///
    /// Without a file, trusts whom the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` say otherwise, as
    /// they do to other programs.
    pub fn trusting(file: Option<&Path>) -> Result<Self, TrustError> {
        let roots = file.map_or_else(roots_of_system, roots_in)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Setup)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config) })
    }

    /// For those who make their connections themselves.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn roots_in(path: &Path) -> Result<RootCertStore, TrustError> {
    let shown = || path.display().to_string();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|err| unreadable(path, err))? {
        let certificate = certificate.map_err(|err| unreadable(path, err))?;
        roots
            .add(certificate)
            .map_err(|problem| TrustError::NotACertificate { path: shown(), problem })?;
    }
    if roots.is_empty() { Err(TrustError::Empty { path: shown() }) } else { Ok(roots) }
}

fn roots_of_system() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    // Systems carry old certificates that nobody can use; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TrustError::NoneOnSystem) } else { Ok(roots) }
}

fn unreadable(path: &Path, err: pem::Error) -> TrustError {
    let path = path.display().to_string();
    match err {
        pem::Error::Io(source) => TrustError::Read { path, source },
        err => TrustError::NotPem { path, problem: err.to_string() },
    }
}

/// Why a server cannot be talked to over TLS.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TlsError {
    #[error("the server's certificate is not signed by anyone who is trusted here")]
    UnknownIssuer,
    #[error("the server's certificate is not for {host}; it is for {names}")]
    OtherHost { host: String, names: String },
    #[error("the server's certificate has expired")]
    Expired,
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    #[error("the server's certificate is that of a certificate authority")]
    AuthorityAsServer,
    #[error("{0} is not a name that a certificate can have")]
    NoServerName(String),
    #[error("the server does not speak TLS")]
    NotTls,
    #[error("the server closed the connection during the TLS handshake")]
    HungUp,
    #[error("no TLS with the server: {0}")]
    Other(rustls::Error),
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(problem) => of_certificate(problem),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            error => Self::Other(error),
        }
    }
}

fn of_certificate(problem: CertificateError) -> TlsError {
    match problem {
        // An authority made anew often has the name of the old one, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsError::UnknownIssuer,
        CertificateError::NotValidForNameContext { expected, presented } => TlsError::OtherHost {
            host: expected.to_str().into_owned(),
            names: if presented.is_empty() { "no name".to_owned() } else { in_words(&presented) },
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsError::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsError::NotYetValid
        }
        // What `openssl req -x509` makes unless told otherwise. rustls has no variant for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            TlsError::AuthorityAsServer
        }
        problem => TlsError::Other(problem.into()),
    }
}

/// rustls gives names as `DnsName("localhost")` and `IpAddress(127.0.0.1)`.
fn in_words(names: &[String]) -> String {
    let bare = |name: &String| match name.split_once('(') {
        Some((_, name)) => name.trim_end_matches(')').trim_matches('"').to_owned(),
        None => name.clone(),
    };
    names.iter().map(bare).collect::<Vec<_>>().join(", ")
}

/// The name that the certificate of `host` must be for.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::NoServerName(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use rustls::pki_types::UnixTime;

    use super::*;

    #[test]
    fn a_certificate_out_of_its_time_is_told() {
        let (early, late) = (UnixTime::since_unix_epoch(Duration::ZERO), UnixTime::now());
        let expired = CertificateError::ExpiredContext { time: late, not_after: early };
        let not_yet = CertificateError::NotValidYetContext { time: early, not_before: late };
        for (problem, error) in [(expired, TlsError::Expired), (not_yet, TlsError::NotYetValid)] {
            assert_eq!(TlsError::from(rustls::Error::from(problem)), error);
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        assert!(matches!(Tls::trusting(Some(&path)), Err(TrustError::Read { .. })));
        fs::write(&path, "hello\n").unwrap();
        assert!(matches!(Tls::trusting(Some(&path)), Err(TrustError::Empty { .. })));
        let text = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        fs::write(&path, text).unwrap();
        assert!(matches!(Tls::trusting(Some(&path)), Err(TrustError::NotACertificate { .. })));
        fs::write(&path, text.replace("aGVsbG8=", "*")).unwrap();
        assert!(matches!(Tls::trusting(Some(&path)), Err(TrustError::NotPem { .. })));
    }
}
