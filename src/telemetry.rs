//! firstline's own health: one list of metrics, and where the log goes.
//!
//! Figures about the service are told apart from figures about the organisation: these begin with `firstline_`, those with
//! `sla_` (see `crate::publish::prometheus`). Labels have few values, all of them written here or beside the call.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Everything the service says about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is described to Prometheus by `describe`, right below")]
pub enum Metric {
    EventsReceived,
    EventsRejected,
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
    const ALL: [Metric; 28] = [
        Metric::EventsReceived,
        Metric::EventsRejected,
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
                "Events rejected, by reason: unreadable, late, ahead, unknown or full; `/v1/rejected` has the last of them",
            ),
            Metric::EventsRefused => (
                "firstline_events_refused_total",
                InstrumentKind::Counter,
                "Requests with events that were refused as a whole, by reason",
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
                "Connections to the live board ended by the service, by reason",
            ),
            Metric::ApplySeconds => (
                "firstline_apply_seconds",
                InstrumentKind::Seconds,
                "How long the core took to apply a batch",
            ),
            Metric::BoardSeconds => (
                "firstline_board_seconds",
                InstrumentKind::Seconds,
                "How long it took to make a board",
            ),
            Metric::BoardTime => (
                "firstline_board_timestamp_seconds",
                InstrumentKind::Gauge,
                "The time that the newest board goes by; it falls behind if the engine does",
            ),
            Metric::Cases => ("firstline_cases", InstrumentKind::Gauge, "Cases the core remembers"),
            Metric::LastEvent => (
                "firstline_last_event_timestamp_seconds",
                InstrumentKind::Gauge,
                "The newest time of an accepted event",
            ),
            Metric::JournalSeconds => (
                "firstline_journal_seconds",
                InstrumentKind::Seconds,
                "How long a group of batches took to be on disk",
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
                "How long a snapshot took, beside the engine's work",
            ),
            Metric::SnapshotBytes => (
                "firstline_snapshot_bytes",
                InstrumentKind::Gauge,
                "The size of the newest snapshot",
            ),
            Metric::RecoverySeconds => (
                "firstline_recovery_duration_seconds",
                InstrumentKind::Gauge,
                "How long the last start took to read snapshot and journal",
            ),
            Metric::ClockOffset => (
                "firstline_clock_off_seconds",
                InstrumentKind::Gauge,
                "How far the machine's clock is ahead of the time the board goes by",
            ),
            Metric::AccessRefused => (
                "firstline_access_refused_total",
                InstrumentKind::Counter,
                "Requests that were not let in, by reason",
            ),
            Metric::ConnectionsRefused => (
                "firstline_connections_refused_total",
                InstrumentKind::Counter,
                "Connections closed by the service, by reason: full, slow or tls",
            ),
            Metric::AlertSeconds => (
                "firstline_alert_evaluation_seconds",
                InstrumentKind::Seconds,
                "How long a look for alerts took",
            ),
            Metric::AlertsFiring => {
                ("firstline_alerts_firing", InstrumentKind::Gauge, "Alerts that fire")
            }
            Metric::AlertsPending => (
                "firstline_alerts_pending",
                InstrumentKind::Gauge,
                "Alerts that wait until the bad has lasted",
            ),
            Metric::AlertsOverflow => (
                "firstline_alerts_overflow",
                InstrumentKind::Gauge,
                "Alerts that could not begin at the last look, because there are too many",
            ),
            Metric::Notifications => (
                "firstline_notifications_total",
                InstrumentKind::Counter,
                "Notifications by receiver and outcome: delivered, failed, refused or lost",
            ),
            Metric::NotificationsWaiting => (
                "firstline_notifications_waiting",
                InstrumentKind::Gauge,
                "Notifications that a receiver has not taken yet",
            ),
            Metric::NotificationSeconds => (
                "firstline_notification_seconds",
                InstrumentKind::Seconds,
                "How long a receiver took to answer",
            ),
            Metric::BuildInfo => (
                "firstline_build_info",
                InstrumentKind::Gauge,
                "Always 1; its labels say what is running",
            ),
        }
    }

    fn name(self) -> &'static str {
        self.definition().0
    }

    /// Adds to a counter, under the value of its label.
    pub fn add_labeled(self, label: &'static str, value: &'static str, number: u64) {
        metrics::counter!(self.name(), label => value).increment(number);
    }

    /// Adds to a counter of what became of messages to a receiver, whose name is the configuration's.
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

    /// Adds to a gauge; less than nothing takes away.
    pub fn adjust(self, by: f64) {
        metrics::gauge!(self.name()).increment(by);
    }

    /// Adds an observation to a histogram of durations.
    pub fn record_duration(self, took: Duration) {
        metrics::histogram!(self.name()).record(took.as_secs_f64());
    }
}

/// The recorder of this process; made when it is first asked for, because there can be only one.
pub fn prometheus_recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        const BUCKETS: [f64; 9] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];
        let builder = PrometheusBuilder::new();
        let recorder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS) {
            Ok(builder) => builder.build_recorder(),
            // Only an empty list of buckets is refused.
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed: `/metrics` lacks the figures about the service itself");
        }
        for metric in Metric::ALL {
            match metric.definition() {
                (name, InstrumentKind::Counter, help) => describe_counter!(name, help),
                (name, InstrumentKind::Gauge, help) => describe_gauge!(name, help),
                (name, InstrumentKind::Seconds, help) => describe_histogram!(name, Unit::Seconds, help),
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

/// Sends the log to standard error: warnings and what matters to an operator, unless `RUST_LOG` says otherwise.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call finds a log in place, as in tests, and leaves it so.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
