//! firstline watches a service organisation while it works: it takes queue, call and repair events, computes the indicators
//! that the organisation's own standard declares, and shows them on the wall, to Prometheus and offline.
//!
//! ```text
//!  sources ──> ingest ──> engine ───────────────> publish ──> wallboards, Prometheus, Alertmanager, HTTP
//!            (bytes to   (journal, then core,      (editions of the
//!             events)     then answer; the clock)   board, deltas, alerts)
//!                           │   │
//!        journal, snapshots ┘  domain = the pure core: cases, facts, commitments,
//!                                       windows, indicators, alerts. No clock, no I/O.
//! ```
//!
//! # The path of an event
//! 1. A source in [`ingest`] reads bytes; [`ingest::wire::Decoder`] checks names, hashes identities (a customer's number
//!    gets no further) and gathers a [`domain::event::Batch`].
//! 2. The batch goes through a bounded channel to the one owner of the core: [`engine`] when serving, [`replay`] offline. The
//!    engine writes it into the [`journal`] first; only then it is counted and acknowledged.
//! 3. Of the core's two halves in [`domain::monitor`], the [`domain::caseload`] finds the event's case and tells the **facts** of the case
//!    before and after it; the [`domain::cells`] count the difference, in every window. The same happens when a deadline passes. A
//!    late, repeated or corrected event is no special case.
//! 4. Every `publish_every`, and at once when a level turns, by events, deadlines or time alone, the engine makes a
//!    [`domain::board::Board`], numbers it ([`edition`]), and [`publish`] sends what changed; a slow reader gets the newest, never a
//!    backlog.
//! 5. Every ten seconds of its time the core takes a look at what the policies of the standard name ([`domain::alert`]); what fires and
//!    ends is told to Alertmanager and webhooks.
//!
//! # Code map, in reading order
//! | where | what |
//! |---|---|
//! | `standards/telecom.toml` | the built-in standard: start here |
//! | [`domain`] | the core; its page has the reading order |
//! | [`standard`], [`document`] | standards from TOML files, every problem with its place |
//! | [`words`] | what a standard means, in plain English and Chinese |
//! | [`ingest`] | sources: CloudEvents, `queue_log`, mapped CSV, HTTP, the demonstration |
//! | [`replay`], [`cli`] | recorded events offline; the command line |
//! | [`journal`] | what is accepted, on disk: segments, snapshots, keys |
//! | [`engine`], [`edition`], [`publish`], [`http`], [`app`] | the service, in the order of the data |
//! | [`watch`] | the board in a terminal: a client like any other |
//! | [`queries`], [`rules`], [`grafana`], [`openslo`] | the standard for Prometheus, Grafana and OpenSLO |
//! | [`access`] | who may what: tokens, grants, tickets |
//! | [`config`], [`telemetry`] | its settings; its own health |
//! | [`simulate`] | a believable service organisation |
//!
//! # Invariants, each held by a test
//! - The core is pure; who may import whom is written in `tests/architecture.rs`.
//! - Within the horizon the board is a function of the set of events and of the time reached: `tests/properties.rs`
//!   permutes, repeats, splits and interleaves hostile sets and compares whole boards; boards of disjoint cases add up, and so
//!   do those of one-shot indicators if no customer has cases on both sides.
//! - Figures are exact: `tests/recordings.rs` compares four real recordings with independent answers.
//!   `tests/oracle.rs` recomputes every reading of random histories from the full list of events.
//! - An explanation adds up to its reading: `tests/explain.rs`.
//! - A crash is a pause: `tests/crash.rs` kills the real program under load, `tests/simulation.rs` runs engine, journal and
//!   clients over a disk and a clock that fail, `tests/journal/` damages every kind of place. A core that begins again from its
//!   memory says what it would have said: `tests/properties/memory.rs`.
//! - An incident fires once and ends once, whatever happens between: `tests/simulation/bell.rs`, `tests/alerts/`.
//! - A wall shows what `/v1/board` says, fits its screens, stays light and survives restarts and upgrades: `tests/browser/`.
//! - Rules and dashboards are those of the standard, and every query of theirs has an answer: `tests/prometheus/`.
//! - Any bytes at any door are taken or refused with a reason: `tests/fuzz.rs`.
//! - Nobody sees or sends what no token grants: `tests/access/` goes through every route.
//! - Every received event is accepted, a duplicate, or rejected with a reason; all three are counted.
//! - A reading says when it cannot be trusted: no traffic, small sample, stale (by source, where the
//!   standard knows it), provisional, no population.
//!
//! # What is deliberately absent
//! Locks around the core, a query language, a protocol between machines.
//!
//! # Limits
//! | what | limit | beyond it |
//! |---|---|---|
//! | an event | 1 MiB, nested 128 deep | rejected |
//! | a row of an export | 1 MiB; its quotes must close before the file ends | rejected with its line |
//! | tables within tables in a TOML file | 100 levels | a problem |
//! | dimensions, windows, time zones | 16, 15, 64 | the standard has a problem |
//! | sources known by name | 63 | the standard has a problem |
//! | groups of cases | 65 536 | cases count without attributes |
//! | observations of a case | 16 384; an agent's before the horizon are let go | rejected |
//! | indicators with `one_shot` | 16 | the standard has a problem |
//! | contacts of a customer | any number for as long as they matter: see [`domain::customer`] | what they meant stays counted |
//! | a segment of the journal | 128 MiB and the group that reaches it | the next segment |
//! | a text in a snapshot | 16 MiB | the snapshot is passed over |
//! | policies of alerts, grades of one | 200, 20 | the standard has a problem |
//! | alerts that are pending or fire; incidents that ended | 10 000 each | do not begin, and are counted; the oldest go, and are counted |
//! | scopes of a kind in `/metrics` | `metrics.scopes` (1 000) | left out, and counted |
//! | edges of a histogram | 32 | the longest are left out |
//! | pages that take turns on a wall | 50 | are not shown |
//! | tokens; unused tickets | 1 000; 4 096 | a problem; 429 |
//! | connections; head of a request | 4 096; 16 KiB in 30 s | closed; 431 |
//! | the pace of a body | pauses of 30 s in all, of which every KiB gives one back | 408 |
//! | requests of one address | 1 000 a second | 429 |
//! | memory of closed cases (serving) | the standard's horizon (a day; orders 60 days), or an open calendar window | rejected as late |

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
