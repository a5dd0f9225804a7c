//! What pages can download: the raw records of what was settled last.

use std::collections::VecDeque;

use delivery::{Method, Record};
use serde::Serialize;

use crate::serve::messages::{MessageShown, ms};

/// Records that are kept, each of a message at one subscriber.
const RECORDS_MAX: usize = 10_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Export {
    rows: VecDeque<Row>,
}

/// Times in milliseconds of the world's clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    id: u64,
    run: Option<u64>,
    from: String,
    method: Method,
    subscriber: u32,
    created_ms: f64,
    sent_ms: f64,
    delivered_ms: Option<f64>,
    acknowledged_ms: Option<f64>,
    given_up_ms: Option<f64>,
    settled_ms: f64,
    attempts: u32,
    copies: u32,
    acks: u32,
    acks_arrived: u32,
    is_disturbed: bool,
}

impl Export {
    /// The records of one message.
    pub(crate) fn add(&mut self, message: &MessageShown, records: &[Record]) {
        for record in records {
            if self.rows.len() >= RECORDS_MAX {
                self.rows.pop_front();
            }
            self.rows.push_back(row(message, record));
        }
    }

    /// With its columns' names in the first line.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.serialize(row)?;
        }
        writer.into_inner().map_err(|err| err.into_error().into())
    }

    pub(crate) fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.rows)
    }
}

fn row(message: &MessageShown, record: &Record) -> Row {
    Row {
        id: message.id,
        run: message.run,
        from: message.from.clone(),
        method: message.method,
        subscriber: record.subscriber,
        created_ms: ms(record.created),
        sent_ms: ms(record.sent),
        delivered_ms: record.delivered.map(ms),
        acknowledged_ms: record.acknowledged.map(ms),
        given_up_ms: record.given_up.map(ms),
        settled_ms: ms(record.settled),
        attempts: record.attempts,
        copies: record.copies,
        acks: record.acks,
        acks_arrived: record.acks_arrived,
        is_disturbed: record.is_disturbed,
    }
}
