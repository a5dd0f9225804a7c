//! One metric after the other, as they are put on the page.

use std::{fmt, iter};

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric},
    registry::Unit,
};
use telemetry::histogram::{BUCKETS, HistogramCounts};

/// Takes one metric after the other.
pub(super) struct Page<'a>(DescriptorEncoder<'a>);

impl<'a> Page<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A metric with one value.
    pub(super) fn one<M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        metric: M,
    ) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, unit.as_ref(), M::TYPE)?;
        metric.encode(encoder)
    }

    /// A metric with a value for each of some label sets, perhaps none.
    pub(super) fn many<L: EncodeLabelSet, M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        samples: impl IntoIterator<Item = (L, M)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, unit.as_ref(), M::TYPE)?;
        for (labels, metric) in samples {
            metric.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// A spread as a histogram.
pub(super) struct Buckets(pub(super) HistogramCounts);

impl TypedMetric for Buckets {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Buckets {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let ends = BUCKETS.into_iter().chain(iter::once(f64::INFINITY));
        let buckets: Vec<(f64, u64)> = ends.zip(self.0.counts).collect();
        // The total is that of the buckets, which may be read while durations are recorded.
        let count = self.0.counts.iter().sum();
        encoder.encode_histogram::<NoLabelSet>(self.0.sum_seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
