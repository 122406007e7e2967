//! Labels: the text of each scope and window, made once for all families of a scrape; and which scopes are shown.
//!
//! A scope in which nothing was measured in any window of the board, and nothing stands, is not shown: a queue that was closed
//! last month leaves no series behind. When it comes back its counters go on.

use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::{Board, Reading, ReadingComponents, ReadingKey};
use crate::domain::standard::scope::Scope;
use crate::publish::prometheus::MetricsSelection;
use crate::publish::reading_filter::is_key_visible;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Labels that readings have anyway; a dimension of such a name gets a prefix, as Prometheus itself does it.
const RESERVED_LABELS: [&str; 8] =
    ["window", "scope", "quantile", "le", "state", "job", "instance", "__name__"];

/// The texts of labels.
pub(super) struct MetricLabels {
    /// `scope="center",center="hefei"` for every scope that is shown; by its kind and, in their order, its values.
    scopes: BTreeMap<Arc<Scope>, String>,
    /// `window="30m",` for every window.
    windows: Vec<String>,
    /// For each kind of scope its name, and how many were left out.
    left_out: Vec<(String, usize)>,
}

impl MetricLabels {
    pub(super) fn new(edition: &PublishedBoard, shown: MetricsSelection<'_>) -> MetricLabels {
        let board = &*edition.board;
        let standard = &board.standard;
        let mut left_out: Vec<(String, usize)> =
            standard.scopes.iter().map(|dimensions| (kind_name(board, dimensions), 0)).collect();
        let mut seen = vec![0; left_out.len()];
        // Scopes come in their order for each indicator, with all their windows: looked at once where they stand together.
        let (mut scopes, mut last) = (BTreeMap::new(), None);
        for reading in &board.readings {
            let scope = &reading.key.scope;
            if last == Some(Arc::as_ptr(scope)) || !keeps_scope_visible(reading) {
                continue;
            }
            last = Some(Arc::as_ptr(scope));
            if !scopes.contains_key(scope) && is_key_visible(shown.view, &reading.key, board) {
                scopes.insert(scope.clone(), String::new());
            }
        }
        scopes.retain(|scope, text| {
            let Some(seen) = seen.get_mut(scope.kind) else { return false };
            *seen += 1;
            let (name, left_out) = &mut left_out[scope.kind];
            let kept = *seen <= shown.scopes_max;
            if kept {
                *text = scope_labels(board, name, scope);
            } else {
                *left_out += 1;
            }
            kept
        });
        let windows =
            standard.windows.iter().map(|window| format!("window=\"{window}\",")).collect();
        MetricLabels { scopes, windows, left_out }
    }

    /// Those of a list that are shown, each with the labels of its scope.
    pub(super) fn with_scope_labels<'l, T>(
        &'l self,
        list: &'l [T],
        key: impl Fn(&T) -> &ReadingKey,
    ) -> Vec<(&'l str, &'l T)> {
        let mut last: (*const Scope, Option<&str>) = (std::ptr::null(), None);
        let mut shown = Vec::with_capacity(list.len());
        for one in list {
            let scope = &key(one).scope;
            if last.0 != Arc::as_ptr(scope) {
                last = (Arc::as_ptr(scope), self.scopes.get(scope).map(String::as_str));
            }
            shown.extend(last.1.map(|labels| (labels, one)));
        }
        shown
    }

    /// The label of a key's window, with a comma; none for readings about now.
    pub(super) fn window_label(&self, key: &ReadingKey) -> &str {
        key.window.and_then(|window| self.windows.get(window)).map_or("", String::as_str)
    }

    /// For each kind of scope its name, and how many were left out.
    pub(super) fn scopes_left_out(&self) -> impl Iterator<Item = (&str, usize)> {
        self.left_out.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

/// Whether a reading keeps its scope alive: something was measured in its window, or stands now. Everything is always there.
fn keeps_scope_visible(reading: &Reading) -> bool {
    reading.key.scope.values.is_empty()
        || match reading.components {
            ReadingComponents::Level => reading.value.is_some_and(|value| value > 0.0),
            ReadingComponents::Oldest { since } => since.is_some(),
            ReadingComponents::Difference { .. } => false,
            _ => reading.components.sample_count().is_some_and(|of| of != 0),
        }
}

/// `center_queue`; `all` without dimensions.
fn kind_name(board: &Board, dimensions: &[usize]) -> String {
    let names: Vec<&str> = dimensions
        .iter()
        .map(|dimension| board.standard.schema.dimensions[*dimension].as_str())
        .collect();
    if names.is_empty() { "all".to_owned() } else { names.join("_") }
}

/// `scope="center",center="hefei"`.
fn scope_labels(board: &Board, kind: &str, scope: &Scope) -> String {
    let mut text = format!("scope=\"{kind}\"");
    for (dimension, value) in board.standard.scopes[scope.kind].iter().zip(&scope.values) {
        let dimension = &*board.standard.schema.dimensions[*dimension];
        let prefix = if RESERVED_LABELS.contains(&dimension) { "exported_" } else { "" };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = write!(text, ",{prefix}{dimension}=\"{value}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::grant::GrantedView;
    use crate::domain::monitor::Monitor;
    use crate::domain::time::timestamp::{HOUR, Timestamp};
    use crate::ingest::decode::{EventDecoder, HashKeys};
    use crate::standard_file::{BUILT_IN, parse_standard};

    #[test]
    fn scope_without_cases_in_any_window_is_dropped() {
        let standard = Arc::new(parse_standard("s.toml", BUILT_IN).expect("the built-in standard"));
        let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
        for (verb, time) in [
            ("offered", "2026-03-02T09:00:00Z"),
            ("answered", "2026-03-02T09:00:07Z"),
            ("ended", "2026-03-02T09:02:00Z"),
        ] {
            let event = format!(
                r#"{{"specversion":"1.0","id":"{verb}","source":"/acd","type":"call.{verb}","subject":"c","time":"{time}","data":{{"center":"hefei"}}}}"#
            );
            decoder
                .decode_json(event.as_bytes())
                .unwrap_or_else(|rejection| panic!("{}", rejection.reason));
        }
        let mut monitor = Monitor::new(standard.clone(), None);
        monitor.apply_batch(&decoder.take_batch());
        let shown = |monitor: &Monitor| {
            let edition = PublishedBoard::first_of_run(
                "e".into(),
                standard.clone(),
                monitor.compute_board(),
                false,
                1,
            );
            let labels = MetricLabels::new(
                &edition,
                MetricsSelection { view: &GrantedView::default(), scopes_max: 10 },
            );
            labels.scopes.into_values().collect::<Vec<String>>()
        };
        let hefei = "scope=\"center\",center=\"hefei\"";
        assert_eq!(shown(&monitor), ["scope=\"all\"", hefei]);
        let at = Timestamp::parse("2026-03-02T09:02:00Z").expect("a time");
        monitor.tick(at.plus_millis(25 * HOUR));
        assert_eq!(shown(&monitor), ["scope=\"all\"", hefei], "the month knows it");
        monitor.tick(at.plus_millis(31 * 24 * HOUR));
        assert_eq!(shown(&monitor), ["scope=\"all\""]);
    }
}
