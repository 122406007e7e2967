//! The core: pure and deterministic, without clock, socket, file or thread. In reading order:
//!
//! [`time`], [`event`]: what comes in. [`standard`]: what is promised. [`case`]: histories and the [`fact`]s they mean, among
//! them those of [`commitment`]s, judged by [`calendar`]s, and of a [`customer`]'s contacts. [`group`]: cases that belong
//! together. [`timer`]: when time alone changes a case. [`silence`]: who has not spoken. [`caseload`]: all of that, where events become
//! differences of facts. [`zones`], [`period`], [`window`], [`current`]: which time counts where. [`cell`], [`pane`], [`histogram`],
//! [`level`], [`scope`], [`leaf`]: what is counted and for how long; [`cells`]: all of that, which take the differences. [`monitor`]: both halves,
//! and their memory to be written down; [`bounds`]: what such a memory may speak of. [`reading`], [`board`]: what comes out, and [`trend`]: how it went over the last hours.
//! [`alert`]: who must be told of it. [`explain`]: which cases stand behind it, by their [`names`].

pub mod alert;
pub mod at_risk_orders;
pub mod board;
pub mod bounds;
pub mod bucket_bounds;
pub mod calendar;
pub mod case;
pub mod caseload;
pub mod cell;
pub mod cells;
pub mod changes;
pub mod commitment;
pub mod context;
pub mod current;
pub mod customer;
pub mod event;
pub mod explain;
pub mod fact;
pub mod group;
pub mod histogram;
pub mod leaf;
pub mod level;
pub mod monitor;
pub mod names;
pub mod pane;
pub mod period;
pub mod reading;
pub mod scope;
pub mod silence;
pub mod standard;
pub mod time;
pub mod timer;
pub mod trend;
pub mod window;
pub mod zones;
