//! Changes of a configuration that come from outside, one field at a time.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Burst, Config, Percent, Rejection, limits, within};

impl Config {
    /// The configuration with the fields of a JSON object in place of its own; where one of them is refused
    /// there is none. `null` takes away what may be absent, and a burst is given whole.
    pub fn patched(&self, patch: &Value) -> Result<Self, Rejection> {
        let Some(fields) = patch.as_object() else {
            return Err(Rejection::new("", "must be an object with the fields that change"));
        };
        let mut patched = self.clone();
        for (field, value) in fields {
            set(&mut patched, field, value)?;
        }
        patched.check().map_err(|rejection| {
            // Of two fields that do not fit together it is the changed one that is wrong.
            if rejection.field == "latency_min_ms" && !fields.contains_key("latency_min_ms") {
                let least = patched.latency_min_ms;
                let reason = format!("must not be below latency_min_ms, {least}");
                return Rejection::new("latency_max_ms", reason);
            }
            rejection
        })?;
        Ok(patched)
    }
}

impl TryFrom<Value> for Config {
    type Error = Rejection;

    fn try_from(value: Value) -> Result<Self, Rejection> {
        Self::default().patched(&value)
    }
}

fn set(config: &mut Config, field: &str, value: &Value) -> Result<(), Rejection> {
    match field {
        "loss" => config.loss = percent(field, value)?,
        "ack_loss" => config.ack_loss = optional(value, |value| percent(field, value))?,
        "latency_min_ms" => config.latency_min_ms = whole(field, value, limits::LATENCY_MS)?,
        "latency_max_ms" => config.latency_max_ms = whole(field, value, limits::LATENCY_MS)?,
        "max_retries" => config.max_retries = whole(field, value, limits::MAX_RETRIES)?,
        "ack_timeout_ms" => config.ack_timeout_ms = whole(field, value, limits::ACK_TIMEOUT_MS)?,
        "backoff" => config.backoff = word(field, value, "none or exponential")?,
        "window" => {
            config.window = optional(value, |value| whole(field, value, limits::WINDOW))?;
        }
        "burst" => config.burst = optional(value, burst)?,
        "subscribers" => config.subscribers = whole(field, value, limits::SUBSCRIBERS)?,
        "ordering" => config.ordering = word(field, value, "any or in_order")?,
        _ => return Err(Rejection::new(field, "there is no such field")),
    }
    Ok(())
}

fn optional<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, Rejection>,
) -> Result<Option<T>, Rejection> {
    if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

fn number(field: &str, value: &Value) -> Result<f64, Rejection> {
    value.as_f64().ok_or_else(|| Rejection::new(field, "must be a number"))
}

fn percent(field: &str, value: &Value) -> Result<Percent, Rejection> {
    let percent = number(field, value)?;
    within(field, percent, limits::PERCENT)?;
    Ok(Percent(percent))
}

/// The limits come before the change of type, which would clamp.
fn whole(field: &str, value: &Value, limits: RangeInclusive<u32>) -> Result<u32, Rejection> {
    let number = number(field, value)?;
    let (least, most) = limits.into_inner();
    within(field, number, f64::from(least)..=f64::from(most))?;
    if number.fract() != 0.0 {
        return Err(Rejection::new(field, "must be a whole number"));
    }
    Ok(number as u32)
}

/// Serde would also take an object with the word as its only field.
fn word<T: DeserializeOwned>(field: &str, value: &Value, words: &str) -> Result<T, Rejection> {
    let known = value.as_str().and_then(|_| serde_json::from_value(value.clone()).ok());
    known.ok_or_else(|| Rejection::new(field, format!("must be {words}")))
}

fn burst(value: &Value) -> Result<Burst, Rejection> {
    let Some(fields) = value.as_object() else {
        return Err(Rejection::new("burst", "must be an object, or null for none"));
    };
    if let Some(unknown) =
        fields.keys().find(|key| !["share", "mean_length_ms"].contains(&key.as_str()))
    {
        return Err(Rejection::new(&format!("burst.{unknown}"), "there is no such field"));
    }
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let share = number("burst.share", field("share"))?;
    within("burst.share", share, limits::BURST_SHARE)?;
    let limits = limits::BURST_MEAN_LENGTH_MS;
    let mean_length_ms = whole("burst.mean_length_ms", field("mean_length_ms"), limits)?;
    Ok(Burst { share, mean_length_ms })
}
