//! Real-time service operations monitor. firstline receives queue, call and field service events,
//! computes the indicators that an organization's service standard declares, and publishes them to
//! wallboards, Prometheus and offline reports.
//!
//! ```text
//!  sources ──> ingest ──> engine ────────────> publish ──> wallboards, Prometheus,
//!            (bytes to   (journal, core,      (published     Alertmanager, HTTP clients
//!             events)     acknowledgement)     boards, alerts)
//!                           │   │
//!        journal, snapshots ┘  domain = the pure core: cases, facts, commitments,
//!                                       windows, indicators, alerts. No clock, no I/O.
//! ```
//!
//! # Path of an event
//! 1. A source in [`ingest`] reads bytes. [`ingest::decode::EventDecoder`] validates names, hashes
//!    identities such as customer numbers, and collects a [`domain::events::batch::Batch`].
//! 2. The batch goes through a bounded channel to the single owner of the core: the [`engine`] when
//!    serving, [`replay`] offline. The engine writes it to the [`journal`] first, then applies and
//!    acknowledges it.
//! 3. The core, [`domain::monitor`], has two halves. [`domain::cases::caseload`] finds the event's
//!    case and derives the **facts** of the case before and after the event. [`domain::cells`]
//!    retracts and adds the difference in every window. A passing deadline works the same way.
//!    Late, repeated and corrected events need no special handling.
//! 4. Every `publish_every`, and at once on a level change, the engine computes a
//!    [`domain::board::reading::Board`] and assigns a revision
//!    ([`domain::board::published_board`]). [`publish`] sends the changes. A slow client gets the
//!    latest board, never a backlog.
//! 5. Every ten seconds of engine time the core evaluates the standard's alert policies
//!    ([`domain::alerts`]). Firing and ended alerts are sent to Alertmanager and webhooks.
//!
//! # Code map, in reading order
//! | where | what |
//! |---|---|
//! | `standards/telecom.toml` | the built-in standard; start here |
//! | `standards/contact-center.toml`, `helpdesk.toml` | standards with the other formulas |
//! | [`domain`] | the core; its page has its own reading order |
//! | [`standard_file`], [`toml_document`] | standards from TOML files, with all problems located |
//! | [`describe`] | indicators and commitments described in English and Chinese |
//! | [`ingest`] | sources: CloudEvents, `queue_log`, mapped CSV, HTTP, the demonstration |
//! | [`replay`], [`cli`] | recorded events offline; the command line |
//! | [`journal`] | accepted events on disk: segments, snapshots, keys |
//! | [`clock`], [`engine`] | engine time; the loop that owns the core |
//! | [`publish`], [`http`] | live updates, Prometheus metrics, notifications; the HTTP API |
//! | [`app`] | wiring and graceful shutdown of the service |
//! | [`watch`] | the board in a terminal, as a client of the live API |
//! | [`export`] | Prometheus rules, Grafana dashboards and OpenSLO from a standard |
//! | [`mod@reference`] | reference pages and schemas generated from the code's own lists |
//! | [`access`] | access control: tokens, grants, tickets, rate limit |
//! | [`config`], [`telemetry`] | configuration file; metrics and log of the service itself |
//! | [`simulate`] | a simulated service organization |
//!
//! # Invariants, each with its test
//! - The core is pure, and imports between modules follow the table in `tests/architecture.rs`.
//! - Within the horizon the board is a function of the set of events and the time.
//!   `tests/properties.rs` permutes, repeats, splits and interleaves adversarial event sets and
//!   compares whole boards. Boards of disjoint cases add up. For first contact resolution this
//!   holds if no customer has cases on both sides.
//! - Values are exact. `tests/recordings.rs` compares four real recordings with independent
//!   results. `tests/oracle.rs` recomputes every reading of random histories from the full list of
//!   events.
//! - An explanation adds up to its reading: `tests/explain.rs`.
//! - A crash loses no acknowledged event. `tests/crash.rs` kills the program under load.
//!   `tests/simulation.rs` runs engine, journal and clients on a failing disk and clock.
//!   `tests/journal/` damages every kind of stored data. A restored core equals the saved one:
//!   `tests/properties/snapshot.rs`.
//! - An incident fires once and ends once: `tests/simulation/alert_observer.rs`, `tests/alerts/`.
//! - The wallboard displays the values of `/v1/board`, fits its screens, stays small, and survives
//!   restarts and upgrades: `tests/browser/`.
//! - Committed rules and dashboards match the standard, and each of their queries returns data:
//!   `tests/prometheus/`.
//! - Every input is accepted or rejected with a reason: `tests/fuzz.rs`.
//! - Nobody reads or sends anything without a grant. `tests/access/` covers every route.
//! - Every received event is counted as accepted, duplicate or rejected with a reason.
//! - A reading reports if it is unreliable: no data, partly known, no traffic, small sample, stale,
//!   provisional, or no population.
//!
//! # Deliberately absent
//! Locks around the core, a query language, a protocol between machines.
//!
//! A workspace of several crates is absent too: `tests/architecture.rs` holds the same boundaries, a
//! change of the core would still rebuild everything above it, and tests of the core read the
//! built-in standard, which lies above it.
//!
//! Limits are listed in `docs/operations/limits.md`, which `tests/limits.rs` compares with the code.

pub mod access;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod describe;
pub mod domain;
pub mod engine;
pub mod export;
pub mod http;
pub mod ingest;
pub mod journal;
pub mod publish;
pub mod reference;
pub mod replay;
pub mod simulate;
pub mod standard_file;
pub mod telemetry;
pub mod toml_document;
pub mod watch;
