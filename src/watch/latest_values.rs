//! The last values, from the frames of the live protocol: a board replaces all of them, a delta some, a beat none.

use super::sparkline::Sparkline;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A group of cases: the values of some dimensions.
pub type WatchScope = BTreeMap<String, String>;

/// What identifies a reading.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
pub struct OrderKey {
    /// The name of its indicator.
    pub indicator: String,
    /// Whom it speaks of; everything if empty.
    pub scope: WatchScope,
    /// The name of its window.
    pub window: String,
}

/// A reading, as far as it is shown.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct LatestReading {
    #[serde(flatten)]
    key: OrderKey,
    /// None if there was nothing to measure.
    pub value: Option<f64>,
    /// Whether it can be trusted: `ok`, `stale` ...
    pub state: String,
    /// How it stands to its target: `met`, `warning`, `breached`, `none`.
    pub level: String,
    /// The value aimed at.
    pub target: Option<f64>,
}

/// A frame of the live protocol.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReceivedFrame {
    /// Everything that was asked for.
    Board {
        /// What every frame says.
        #[serde(flatten)]
        head: ReceivedFrameHead,
        /// The readings.
        readings: Vec<LatestReading>,
    },
    /// What has changed.
    Delta {
        /// What every frame says.
        #[serde(flatten)]
        head: ReceivedFrameHead,
        /// Since which revision.
        from: u64,
        /// The readings that have changed or come.
        readings: Vec<LatestReading>,
        /// Those that are no longer there.
        gone: Vec<OrderKey>,
    },
    /// Nothing has changed.
    Beat {
        /// What every frame says.
        #[serde(flatten)]
        head: ReceivedFrameHead,
    },
}

/// What every frame says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct ReceivedFrameHead {
    /// The run of the service within which revisions count.
    pub epoch: String,
    /// The revision of the board.
    pub revision: u64,
    /// The time the board shows, as text; none before the first event.
    pub as_of: Option<String>,
}

/// Why a frame could not be taken: a fresh board is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameGap {
    /// It does not go on from what is known.
    #[error("the service went on from another revision")]
    MissedRevision,
    /// It goes by another standard, whose titles and targets must be fetched first.
    #[error("the standard has changed")]
    ChangedEpoch,
}

/// The last values.
#[derive(Clone, Debug, Default)]
pub struct LatestBoard {
    /// What the last frame said; none before the first.
    pub head: Option<ReceivedFrameHead>,
    readings: BTreeMap<OrderKey, LatestReading>,
    trends: BTreeMap<OrderKey, Sparkline>,
}

impl LatestBoard {
    /// Takes the next frame.
    ///
    /// # Errors
    /// If it does not go on from what is known. The board stays as it was.
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

    /// A reading.
    #[must_use]
    pub fn get(&self, indicator: &str, scope: &WatchScope, window: &str) -> Option<&LatestReading> {
        self.readings.get(&reading_key(indicator, scope, window))
    }

    /// How a reading went since the watch began; kept for everything and for scopes of one dimension.
    #[must_use]
    pub fn trend(&self, indicator: &str, scope: &WatchScope, window: &str) -> Option<&Sparkline> {
        self.trends.get(&reading_key(indicator, scope, window))
    }

    /// The values of a dimension that the scopes have which add just this one to `scope`.
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

    /// Whether something is known of a scope.
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
            "nothing is known yet"
        );
        let whole = json!({ "type": "board", "epoch": "e", "revision": 1, "as_of": "2026-03-01T00:00:00Z",
                            "readings": [reading_json("hefei", 0.5), reading_json("wuhu", 0.6)] });
        assert_eq!(apply_json(&mut board, whole), Ok(()));
        assert_eq!(apply_json(&mut board, beat), Ok(()));
        let delta = |from: u64, revision: u64| {
            json!({ "type": "delta", "epoch": "e", "revision": revision, "as_of": null, "from": from, "readings": [reading_json("hefei", 0.7)],
                    "gone": [{ "indicator": "a", "scope": { "center": "wuhu" }, "window": "30m" }] })
        };
        assert_eq!(apply_json(&mut board, delta(2, 3)), Err(FrameGap::MissedRevision));
        assert_eq!(
            (value_of_center(&board, "hefei"), value_of_center(&board, "wuhu")),
            (Some(0.5), Some(0.6)),
            "as it was"
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
