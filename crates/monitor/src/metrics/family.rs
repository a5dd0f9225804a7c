//! Metrics that only some program has.

use std::fmt;

use prometheus_client::{
    encoding::EncodeMetric,
    metrics::{TypedMetric, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};
use telemetry::histogram::HistogramCounts;

use super::page::{Buckets, Page};

/// A metric that a program counts itself, with a value for each set of labels, perhaps none.
#[derive(Clone, Debug)]
pub struct Family {
    /// Without the prefix, the unit and `_total`.
    pub name: &'static str,
    /// A sentence on what it says.
    pub help: &'static str,
    pub unit: Option<Unit>,
    pub samples: Samples,
}

/// The values, by their labels. Nothing that clients choose is to be one, or a page would grow without end.
#[derive(Clone, Debug)]
pub enum Samples {
    /// What only grows.
    Counters(Vec<(Labels, u64)>),
    Gauges(Vec<(Labels, f64)>),
    /// How durations are spread.
    Histograms(Vec<(Labels, HistogramCounts)>),
}

/// Names and values of labels, the same names for all samples of a family.
pub type Labels = Vec<(&'static str, String)>;

impl Family {
    pub(super) fn encode(&self, page: &mut Page<'_>) -> fmt::Result {
        match &self.samples {
            Samples::Counters(counts) => self.put(page, counts, |count| ConstCounter::new(*count)),
            Samples::Gauges(values) => self.put(page, values, |value| ConstGauge::new(*value)),
            Samples::Histograms(spreads) => self.put(page, spreads, |spread| Buckets(*spread)),
        }
    }

    fn put<T, M: EncodeMetric + TypedMetric>(
        &self,
        page: &mut Page<'_>,
        samples: &[(Labels, T)],
        metric: impl Fn(&T) -> M,
    ) -> fmt::Result {
        let Self { name, help, ref unit, .. } = *self;
        match samples {
            [(labels, value)] if labels.is_empty() => {
                page.one(name, help, unit.clone(), metric(value))
            }
            samples => {
                let labelled =
                    samples.iter().map(|(labels, value)| (labels.clone(), metric(value)));
                page.many(name, help, unit.clone(), labelled)
            }
        }
    }
}
