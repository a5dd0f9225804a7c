//! Which bucket it is, and how it is spoken to: an address, and the usual environment variables.

use std::time::Duration;

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, S3CopyIfNotExists},
    path::Path,
};

/// A dead machine is one that does not answer within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest for one request and its answer: a piece of a file, or a part of one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Together with the pauses between them these take about a second where a bucket refuses connections.
const RETRIES_MAX: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The scheme of an address, which tells a bucket from a directory.
const SCHEME: &str = "s3://";

/// Where a bucket is and who asks. Nothing prints it: it holds a secret.
pub struct BucketSettings {
    bucket: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    key: AccessKey,
    region: String,
    endpoint: Option<String>,
    allows_http: bool,
}

struct AccessKey {
    id: String,
    secret: String,
    token: Option<String>,
}

/// Why a bucket cannot be spoken to at all.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum BucketSettingsError {
    #[error("{0} is no bucket: its address is like s3://photos or s3://photos/2026")]
    Address(String),
    #[error(
        "a bucket asks who comes: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; {0} is missing"
    )]
    NoKey(&'static str),
    #[error(
        "AWS_ENDPOINT must be like https://s3.example.org:3900, without a user; http:// needs \
         AWS_ALLOW_HTTP=true, and then everyone on the way can read the files"
    )]
    Endpoint,
}

impl BucketSettings {
    /// Reads an address such as `s3://photos/2026`, and `variable`s of the environment. One that is empty
    /// counts as not set.
    pub fn read(
        address: &std::path::Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BucketSettingsError> {
        let shown = address.display().to_string();
        let (bucket, prefix) =
            parse_address(&shown).ok_or_else(|| BucketSettingsError::Address(shown.clone()))?;
        let variable = |names: &[&str]| {
            let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
            names.iter().find_map(set)
        };
        let needed = |name: &'static str| variable(&[name]).ok_or(BucketSettingsError::NoKey(name));
        let key = AccessKey {
            id: needed("AWS_ACCESS_KEY_ID")?,
            secret: needed("AWS_SECRET_ACCESS_KEY")?,
            token: variable(&["AWS_SESSION_TOKEN"]),
        };
        let region = variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let endpoint = variable(&["AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
        let allows_http =
            variable(&["AWS_ALLOW_HTTP"]).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if endpoint.as_deref().is_some_and(|endpoint| port_of(endpoint, allows_http).is_none()) {
            return Err(BucketSettingsError::Endpoint);
        }
        Ok(Self {
            bucket,
            prefix,
            key,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            endpoint,
            allows_http,
        })
    }

    /// The bucket and the prefix, as people write them.
    pub fn address(&self) -> String {
        format!("{SCHEME}{}/{}", self.bucket, self.prefix)
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        let endpoint = self.endpoint.as_deref();
        endpoint.and_then(|endpoint| port_of(endpoint, true)).unwrap_or(443)
    }

    /// Files, keys and all else cross the network in plain text.
    pub fn is_plain_text(&self) -> bool {
        self.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }

    /// Makes no connection, and starts no thread.
    pub(super) fn client(&self) -> object_store::Result<AmazonS3> {
        // Without one the library would panic. Whoever was first has chosen the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let AccessKey { id, secret, token } = &self.key;
        let client = ClientOptions::new()
            .with_allow_http(self.allows_http)
            .with_http1_only()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT);
        let backoff = BackoffConfig { max_backoff: PAUSE_MAX, ..BackoffConfig::default() };
        let retry = RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: RETRY_TIMEOUT };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(id)
            .with_secret_access_key(secret)
            .with_client_options(client)
            .with_retry(retry)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
            // Not every store has that request.
            .with_disable_bulk_delete(true);
        if let Some(token) = token {
            builder = builder.with_token(token);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build()
    }
}

/// Bucket and prefix.
fn parse_address(address: &str) -> Option<(String, String)> {
    let path = address.strip_prefix(SCHEME)?;
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let is_of_name = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let is_bucket = (3..=63).contains(&bucket.len())
        && bucket.chars().all(|char| is_of_name(char) || matches!(char, '.' | '-'))
        && bucket.starts_with(is_of_name);
    let prefix = prefix.trim_matches('/');
    let prefix = match Path::parse(prefix) {
        Ok(parsed) if parsed.as_ref() == prefix => prefix,
        _ => return None,
    };
    let end = if prefix.is_empty() { "" } else { "/" };
    is_bucket.then(|| (bucket.to_owned(), format!("{prefix}{end}")))
}

/// The port of an endpoint, if it is one that may be used.
fn port_of(endpoint: &str, allows_http: bool) -> Option<u16> {
    let (authority, default) = match endpoint.split_once("://")? {
        ("https", rest) => (rest, 443),
        ("http", rest) if allows_http => (rest, 80),
        _ => return None,
    };
    let authority = authority.split('/').next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    match authority.rsplit_once(':') {
        // What is within brackets is an address of version 6, and no port.
        Some((_, port)) if !port.contains(']') => port.parse().ok(),
        _ => Some(default),
    }
}
