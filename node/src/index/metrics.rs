//! Prometheus metrics of the index.

use std::time::Duration;
use substrate_prometheus_endpoint::{
    Gauge, Histogram, HistogramOpts, PrometheusError, Registry, U64, prometheus, register,
};

/// The index's numbers; labels say nothing that the name doesn't.
pub struct Metrics {
    height: Gauge<U64>,
    finalized: Gauge<U64>,
    seconds: Histogram,
}

impl Metrics {
    /// Registers them.
    ///
    /// # Errors
    /// When one of the names is taken.
    pub fn new(registry: &Registry) -> Result<Self, PrometheusError> {
        let seconds =
            HistogramOpts::new("hanse_index_block_seconds", "Seconds to read a block from the chain and index it")
                .buckets(prometheus::exponential_buckets(0.0005, 2.0, 14)?);
        Ok(Self {
            height: register(
                Gauge::new("hanse_index_height", "Height of the newest block that is indexed")?,
                registry,
            )?,
            finalized: register(
                Gauge::new("hanse_index_finalized_height", "Height of the newest final block that is indexed")?,
                registry,
            )?,
            seconds: register(Histogram::with_opts(seconds)?, registry)?,
        })
    }

    pub(super) fn indexed(&self, height: Option<u64>, took: Duration) {
        if let Some(height) = height {
            self.height.set(height);
        }
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn finalized(&self, height: u64) {
        self.finalized.set(height);
    }
}
