//! `[limits]`: what the service takes at most. Each number has a range, and one outside is a problem.

use crate::toml_document::TomlTable;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What the service takes at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceLimits {
    /// The bytes of one body, decompressed. A longer one is refused (413).
    pub body_bytes: usize,
    /// The batches that wait for the core. One more is refused (429).
    pub queue_batches: usize,
    /// The open connections to `/v1/live`. One more is refused (503).
    pub live_clients: usize,
    /// The open connections in all, those to `/v1/live` among them. One more is closed at once.
    pub connections: usize,
    /// How long the head of a request, or a TLS handshake, may take to come, and so how long a connection may be idle. Then it
    /// is closed.
    pub header_time: Duration,
    /// The requests a second of one address, on the average; five seconds' worth may come at once. One more is refused (429).
    /// 0 for any number.
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

/// Reads `[limits]`.
pub(super) fn read_limits_table(table: &TomlTable<'_>) -> ServiceLimits {
    let usual = ServiceLimits::default();
    let limits = ServiceLimits {
        body_bytes: number_within(table, "body_mb", 1..=1_024)
            .map_or(usual.body_bytes, |megabytes| megabytes << 20),
        queue_batches: number_within(table, "queue_batches", 1..=65_536)
            .unwrap_or(usual.queue_batches),
        live_clients: number_within(table, "live_clients", 0..=100_000)
            .unwrap_or(usual.live_clients),
        connections: number_within(table, "connections", 1..=200_000).unwrap_or(usual.connections),
        header_time: number_within(table, "header_seconds", 1..=600)
            .map_or(usual.header_time, |seconds| Duration::from_secs(seconds as u64)),
        requests_per_second: number_within(table, "requests_per_second", 0..=1_000_000)
            .map_or(usual.requests_per_second, |number| number as u32),
    };
    table.report_unknown_keys();
    limits
}

/// A whole number within a range; one outside is a problem.
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
            format!(
                "`{key}` must lie between {} and {}, not {written}",
                range.start(),
                range.end()
            ),
        );
    }
    number
}
