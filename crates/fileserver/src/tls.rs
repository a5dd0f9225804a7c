//! The certificate and key that `--tls-cert` and `--tls-key` name.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};

/// Why a server cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {option} {}", path.display())]
    Read { option: &'static str, path: PathBuf, source: io::Error },
    #[error("--tls-cert {} is not a PEM file of certificates: {why}", path.display())]
    Certificate { path: PathBuf, why: pem::Error },
    #[error("--tls-key {} is not a PEM file of a private key: {why}", path.display())]
    Key { path: PathBuf, why: pem::Error },
    #[error("the certificate of --tls-cert and the key of --tls-key cannot be used: {0}")]
    Unusable(rustls::Error),
}

/// TLS 1.2 and 1.3, without certificates of clients: those say who they are with a token.
pub(crate) fn configure(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let bad_certificate = |why| match why {
        pem::Error::Io(source) => {
            TlsError::Read { option: "--tls-cert", path: certificate.to_owned(), source }
        }
        why => TlsError::Certificate { path: certificate.to_owned(), why },
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .map_err(bad_certificate)?
        .collect::<Result<_, _>>()
        .map_err(bad_certificate)?;
    if chain.is_empty() {
        return Err(bad_certificate(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|why| match why {
        pem::Error::Io(source) => {
            TlsError::Read { option: "--tls-key", path: key.to_owned(), source }
        }
        why => TlsError::Key { path: key.to_owned(), why },
    })?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Unusable)?;
    Ok(Arc::new(config))
}
