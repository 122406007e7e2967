//! Parses `[limits]`: limits on requests, connections and queues.
//!
//! A value outside its range is a problem.

use crate::toml_document::TomlTable;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Limits on requests, connections and queues.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceLimits {
    /// Maximum size of a decompressed request body, in bytes. A larger one gets 413.
    pub body_bytes: usize,
    /// Maximum number of batches in the engine's queue. One more gets 429.
    pub queue_batches: usize,
    /// Maximum number of live connections. One more gets 503.
    pub live_clients: usize,
    /// Maximum number of open connections, including live ones. One more is closed at once.
    pub connections: usize,
    /// Timeout for request headers, a TLS handshake or an idle connection. The connection is then
    /// closed.
    pub header_time: Duration,
    /// Average number of requests per second from one address. Bursts may use five seconds' worth.
    /// More get 429. 0 means unlimited.
    pub requests_per_second: u32,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        ServiceLimits {
            body_bytes: 16 << 20,
            queue_batches: 256,
            live_clients: 1_000,
            connections: 4_096,
            header_time: Duration::from_secs(30),
            requests_per_second: 1_000,
        }
    }
}

/// Reads `[limits]`. Missing keys take their defaults.
pub(super) fn read_limits_table(table: &TomlTable<'_>) -> ServiceLimits {
    let defaults = ServiceLimits::default();
    let limits = ServiceLimits {
        body_bytes: number_within(table, "body_mb", 1..=1_024)
            .map_or(defaults.body_bytes, |megabytes| megabytes << 20),
        queue_batches: number_within(table, "queue_batches", 1..=65_536)
            .unwrap_or(defaults.queue_batches),
        live_clients: number_within(table, "live_clients", 0..=100_000)
            .unwrap_or(defaults.live_clients),
        connections: number_within(table, "connections", 1..=200_000)
            .unwrap_or(defaults.connections),
        header_time: number_within(table, "header_seconds", 1..=600)
            .map_or(defaults.header_time, |seconds| Duration::from_secs(seconds as u64)),
        requests_per_second: number_within(table, "requests_per_second", 0..=1_000_000)
            .map_or(defaults.requests_per_second, |number| number as u32),
    };
    table.report_unknown_keys();
    limits
}

/// Returns an integer within `range`. Returns `None` if it is absent or reported as a problem.
pub(super) fn number_within(
    table: &TomlTable<'_>,
    key: &str,
    range: RangeInclusive<usize>,
) -> Option<usize> {
    let written = table.optional_integer(key)?;
    let number = usize::try_from(written).ok().filter(|number| range.contains(number));
    if number.is_none() {
        table.report_problem(
            key,
            format!("`{key}` must be between {} and {}, not {written}", range.start(), range.end()),
        );
    }
    number
}
