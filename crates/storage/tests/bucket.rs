//! Which bucket is meant, and who asks.
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::path::Path;

use storage::{BucketSettings, BucketSettingsError};

fn read(address: &str, variables: &[(&str, &str)]) -> Result<BucketSettings, BucketSettingsError> {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    BucketSettings::read(Path::new(address), |name| {
        let set = keys.iter().chain(variables).rev().find(|(set, _)| *set == name);
        set.map(|(_, value)| (*value).to_owned())
    })
}

fn error(address: &str, variables: &[(&str, &str)]) -> BucketSettingsError {
    read(address, variables).err().unwrap()
}

#[test]
fn an_address_is_a_bucket_and_perhaps_a_prefix() {
    for (address, shown) in [
        ("s3://photos", "s3://photos/"),
        ("s3://photos/", "s3://photos/"),
        ("s3://photos/2026", "s3://photos/2026/"),
        ("s3://my.photos-1/a b/ü/", "s3://my.photos-1/a b/ü/"),
    ] {
        assert_eq!(read(address, &[]).unwrap().address(), shown);
    }
    for address in ["s3://", "s3:///a", "s3://ab", "s3://Photos", "s3://a_b", "s3://photos/../x"] {
        assert!(matches!(error(address, &[]), BucketSettingsError::Address(_)), "{address}");
    }
}

#[test]
fn a_key_is_needed_and_one_that_is_empty_is_none() {
    assert_eq!(
        error("s3://photos", &[("AWS_SECRET_ACCESS_KEY", "")]),
        BucketSettingsError::NoKey("AWS_SECRET_ACCESS_KEY")
    );
}

#[test]
fn an_endpoint_is_encrypted_unless_that_is_given_up_in_words() {
    let port = |endpoint| read("s3://photos", &[("AWS_ENDPOINT", endpoint)]).map(|it| it.port());
    assert_eq!(read("s3://photos", &[]).unwrap().port(), 443);
    assert_eq!(port("https://s3.example.org").unwrap(), 443);
    assert_eq!(port("https://s3.example.org:3900/").unwrap(), 3900);
    assert_eq!(port("https://[::1]").unwrap(), 443);
    assert_eq!(port("https://[::1]:3900").unwrap(), 3900);
    let refused = ["http://s3.example.org", "s3.example.org", "https://", "https://me:x@s3.org"];
    for endpoint in refused {
        assert_eq!(port(endpoint).unwrap_err(), BucketSettingsError::Endpoint, "{endpoint}");
    }
    let plain = [("AWS_ENDPOINT", "http://127.0.0.1:3900"), ("AWS_ALLOW_HTTP", "true")];
    let plain = read("s3://photos", &plain).unwrap();
    assert!(plain.is_plain_text() && plain.port() == 3900);
}
