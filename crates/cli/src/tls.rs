//! The certificate and key that `--tls-cert` and `--tls-key` name, for every program that clients may ask
//! for TLS. Its messages name the options, so they are here and not with those who speak TLS.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use rustls::{
    CertificateError, Error, InconsistentKeys, RootCertStore, ServerConfig,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer, UnixTime,
        pem::{self, PemObject},
    },
    server::ParsedCertificate,
    sign::{CertifiedKey, SingleCertAndKey},
};

/// Some editors put it at the start of a text, where it would hide the first certificate.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Debug, Default, Args)]
pub struct TlsArgs {
    /// Speak TLS with this certificate, and refuse plain text
    ///
    /// A PEM file: the server's certificate, then the certificate that signed it, and so on.
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate (PEM)
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// What is spoken with clients, `None` without a certificate. Reads the files, and warns of a certificate
    /// that clients will refuse.
    pub fn server_config(&self) -> Result<Option<Arc<ServerConfig>>, TlsError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => configure(certificate, key).map(Some),
            _ => Ok(None),
        }
    }
}

/// Why a server cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {option} {}", path.display())]
    Read { option: &'static str, path: PathBuf, source: io::Error },
    #[error("--tls-cert {} is not a PEM file of certificates: {why}", path.display())]
    Certificate { path: PathBuf, why: pem::Error },
    #[error("--tls-key {} is not a PEM file of a private key: {why}", path.display())]
    Key { path: PathBuf, why: pem::Error },
    #[error(
        "--tls-key {path} has a password, which the server cannot ask for; \
         `openssl pkey -in {path} -out key.pem` writes one without", path = .0.display()
    )]
    EncryptedKey(PathBuf),
    #[error(
        "in --tls-cert {} the certificate of --tls-key is number {number}; it must be the first, and \
         after it comes that of whoever signed it", path.display()
    )]
    Order { path: PathBuf, number: usize },
    #[error("--tls-key {} is not the key of --tls-cert {}", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
    #[error("the certificate of --tls-cert and the key of --tls-key cannot be used: {0}")]
    Unusable(Error),
}

/// TLS 1.2 and 1.3, without certificates of clients: those say who they are with a token.
fn configure(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let chain = read_chain(certificate)?;
    let signing_key =
        provider.key_provider.load_private_key(read_key(key)?).map_err(TlsError::Unusable)?;
    let certified = CertifiedKey::new(chain, signing_key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            return Err(match place_of_key(&certified) {
                Some(number) => TlsError::Order { path: certificate.to_owned(), number },
                None => {
                    TlsError::Mismatch { key: key.to_owned(), certificate: certificate.to_owned() }
                }
            });
        }
        Err(err) => return Err(TlsError::Unusable(err)),
    }
    if let Some(warning) = validity_warning(&certified.cert[0], &provider, UnixTime::now()) {
        tracing::warn!("{warning}");
    }
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    Ok(Arc::new(config))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read("--tls-cert", path)?;
    let fail = |why| TlsError::Certificate { path: path.to_owned(), why };
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(fail)?;
    if chain.is_empty() { Err(fail(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read("--tls-key", path)?;
    // `BEGIN ENCRYPTED PRIVATE KEY`, or in older files `Proc-Type: 4,ENCRYPTED`.
    if text.windows(b"ENCRYPTED".len()).any(|word| word == b"ENCRYPTED") {
        return Err(TlsError::EncryptedKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|why| TlsError::Key { path: path.to_owned(), why })
}

fn read(option: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let fail = |source| TlsError::Read { option, path: path.to_owned(), source };
    let text = fs::read(path).map_err(fail)?;
    Ok(match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Which of the certificates is that of the key, counted from one.
fn place_of_key(certified: &CertifiedKey) -> Option<usize> {
    let public = certified.key.public_key()?;
    let is_of_key = |certificate| {
        ParsedCertificate::try_from(certificate)
            .is_ok_and(|parsed| parsed.subject_public_key_info() == public)
    };
    certified.cert.iter().position(is_of_key).map(|index| index + 1)
}

/// What clients will say about a certificate whose time has not come, or is over. A server that did not
/// start for it would help nobody. Nothing else of the server asks for the time of day.
fn validity_warning(
    certificate: &CertificateDer<'_>,
    provider: &CryptoProvider,
    now: UnixTime,
) -> Option<String> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    // Its time is looked at first. That nobody is trusted here is no news.
    let verdict = verify_server_cert_signed_by_trust_anchor(
        &certificate,
        &RootCertStore::empty(),
        &[],
        now,
        provider.signature_verification_algorithms.all,
    );
    let between = |from: UnixTime, to: UnixTime| {
        rough(Duration::from_secs(to.as_secs().saturating_sub(from.as_secs())))
    };
    match verdict {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { time, not_after })) => {
            Some(format!(
                "the certificate of --tls-cert expired {} ago: clients refuse it",
                between(not_after, time)
            ))
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            time,
            not_before,
        })) => Some(format!(
            "the certificate of --tls-cert is valid in {} only: clients refuse it until then",
            between(time, not_before)
        )),
        _ => None,
    }
}

/// In the largest unit of which there are two at least.
fn rough(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match (minutes / (24 * 60), minutes / 60) {
        (days @ 2.., _) => format!("{days} days"),
        (_, hours @ 2..) => format!("{hours} hours"),
        _ => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_a_unit_that_means_something() {
        for (seconds, text) in [
            (0, "0 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (2 * 86400 - 1, "47 hours"),
            (2 * 86400, "2 days"),
        ] {
            assert_eq!(rough(Duration::from_secs(seconds)), text);
        }
    }
}
