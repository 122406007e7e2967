//! Label texts of scopes and windows, built once per scrape, and selection of the exported scopes.
//!
//! A scope without data in any window and without current state is not exported. A queue that was
//! closed last month leaves no series. Its counters continue if it becomes active again.

use crate::domain::board::published_board::PublishedBoard;
use crate::domain::board::reading::{Reading, ReadingComponents, ReadingKey};
use crate::domain::standard::scope::Scope;
use crate::publish::prometheus::MetricsSelection;
use crate::publish::reading_filter::is_key_visible;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Label texts of one scrape.
pub(super) struct MetricLabels {
    /// Labels such as `scope="center",center="hefei"` of every exported scope, ordered by kind and
    /// values.
    scopes: BTreeMap<Arc<Scope>, String>,
    /// `window="30m",` for each window.
    windows: Vec<String>,
    /// Name and number of omitted scopes for each kind of scope.
    left_out: Vec<(String, usize)>,
}

impl MetricLabels {
    pub(super) fn new(published: &PublishedBoard, selection: MetricsSelection<'_>) -> MetricLabels {
        let board = &*published.board;
        let standard = &board.standard;
        let mut left_out: Vec<(String, usize)> =
            (0..standard.scopes.len()).map(|kind| (standard.scope_label_value(kind), 0)).collect();
        let mut exported = vec![0; left_out.len()];
        // All readings of a scope are adjacent for each indicator, so a scope is checked once.
        let (mut scopes, mut last) = (BTreeMap::new(), None);
        for reading in &board.readings {
            let scope = &reading.key.scope;
            let is_unpublished = standard.is_scope_unpublished(scope.kind);
            if last == Some(Arc::as_ptr(scope)) || is_unpublished || !keeps_scope_visible(reading) {
                continue;
            }
            last = Some(Arc::as_ptr(scope));
            if !scopes.contains_key(scope) && is_key_visible(selection.view, &reading.key, board) {
                scopes.insert(scope.clone(), String::new());
            }
        }
        scopes.retain(|scope, text| {
            let Some(exported) = exported.get_mut(scope.kind) else { return false };
            *exported += 1;
            let (name, left_out) = &mut left_out[scope.kind];
            let is_exported = *exported <= selection.scopes_max;
            if is_exported {
                *text = standard.scope_labels(name, &standard.scopes[scope.kind], &scope.values);
            } else {
                *left_out += 1;
            }
            is_exported
        });
        let windows =
            standard.windows.iter().map(|window| format!("window=\"{window}\",")).collect();
        MetricLabels { scopes, windows, left_out }
    }

    /// Returns the entries of exported scopes, each with the labels of its scope.
    pub(super) fn with_scope_labels<'l, T>(
        &'l self,
        list: &'l [T],
        key: impl Fn(&T) -> &ReadingKey,
    ) -> Vec<(&'l str, &'l T)> {
        let mut last: (*const Scope, Option<&str>) = (std::ptr::null(), None);
        let mut labeled = Vec::with_capacity(list.len());
        for entry in list {
            let scope = &key(entry).scope;
            if last.0 != Arc::as_ptr(scope) {
                last = (Arc::as_ptr(scope), self.scopes.get(scope).map(String::as_str));
            }
            labeled.extend(last.1.map(|labels| (labels, entry)));
        }
        labeled
    }

    /// Returns the window label of a key with a comma; empty for current-state readings.
    pub(super) fn window_label(&self, key: &ReadingKey) -> &str {
        key.window.and_then(|window| self.windows.get(window)).map_or("", String::as_str)
    }

    /// Returns the name and the number of omitted scopes for each kind of scope.
    pub(super) fn scopes_left_out(&self) -> impl Iterator<Item = (&str, usize)> {
        self.left_out.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

/// Returns true if a reading keeps its scope exported: its window has data, or it has a current
/// state. The scope without dimensions is always exported.
fn keeps_scope_visible(reading: &Reading) -> bool {
    reading.key.scope.values.is_empty()
        || match reading.components {
            ReadingComponents::Count | ReadingComponents::Level => {
                reading.value.is_some_and(|value| value > 0.0)
            }
            ReadingComponents::Oldest { since } => since.is_some(),
            ReadingComponents::MeanLevel { time, .. } => time > 0.0,
            ReadingComponents::MissCount { of } => of > 0,
            ReadingComponents::BenchmarkRatio { good, .. } => good > 0,
            ReadingComponents::Difference { .. }
            | ReadingComponents::Weighted { .. }
            | ReadingComponents::Benchmark { .. } => false,
            _ => reading.components.sample_count().is_some_and(|of| of != 0),
        }
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
        let standard =
            Arc::new(parse_standard("s.toml", BUILT_IN).expect("the built-in standard is valid"));
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
        let exported_scopes = |monitor: &mut Monitor| {
            let published = PublishedBoard::first_of_run(
                "e".into(),
                standard.clone(),
                monitor.compute_board(),
                false,
                1,
            );
            let labels = MetricLabels::new(
                &published,
                MetricsSelection { view: &GrantedView::default(), scopes_max: 10 },
            );
            labels.scopes.into_values().collect::<Vec<String>>()
        };
        let hefei = "scope=\"center\",center=\"hefei\"";
        assert_eq!(exported_scopes(&mut monitor), ["scope=\"all\"", hefei]);
        let at = Timestamp::parse("2026-03-02T09:02:00Z").expect("a valid timestamp");
        monitor.tick(at.plus_millis(25 * HOUR));
        assert_eq!(
            exported_scopes(&mut monitor),
            ["scope=\"all\"", hefei],
            "the month window still has data"
        );
        monitor.tick(at.plus_millis(31 * 24 * HOUR));
        assert_eq!(exported_scopes(&mut monitor), ["scope=\"all\""]);
    }
}
