//! Latencies as a histogram, and the clock that they are measured with.

use std::sync::LazyLock;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first call.
pub fn now_ns() -> u64 {
    START.elapsed().as_nanos() as u64
}

/// A figure with so many digits behind the point.
pub fn round(x: f64, digits: i32) -> Value {
    let p = 10f64.powi(digits);
    json!((x * p).round() / p)
}

/// Latencies, kept in microseconds.
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order"))
    }
}

impl Latency {
    pub fn record_ns(&mut self, ns: u64) {
        self.0.saturating_record((ns / 1000).max(1));
    }

    /// The value in milliseconds below which this part of all lies.
    pub fn quantile_ms(&self, part: f64) -> f64 {
        self.0.value_at_quantile(part) as f64 / 1000.0
    }

    /// Adds the figures, each name with a prefix.
    pub fn put(&self, out: &mut Map<String, Value>, prefix: &str) {
        for (name, part) in [("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999)] {
            out.insert(format!("{prefix}{name}"), round(self.quantile_ms(part), 3));
        }
        out.insert(format!("{prefix}max_ms"), round(self.0.max() as f64 / 1000.0, 3));
    }
}
