//! Changes of a configuration from outside: each is taken as it is, or refused with the field and the reason.

use delivery::{Backoff, Burst, Config, Ordering, Percent, Rejection};
use serde_json::{Value, json};

fn rejection(config: &Config, patch: Value) -> Rejection {
    config.patched(&patch).expect_err(&patch.to_string())
}

#[test]
fn every_field_can_be_changed_to_each_end_of_its_limits() {
    let start = Config::default();
    let expect = |patch: Value, config: Config| assert_eq!(start.patched(&patch), Ok(config));
    for percent in [0.0, 100.0] {
        expect(json!({"loss": percent}), Config { loss: Percent(percent), ..start.clone() });
        let ack_loss = Some(Percent(percent));
        expect(json!({"ack_loss": percent}), Config { ack_loss, ..start.clone() });
    }
    expect(json!({"latency_min_ms": 0}), Config { latency_min_ms: 0, ..start.clone() });
    expect(json!({"latency_max_ms": 60_000}), Config { latency_max_ms: 60_000, ..start.clone() });
    for max_retries in [0, 20] {
        expect(json!({"max_retries": max_retries}), Config { max_retries, ..start.clone() });
    }
    for ack_timeout_ms in [1, 600_000] {
        let patch = json!({"ack_timeout_ms": ack_timeout_ms});
        expect(patch, Config { ack_timeout_ms, ..start.clone() });
    }
    for window in [Some(1), Some(10_000), None] {
        expect(json!({"window": window}), Config { window, ..start.clone() });
    }
    for subscribers in [1, 1000] {
        expect(json!({"subscribers": subscribers}), Config { subscribers, ..start.clone() });
    }
    for (share, mean_length_ms) in [(0.001, 1), (0.999, 600_000)] {
        let burst = Burst { share, mean_length_ms };
        expect(json!({"burst": burst}), Config { burst: Some(burst), ..start.clone() });
    }
    let ordering = Ordering::InOrder;
    expect(json!({"ordering": "in_order"}), Config { ordering, ..start.clone() });
    let backoff = Backoff::Exponential;
    expect(json!({"backoff": "exponential"}), Config { backoff, ..start.clone() });
    expect(json!({}), start.clone());
    expect(json!({"loss": 12.5, "window": 7}), {
        Config { loss: Percent(12.5), window: Some(7), ..start.clone() }
    });
}

#[test]
fn what_lies_beyond_the_limits_is_refused_and_not_clamped() {
    for (field, below, above, reason) in [
        ("loss", json!(-0.1), json!(100.1), "must be from 0 to 100"),
        ("ack_loss", json!(-1), json!(1e300), "must be from 0 to 100"),
        ("latency_min_ms", json!(-1), json!(60_001), "must be from 0 to 60000"),
        ("latency_max_ms", json!(-1), json!(60_001), "must be from 0 to 60000"),
        ("max_retries", json!(-1), json!(21), "must be from 0 to 20"),
        ("ack_timeout_ms", json!(0), json!(600_001), "must be from 1 to 600000"),
        ("window", json!(0), json!(10_001), "must be from 1 to 10000"),
        ("subscribers", json!(0), json!(1001), "must be from 1 to 1000"),
        ("subscribers", json!(i64::MIN), json!(u64::MAX), "must be from 1 to 1000"),
    ] {
        for value in [below, above] {
            let refused = rejection(&Config::default(), json!({ field: value }));
            assert_eq!((refused.field.as_str(), refused.reason.as_str()), (field, reason));
        }
    }
    for (field, burst) in [
        ("burst.share", json!({"share": 0, "mean_length_ms": 1})),
        ("burst.share", json!({"share": 1.0, "mean_length_ms": 1})),
        ("burst.mean_length_ms", json!({"share": 0.1, "mean_length_ms": 0})),
        ("burst.mean_length_ms", json!({"share": 0.1, "mean_length_ms": 600_001})),
    ] {
        assert_eq!(rejection(&Config::default(), json!({"burst": burst})).field, field);
    }
}

#[test]
fn values_of_another_kind_are_refused() {
    // JSON has no NaN: what writes one writes null.
    let values = || [json!("10"), json!("NaN"), json!(true), json!([1]), json!({"a": 1})];
    for (field, may_be_absent) in [
        ("loss", false),
        ("ack_loss", true),
        ("latency_min_ms", false),
        ("latency_max_ms", false),
        ("max_retries", false),
        ("ack_timeout_ms", false),
        ("backoff", false),
        ("window", true),
        ("burst", true),
        ("subscribers", false),
        ("ordering", false),
    ] {
        let absent = (!may_be_absent).then_some(Value::Null);
        for value in values().into_iter().chain(absent) {
            let refused = rejection(&Config::default(), json!({ field: value }));
            // What stands inside a burst is named as well.
            assert_eq!(refused.field.split('.').next(), Some(field), "{refused}");
        }
        assert_eq!(Config::default().patched(&json!({ field: null })).is_ok(), may_be_absent);
    }
    for field in ["latency_min_ms", "latency_max_ms", "max_retries", "window", "subscribers"] {
        let refused = rejection(&Config::default(), json!({ field: 10.5 }));
        assert_eq!(refused, Rejection::new(field, "must be a whole number"));
    }
    for word in [json!("linear"), json!("None"), json!(""), json!({"none": null})] {
        let refused = rejection(&Config::default(), json!({"backoff": word}));
        assert_eq!(refused, Rejection::new("backoff", "must be none or exponential"));
    }
    for patch in [json!(null), json!([]), json!("loss"), json!(5)] {
        assert_eq!(rejection(&Config::default(), patch).field, "");
    }
}

#[test]
fn unknown_fields_are_named() {
    let unknown = "there is no such field";
    for field in ["", "Loss", "loss ", "latency", "rev"] {
        let refused = rejection(&Config::default(), json!({"loss": 20, field: 1}));
        assert_eq!(refused, Rejection::new(field, unknown));
    }
    let burst = json!({"share": 0.1, "mean_length_ms": 5, "mean": 1});
    let refused = rejection(&Config::default(), json!({"burst": burst}));
    assert_eq!(refused, Rejection::new("burst.mean", unknown));
    let refused = rejection(&Config::default(), json!({"burst": {"share": 0.1}}));
    assert_eq!(refused, Rejection::new("burst.mean_length_ms", "must be a number"));
}

#[test]
fn of_two_latencies_that_do_not_fit_the_changed_one_is_named() {
    let config = Config::default();
    for (patch, field, reason) in [
        (json!({"latency_min_ms": 251}), "latency_min_ms", "must not exceed latency_max_ms, 250"),
        (json!({"latency_max_ms": 49}), "latency_max_ms", "must not be below latency_min_ms, 50"),
        (
            json!({"latency_min_ms": 9, "latency_max_ms": 8}),
            "latency_min_ms",
            "must not exceed latency_max_ms, 8",
        ),
    ] {
        assert_eq!(rejection(&config, patch), Rejection::new(field, reason));
    }
    // Both together may go beyond where one was.
    let both = json!({"latency_max_ms": 900, "latency_min_ms": 800});
    let patched = config.patched(&both).unwrap();
    assert_eq!((patched.latency_min_ms, patched.latency_max_ms), (800, 900));
    assert!(config.patched(&json!({"latency_min_ms": 250})).is_ok());
}

#[test]
fn what_is_built_by_hand_is_checked_alike() {
    let start = Config::default();
    assert_eq!(start.check(), Ok(()));
    let burst = |share| Some(Burst { share, mean_length_ms: 10 });
    for (field, config) in [
        ("loss", Config { loss: Percent(f64::NAN), ..start.clone() }),
        ("loss", Config { loss: Percent(f64::INFINITY), ..start.clone() }),
        ("loss", Config { loss: Percent(-f64::EPSILON), ..start.clone() }),
        ("ack_loss", Config { ack_loss: Some(Percent(f64::NAN)), ..start.clone() }),
        ("latency_min_ms", Config { latency_min_ms: 300, ..start.clone() }),
        ("latency_max_ms", Config { latency_max_ms: u32::MAX, ..start.clone() }),
        ("max_retries", Config { max_retries: 21, ..start.clone() }),
        ("ack_timeout_ms", Config { ack_timeout_ms: 0, ..start.clone() }),
        ("window", Config { window: Some(0), ..start.clone() }),
        ("burst.share", Config { burst: burst(f64::NAN), ..start.clone() }),
        ("burst.share", Config { burst: burst(0.0), ..start.clone() }),
        ("subscribers", Config { subscribers: 0, ..start.clone() }),
    ] {
        assert_eq!(config.check().unwrap_err().field, field);
    }
}

#[test]
fn a_configuration_is_read_back_as_it_was_written() {
    let burst = Some(Burst { share: 0.25, mean_length_ms: 2000 });
    let rare = Config { burst, window: Some(3), ack_loss: Some(Percent(0.1)), ..Config::default() };
    for config in [Config::default(), rare] {
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config, "{text}");
    }
    let text = r#"{"loss":10.0,"ack_loss":null,"latency_min_ms":50,"latency_max_ms":250,"max_retries":2,"ack_timeout_ms":600,"backoff":"none","window":null,"burst":null,"subscribers":1,"ordering":"any"}"#;
    assert_eq!(serde_json::to_string(&Config::default()).unwrap(), text);
    // What is read is checked, and what is not said is as in the first experiment.
    let read = serde_json::from_str::<Config>(r#"{"loss":50}"#).unwrap();
    assert_eq!(read, Config { loss: Percent(50.0), ..Config::default() });
    let error = serde_json::from_str::<Config>(r#"{"loss":500}"#).unwrap_err();
    assert!(error.to_string().contains("loss: must be from 0 to 100"), "{error}");
}
