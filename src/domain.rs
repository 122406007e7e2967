//! The core: pure and deterministic, without clock, socket, file or thread. In reading order:
//!
//! [`time`], [`event`]: what comes in. [`standard`]: what is promised. [`case`]: histories and the [`fact`]s they mean, among
//! them those of [`commitment`]s, judged by [`calendar`]s, and of a [`customer`]'s contacts. [`group`]: cases that belong
//! together. [`timer`]: when time alone changes a case. [`silence`]: who has not spoken. [`caseload`]: all of that, where events become
//! differences of facts. [`zones`], [`period`], [`window`], [`current`]: which time counts where. [`cell`], [`pane`], [`histogram`],
//! [`level`], [`scope`], [`leaf`]: what is counted and for how long; [`cells`]: all of that, which take the differences. [`monitor`]: both halves,
//! and their memory to be written down; [`bounds`]: what such a memory may speak of. [`reading`], [`board`]: what comes out, and [`trend`]: how it went over the last hours.
//! [`alert`]: who must be told of it. [`explain`]: which cases stand behind it, by their [`names`].

pub mod alerts;
pub mod board;
pub mod cases;
pub mod cells;
pub mod events;
pub mod explain;
pub mod facts;
pub mod monitor;
pub mod standard;
pub mod time;
