//! Certificates for one test: an authority made for it, and a server that the authority vouches for.

use std::{
    fs,
    net::IpAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;

/// PEM files in a temporary directory, which goes when this is dropped.
#[derive(Debug)]
pub struct Certificates {
    dir: TempDir,
}

impl Certificates {
    /// An authority, and a server certificate for 127.0.0.1 and localhost that it signed.
    pub fn make() -> Self {
        Self::make_for(&["127.0.0.1", "localhost"])
    }

    /// The same with another server in the certificate; `names` are host names and addresses.
    pub fn make_for(names: &[&str]) -> Self {
        Self::make_with(names, |_| {})
    }

    /// The same as the first for a server whose certificate is valid in these years alone.
    pub fn make_valid(years: RangeInclusive<i32>) -> Self {
        Self::make_with(&["127.0.0.1", "localhost"], |params| {
            params.not_before = date_time_ymd(*years.start(), 1, 1);
            params.not_after = date_time_ymd(*years.end(), 12, 31);
        })
    }

    fn make_with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = || KeyPair::generate().expect("the system gives random numbers");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority_key = key();
        let authority = params.self_signed(&authority_key).expect("the authority is well formed");
        let issuer = Issuer::new(params, authority_key);

        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are ASCII");
        change(&mut params);
        let server_key = key();
        let server = params.signed_by(&server_key, &issuer).expect("the server is well formed");

        let certificates = Self {
            dir: TempDir::with_prefix("kolam-tls-").expect("a temporary directory can be made"),
        };
        for (path, pem) in [
            (certificates.ca(), authority.pem()),
            (certificates.cert(), server.pem()),
            (certificates.key(), server_key.serialize_pem()),
        ] {
            fs::write(path, pem).expect("the temporary directory is writable");
        }
        certificates
    }

    /// The authority's certificate, for clients to trust.
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// The server's certificate.
    pub fn cert(&self) -> PathBuf {
        self.path("cert.pem")
    }

    /// The server's private key.
    pub fn key(&self) -> PathBuf {
        self.path("key.pem")
    }

    /// The directory of the files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// For a server that a test plays itself.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::pem_file_iter(self.cert()).expect("the server is there");
        let chain = chain.map(|certificate| certificate.expect("the server has a certificate"));
        let key = PrivateKeyDer::from_pem_file(self.key()).expect("the server has a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_no_client_auth()
            .with_single_cert(chain.collect(), key)
            .expect("the key is that of the certificate");
        Arc::new(config)
    }

    /// A client that trusts the authority, before its first byte.
    pub(crate) fn client(&self, server: IpAddr) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.ca()).expect("the authority is there");
        roots.add(authority).expect("the authority is a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        ClientConnection::new(Arc::new(config), ServerName::from(server))
            .expect("an address can be the name of a server")
    }
}
