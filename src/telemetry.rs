//! Self-monitoring: the service's own metrics, and the log.
//!
//! Metrics of the service itself begin with `firstline_`. Metrics of the monitored organization
//! begin with `sla_` (see `crate::publish::prometheus`). Labels have few values, all listed here or
//! at the call.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Metrics of the service itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "`definition` below has the help text of each metric")]
pub enum Metric {
    EventsReceived,
    EventsRejected,
    FieldsDropped,
    SubjectsReused,
    EventsRefused,
    BatchesQueued,
    LiveClients,
    LiveClientsDropped,
    ApplySeconds,
    BoardSeconds,
    BoardTime,
    Cases,
    LastEvent,
    JournalSeconds,
    JournalBytes,
    JournalFailing,
    SnapshotSeconds,
    SnapshotBytes,
    RecoverySeconds,
    ClockOffset,
    AccessRefused,
    ConnectionsRefused,
    AlertSeconds,
    AlertsFiring,
    AlertsPending,
    AlertsOverflow,
    Notifications,
    NotificationsWaiting,
    NotificationSeconds,
    BuildInfo,
}

enum InstrumentKind {
    Counter,
    Gauge,
    Seconds,
}

impl Metric {
    const ALL: [Metric; 30] = [
        Metric::EventsReceived,
        Metric::EventsRejected,
        Metric::FieldsDropped,
        Metric::SubjectsReused,
        Metric::EventsRefused,
        Metric::BatchesQueued,
        Metric::LiveClients,
        Metric::LiveClientsDropped,
        Metric::ApplySeconds,
        Metric::BoardSeconds,
        Metric::BoardTime,
        Metric::Cases,
        Metric::LastEvent,
        Metric::JournalSeconds,
        Metric::JournalBytes,
        Metric::JournalFailing,
        Metric::SnapshotSeconds,
        Metric::SnapshotBytes,
        Metric::RecoverySeconds,
        Metric::ClockOffset,
        Metric::AccessRefused,
        Metric::ConnectionsRefused,
        Metric::AlertSeconds,
        Metric::AlertsFiring,
        Metric::AlertsPending,
        Metric::AlertsOverflow,
        Metric::Notifications,
        Metric::NotificationsWaiting,
        Metric::NotificationSeconds,
        Metric::BuildInfo,
    ];

    fn definition(self) -> (&'static str, InstrumentKind, &'static str) {
        match self {
            Metric::EventsReceived => (
                "firstline_events_received_total",
                InstrumentKind::Counter,
                "Events received, by outcome: accepted, duplicate or rejected",
            ),
            Metric::EventsRejected => (
                "firstline_events_rejected_total",
                InstrumentKind::Counter,
                "Events rejected, by reason: unreadable, late, ahead, unknown or full; \
                 `/v1/rejected` lists the latest",
            ),
            Metric::FieldsDropped => (
                "firstline_fields_dropped_total",
                InstrumentKind::Counter,
                "Fields that events were accepted without, by the field; `/v1/rejected` lists the \
                 latest",
            ),
            Metric::SubjectsReused => (
                "firstline_subjects_reused_total",
                InstrumentKind::Counter,
                "Cases begun because their subject was used again after its last case had ended",
            ),
            Metric::EventsRefused => (
                "firstline_events_refused_total",
                InstrumentKind::Counter,
                "Event requests refused as a whole, by reason",
            ),
            Metric::BatchesQueued => (
                "firstline_batches_queued",
                InstrumentKind::Gauge,
                "Batches waiting for the engine",
            ),
            Metric::LiveClients => (
                "firstline_live_clients",
                InstrumentKind::Gauge,
                "Open connections to the live board",
            ),
            Metric::LiveClientsDropped => (
                "firstline_live_clients_dropped_total",
                InstrumentKind::Counter,
                "Live board connections closed by the service, by reason",
            ),
            Metric::ApplySeconds => {
                ("firstline_apply_seconds", InstrumentKind::Seconds, "Time to apply a batch")
            }
            Metric::BoardSeconds => {
                ("firstline_board_seconds", InstrumentKind::Seconds, "Time to compute a board")
            }
            Metric::BoardTime => (
                "firstline_board_timestamp_seconds",
                InstrumentKind::Gauge,
                "Engine time of the latest board; it lags behind when the engine does",
            ),
            Metric::Cases => {
                ("firstline_cases", InstrumentKind::Gauge, "Cases remembered by the engine")
            }
            Metric::LastEvent => (
                "firstline_last_event_timestamp_seconds",
                InstrumentKind::Gauge,
                "Latest time of an accepted event",
            ),
            Metric::JournalSeconds => (
                "firstline_journal_seconds",
                InstrumentKind::Seconds,
                "Time to write a group of batches to disk",
            ),
            Metric::JournalBytes => (
                "firstline_journal_bytes_total",
                InstrumentKind::Counter,
                "Bytes written to the journal, compressed",
            ),
            Metric::JournalFailing => (
                "firstline_journal_failing",
                InstrumentKind::Gauge,
                "1 while the journal cannot be written and events are refused",
            ),
            Metric::SnapshotSeconds => (
                "firstline_snapshot_seconds",
                InstrumentKind::Seconds,
                "Time to make a snapshot, in the background",
            ),
            Metric::SnapshotBytes => {
                ("firstline_snapshot_bytes", InstrumentKind::Gauge, "Size of the latest snapshot")
            }
            Metric::RecoverySeconds => (
                "firstline_recovery_duration_seconds",
                InstrumentKind::Gauge,
                "Time the last start took to read the snapshot and the journal",
            ),
            Metric::ClockOffset => (
                "firstline_clock_off_seconds",
                InstrumentKind::Gauge,
                "Time by which the system clock is ahead of the engine time",
            ),
            Metric::AccessRefused => (
                "firstline_access_refused_total",
                InstrumentKind::Counter,
                "Requests refused by access control, by reason",
            ),
            Metric::ConnectionsRefused => (
                "firstline_connections_refused_total",
                InstrumentKind::Counter,
                "Connections closed by the service, by reason: full, slow or tls",
            ),
            Metric::AlertSeconds => (
                "firstline_alert_evaluation_seconds",
                InstrumentKind::Seconds,
                "Time to evaluate the alert policies",
            ),
            Metric::AlertsFiring => {
                ("firstline_alerts_firing", InstrumentKind::Gauge, "Firing alerts")
            }
            Metric::AlertsPending => (
                "firstline_alerts_pending",
                InstrumentKind::Gauge,
                "Alerts whose condition has not yet lasted for the time required",
            ),
            Metric::AlertsOverflow => (
                "firstline_alerts_overflow",
                InstrumentKind::Gauge,
                "Alerts that could not start at the last evaluation because of the limit",
            ),
            Metric::Notifications => (
                "firstline_notifications_total",
                InstrumentKind::Counter,
                "Notifications by receiver and outcome: delivered, failed, refused or lost",
            ),
            Metric::NotificationsWaiting => (
                "firstline_notifications_waiting",
                InstrumentKind::Gauge,
                "Notifications waiting for delivery to a receiver",
            ),
            Metric::NotificationSeconds => (
                "firstline_notification_seconds",
                InstrumentKind::Seconds,
                "Response time of a receiver",
            ),
            Metric::BuildInfo => (
                "firstline_build_info",
                InstrumentKind::Gauge,
                "Always 1; the labels name the running version",
            ),
        }
    }

    fn name(self) -> &'static str {
        self.definition().0
    }

    /// Adds to a counter with one label.
    pub fn add_labeled(self, label: &'static str, value: &'static str, number: u64) {
        metrics::counter!(self.name(), label => value).increment(number);
    }

    /// Adds one to the counter of a field. Its values are bounded by the standard.
    pub fn add_for_field(self, field: &str) {
        metrics::counter!(self.name(), "field" => field.to_owned()).increment(1);
    }

    /// Adds to a counter of a receiver's notifications with an outcome.
    pub fn add_for_receiver(self, receiver: &str, outcome: &'static str, number: u64) {
        metrics::counter!(self.name(), "receiver" => receiver.to_owned(), "outcome" => outcome)
            .increment(number);
    }

    /// Sets a gauge of a receiver.
    pub fn set_for_receiver(self, receiver: &str, value: f64) {
        metrics::gauge!(self.name(), "receiver" => receiver.to_owned()).set(value);
    }

    /// Adds to a counter without labels.
    pub fn add(self, number: u64) {
        metrics::counter!(self.name()).increment(number);
    }

    /// Sets a gauge.
    pub fn set(self, value: f64) {
        metrics::gauge!(self.name()).set(value);
    }

    /// Adds to a gauge; a negative value subtracts.
    pub fn adjust(self, by: f64) {
        metrics::gauge!(self.name()).increment(by);
    }

    /// Records a duration in a histogram.
    pub fn record_duration(self, took: Duration) {
        metrics::histogram!(self.name()).record(took.as_secs_f64());
    }
}

/// Returns the metrics recorder of the process, which the first call installs.
pub fn prometheus_recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        const BUCKETS: [f64; 9] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];
        let seconds = Matcher::Suffix("_seconds".to_owned());
        let recorder = match PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS) {
            Ok(builder) => builder.build_recorder(),
            // Only an empty list of buckets is an error.
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!(
                "another metrics recorder is installed; `/metrics` lacks the service's own metrics"
            );
        }
        for metric in Metric::ALL {
            match metric.definition() {
                (name, InstrumentKind::Counter, help) => describe_counter!(name, help),
                (name, InstrumentKind::Gauge, help) => describe_gauge!(name, help),
                (name, InstrumentKind::Seconds, help) => {
                    describe_histogram!(name, Unit::Seconds, help);
                }
            }
        }
        for outcome in ["accepted", "duplicate", "rejected"] {
            Metric::EventsReceived.add_labeled("outcome", outcome, 0);
        }
        for reason in ["unreadable", "late", "ahead", "unknown", "full"] {
            Metric::EventsRejected.add_labeled("reason", reason, 0);
        }
        Metric::LiveClients.set(0.0);
        metrics::gauge!(Metric::BuildInfo.name(), "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        handle
    })
}

/// Writes the log to standard error. `RUST_LOG` sets the filter; the default is `info`.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call fails because a logger is installed, as in tests.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
