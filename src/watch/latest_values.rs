//! Latest readings, built from the frames of the live protocol.
//!
//! A `board` frame replaces all readings, a `delta` frame some of them, and a `beat` frame none.

use super::sparkline::Sparkline;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Dimension values that select a group of cases. Empty for all cases.
pub type WatchScope = BTreeMap<String, String>;

/// Key of a reading.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
pub struct OrderKey {
    /// Name of the indicator.
    pub indicator: String,
    /// Scope of the reading.
    pub scope: WatchScope,
    /// Name of the window.
    pub window: String,
}

/// A reading, reduced to the displayed fields.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct LatestReading {
    #[serde(flatten)]
    key: OrderKey,
    /// Value in the indicator's unit. `None` if there was nothing to measure.
    pub value: Option<f64>,
    /// State of the data: `ok`, `stale`, `small_sample` and others.
    pub state: String,
    /// All states that apply. Empty if the service does not list them.
    #[serde(default)]
    pub states: Vec<String>,
    /// Time from which a partial window is known (RFC 3339), also the start of the oldest case.
    #[serde(default)]
    pub since: Option<String>,
    /// Level against the target: `met`, `warning`, `breached` or `none`.
    pub level: String,
    /// Target in force. `None` without one.
    pub target: Option<f64>,
}

impl LatestReading {
    /// Returns true if the state applies.
    #[must_use]
    pub fn has_state(&self, name: &str) -> bool {
        self.state == name || self.states.iter().any(|state| state == name)
    }
}

/// A frame of the live protocol.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReceivedFrame {
    /// All readings of the subscription.
    Board {
        /// Common fields.
        #[serde(flatten)]
        head: ReceivedFrameHead,
        /// All readings.
        readings: Vec<LatestReading>,
    },
    /// Changes since an earlier revision.
    Delta {
        /// Common fields.
        #[serde(flatten)]
        head: ReceivedFrameHead,
        /// Revision that the changes apply to.
        from: u64,
        /// Changed and new readings.
        readings: Vec<LatestReading>,
        /// Keys of removed readings.
        gone: Vec<OrderKey>,
    },
    /// Heartbeat without changes.
    Beat {
        /// Common fields.
        #[serde(flatten)]
        head: ReceivedFrameHead,
    },
}

/// Fields common to all frames.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct ReceivedFrameHead {
    /// Identifier of the run of the service. Revisions are comparable only within one epoch.
    pub epoch: String,
    /// Revision of the board.
    pub revision: u64,
    /// Time of the board (RFC 3339). `None` before the first event.
    pub as_of: Option<String>,
    /// Calendars without further holidays.
    #[serde(default)]
    pub calendars_ended: Vec<EndedCalendar>,
}

/// Calendar whose last year with holidays is over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct EndedCalendar {
    /// Name of the calendar.
    pub calendar: String,
    /// Last day of that year.
    pub last_day: String,
}

/// Reason why a frame cannot be applied. The client must request a whole board.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameGap {
    /// The frame does not continue from the last revision.
    #[error("a revision was missed")]
    MissedRevision,
    /// The epoch is another one, so the standard must be fetched again.
    #[error("the service has started a new epoch")]
    ChangedEpoch,
}

/// The latest readings with their trends.
#[derive(Clone, Debug, Default)]
pub struct LatestBoard {
    /// Common fields of the last frame. `None` before the first one.
    pub head: Option<ReceivedFrameHead>,
    readings: BTreeMap<OrderKey, LatestReading>,
    trends: BTreeMap<OrderKey, Sparkline>,
}

impl LatestBoard {
    /// Applies the next frame.
    ///
    /// # Errors
    /// If the frame does not continue from the last one. The board is then unchanged.
    pub fn apply_frame(&mut self, frame: ReceivedFrame) -> Result<(), FrameGap> {
        let head = match frame {
            ReceivedFrame::Board { head, readings } => {
                if self.head.as_ref().is_some_and(|known| known.epoch != head.epoch) {
                    return Err(FrameGap::ChangedEpoch);
                }
                self.readings =
                    readings.into_iter().map(|reading| (reading.key.clone(), reading)).collect();
                self.trends.retain(|key, _| self.readings.contains_key(key));
                head
            }
            ReceivedFrame::Delta { head, from, readings, gone } => {
                self.check_continuity(&head, from)?;
                self.readings
                    .extend(readings.into_iter().map(|reading| (reading.key.clone(), reading)));
                for key in &gone {
                    self.readings.remove(key);
                    self.trends.remove(key);
                }
                head
            }
            ReceivedFrame::Beat { head } => {
                self.check_continuity(&head, head.revision)?;
                head
            }
        };
        self.head = Some(head);
        for (key, reading) in self.readings.iter().filter(|(key, _)| key.scope.len() <= 1) {
            if let Some(value) = reading.value {
                self.trends.entry(key.clone()).or_default().push(value);
            }
        }
        Ok(())
    }

    fn check_continuity(&self, head: &ReceivedFrameHead, from: u64) -> Result<(), FrameGap> {
        let known = self
            .head
            .as_ref()
            .is_some_and(|known| known.epoch == head.epoch && known.revision == from);
        if known { Ok(()) } else { Err(FrameGap::MissedRevision) }
    }

    /// Returns a reading, or `None` if the board has no such reading.
    #[must_use]
    pub fn get(&self, indicator: &str, scope: &WatchScope, window: &str) -> Option<&LatestReading> {
        self.readings.get(&reading_key(indicator, scope, window))
    }

    /// Returns the trend of a reading since the program started.
    ///
    /// Trends exist for all cases together and for scopes of one dimension.
    #[must_use]
    pub fn trend(&self, indicator: &str, scope: &WatchScope, window: &str) -> Option<&Sparkline> {
        self.trends.get(&reading_key(indicator, scope, window))
    }

    /// Returns the values of `dimension` in scopes that add only this dimension to `scope`.
    #[must_use]
    pub fn dimension_members(&self, dimension: &str, scope: &WatchScope) -> BTreeSet<&str> {
        let within = |other: &WatchScope| {
            other.len() == scope.len() + 1
                && scope.iter().all(|(name, value)| other.get(name) == Some(value))
        };
        self.readings
            .keys()
            .filter(|key| within(&key.scope))
            .filter_map(|key| key.scope.get(dimension))
            .map(String::as_str)
            .collect()
    }

    /// Returns true if the board has readings of a scope.
    #[must_use]
    pub fn has_scope(&self, scope: &WatchScope) -> bool {
        self.readings.keys().any(|key| key.scope == *scope)
    }
}

fn reading_key(indicator: &str, scope: &WatchScope, window: &str) -> OrderKey {
    OrderKey { indicator: indicator.to_owned(), scope: scope.clone(), window: window.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn reading_json(center: &str, value: f64) -> Value {
        json!({ "indicator": "a", "scope": { "center": center }, "window": "30m", "value": value, "good": 1, "of": 2, "state": "ok",
                "level": "met", "target": null })
    }

    fn apply_json(board: &mut LatestBoard, frame: Value) -> Result<(), FrameGap> {
        board.apply_frame(serde_json::from_value(frame).expect("a frame"))
    }

    fn value_of_center(board: &LatestBoard, center: &str) -> Option<f64> {
        board
            .get("a", &WatchScope::from([("center".to_owned(), center.to_owned())]), "30m")
            .and_then(|reading| reading.value)
    }

    #[test]
    fn applies_frames_and_detects_gaps() {
        let mut board = LatestBoard::default();
        let beat = json!({ "type": "beat", "epoch": "e", "revision": 1, "as_of": null });
        assert_eq!(
            apply_json(&mut board, beat.clone()),
            Err(FrameGap::MissedRevision),
            "no board received yet"
        );
        let board_frame = json!({ "type": "board", "epoch": "e", "revision": 1, "as_of": "2026-03-01T00:00:00Z",
                            "readings": [reading_json("hefei", 0.5), reading_json("wuhu", 0.6)] });
        assert_eq!(apply_json(&mut board, board_frame), Ok(()));
        assert_eq!(apply_json(&mut board, beat), Ok(()));
        let delta = |from: u64, revision: u64| {
            json!({ "type": "delta", "epoch": "e", "revision": revision, "as_of": null, "from": from, "readings": [reading_json("hefei", 0.7)],
                    "gone": [{ "indicator": "a", "scope": { "center": "wuhu" }, "window": "30m" }] })
        };
        assert_eq!(apply_json(&mut board, delta(2, 3)), Err(FrameGap::MissedRevision));
        assert_eq!(
            (value_of_center(&board, "hefei"), value_of_center(&board, "wuhu")),
            (Some(0.5), Some(0.6)),
            "unchanged after a gap"
        );
        assert_eq!(apply_json(&mut board, delta(1, 3)), Ok(()));
        assert_eq!(
            (value_of_center(&board, "hefei"), value_of_center(&board, "wuhu")),
            (Some(0.7), None)
        );
        assert_eq!(
            board.dimension_members("center", &WatchScope::new()),
            BTreeSet::from(["hefei"])
        );
        let other =
            json!({ "type": "board", "epoch": "f", "revision": 1, "as_of": null, "readings": [] });
        assert_eq!(apply_json(&mut board, other), Err(FrameGap::ChangedEpoch));
    }
}
