//! Maxima of durations that are read from the remembered cases: after a correction that withdraws
//! the largest duration, after a restart, and after an upgrade.

use crate::domain::cases::changes::{CaseChanges, Counted};
use crate::domain::cells::cell_table::CellTable;
use crate::domain::cells::maxima::StoredMaxima;
use crate::domain::facts::catalog::Fact;
use crate::domain::monitor::Monitor;

/// Number of cases read before their durations go to the cells.
const CASES_READ_AT_ONCE: usize = 1_024;

impl Monitor {
    /// Reads maxima again from the remembered cases, if a window's largest duration was withdrawn
    /// and the next largest is not known.
    ///
    /// This takes about as long as deriving the facts of all cases once.
    pub(super) fn reread_maxima(&mut self) {
        let Some(reread) = self.cells.begin_maxima_reread() else { return };
        self.visit_counted_facts(|cells, group, fact| {
            cells.add_reread_duration(&reread, group, &fact);
        });
    }

    /// Visits the counted facts of all remembered cases whose durations count in a maximum, each
    /// with its group.
    fn visit_counted_facts(&mut self, mut visit: impl FnMut(&mut CellTable, u32, Fact)) {
        let slots: Vec<u32> = self.caseload.cases.occupied_slots().collect();
        let mut facts = Vec::new();
        for chunk in slots.chunks(CASES_READ_AT_ONCE) {
            for slot in chunk {
                self.caseload
                    .visit_counted_durations(*slot, |group, fact| facts.push((group, fact)));
            }
            // Deriving facts may intern a new group.
            self.update_cells();
            facts.drain(..).for_each(|(group, fact)| visit(&mut self.cells, group, fact));
        }
    }

    /// Adds the decoded maxima to a restored core.
    pub(super) fn restore_maxima(
        mut self,
        stored: &[StoredMaxima],
    ) -> Result<Monitor, &'static str> {
        self.cells.restore_maxima(stored)?;
        Ok(self)
    }

    /// Derives the maxima of a snapshot of an earlier format. Durations of cases that are
    /// remembered only as sums have an upper bound, the end of their histogram bucket.
    pub(super) fn derive_maxima(mut self) -> Monitor {
        let mut remembered = CellTable::new(self.caseload.standard.clone());
        let mut fact_counts = Vec::new();
        self.visit_counted_facts(|_, group, fact| {
            fact_counts.push(Counted { fact, group, times: 1 });
        });
        remembered.apply_changes(&CaseChanges {
            now: self.caseload.now,
            groups: self.caseload.groups.groups_since(0).to_vec(),
            fact_counts,
            ..CaseChanges::default()
        });
        self.cells.derive_maxima(remembered);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::board::reading::{DurationStatistics, ReadingComponents};
    use crate::domain::standard::{RetentionHorizon, Standard};
    use crate::domain::time::timestamp::{HOUR, MINUTE, Timestamp};
    use crate::domain::time::window::Window;
    use crate::ingest::decode::{EventDecoder, HashKeys};
    use crate::standard_file::{BUILT_IN, parse_standard};
    use std::sync::Arc;

    const HORIZON: Option<RetentionHorizon> =
        Some(RetentionHorizon { contacts_ms: 10 * MINUTE, orders_ms: HOUR, ahead_ms: HOUR });

    fn hour_and_all() -> Arc<Standard> {
        let mut standard: Standard = parse_standard("telecom.toml", BUILT_IN).expect("it is valid");
        standard.windows = vec![Window::Rolling(HOUR), Window::All];
        Arc::new(standard)
    }

    fn ten_o_clock() -> Timestamp {
        Timestamp::parse("2026-03-02T10:00:00+08:00").expect("a valid time")
    }

    /// Applies calls, each with the second of its arrival and its wait in milliseconds.
    fn apply_calls(monitor: &mut Monitor, calls: &[(i64, i64)]) {
        let schema = Arc::new(monitor.caseload.standard.schema.clone());
        let mut decoder = EventDecoder::new(schema, HashKeys::default());
        for (second, wait_ms) in calls {
            let offered = ten_o_clock().plus_millis(second * 1_000);
            let answered = offered.plus_millis(*wait_ms);
            for (verb, time) in [("offered", offered), ("answered", answered), ("ended", answered)]
            {
                let event = format!(
                    r#"{{"specversion":"1.0","type":"call.{verb}","source":"/t","id":"{second} {verb}",
                    "subject":"{second}","time":"{time}"}}"#
                );
                decoder.decode_json(event.as_bytes()).expect("a valid event");
            }
        }
        assert_eq!(monitor.apply_batch(&decoder.take_batch()).refused, []);
    }

    /// Returns the waiting times of all calls in a window.
    fn waits(monitor: &mut Monitor, window: Window) -> DurationStatistics {
        let board = monitor.compute_board();
        let found = board.readings.iter().find_map(|reading| match reading.components {
            ReadingComponents::Duration(durations)
                if board.standard.indicators[reading.key.indicator].name == "speed_of_answer"
                    && reading.key.scope.values.is_empty()
                    && board.window_name(&reading.key) == window.to_string() =>
            {
                Some(durations)
            }
            _ => None,
        });
        found.expect("the standard has this indicator")
    }

    fn exact_max(monitor: &mut Monitor, window: Window) -> f64 {
        let waits = waits(monitor, window);
        assert!(!waits.max_approximate, "{waits:?}");
        waits.max
    }

    /// Returns a core that has forgotten a wait of 90.501 s and remembers one of 7.003 s.
    fn core_with_forgotten_call(standard: &Arc<Standard>) -> Monitor {
        let mut monitor = Monitor::new(standard.clone(), HORIZON);
        apply_calls(&mut monitor, &[(0, 90_501)]);
        apply_calls(&mut monitor, &[(5_390, 7_003)]);
        monitor.tick(ten_o_clock().plus_millis(5_400_000));
        assert_eq!((monitor.case_count(), monitor.forgotten_cases()), (1, 1));
        monitor
    }

    #[test]
    fn snapshot_keeps_durations_of_forgotten_cases() {
        let standard = hour_and_all();
        let mut monitor = core_with_forgotten_call(&standard);
        assert_eq!(exact_max(&mut monitor, Window::All), 90.501);
        assert_eq!(exact_max(&mut monitor, Window::Rolling(HOUR)), 7.003);
        let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("it is written");
        let mut read = postcard::Deserializer::from_bytes(&bytes);
        let mut restored =
            Monitor::from_snapshot(standard, HORIZON, &mut read).expect("it is read");
        assert_eq!(postcard::to_stdvec(&restored.to_snapshot()), Ok(bytes));
        assert_eq!(exact_max(&mut restored, Window::All), 90.501);
        assert_eq!(exact_max(&mut restored, Window::Rolling(HOUR)), 7.003);
    }

    #[test]
    fn upgrade_with_forgotten_cases_gives_an_upper_bound() {
        let standard = hour_and_all();
        let monitor = core_with_forgotten_call(&standard);
        let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("it is written");
        // Format 4 ends before the maxima.
        let mut read = postcard::Deserializer::from_bytes(&bytes);
        let mut upgraded = Monitor::from_earlier_snapshot(4, standard.clone(), HORIZON, &mut read)
            .expect("it is read");
        // 90.501 s is in the bucket from 90.112 s to 91.135 s.
        let all = waits(&mut upgraded, Window::All);
        assert_eq!((all.max, all.max_approximate), (91.135, true));
        assert!(all.p99 <= all.max && all.mean <= all.max, "{all:?}");
        // The forgotten call is not in the last hour.
        assert_eq!(exact_max(&mut upgraded, Window::Rolling(HOUR)), 7.003);

        // Snapshots keep the bound.
        let bytes = postcard::to_stdvec(&upgraded.to_snapshot()).expect("it is written");
        let mut read = postcard::Deserializer::from_bytes(&bytes);
        let mut restored =
            Monitor::from_snapshot(standard, HORIZON, &mut read).expect("it is read");
        assert_eq!(waits(&mut restored, Window::All), all);

        // A longer wait that is known makes the maximum exact again.
        apply_calls(&mut restored, &[(5_401, 120_000)]);
        assert_eq!(exact_max(&mut restored, Window::All), 120.0);
    }

    #[test]
    fn upgrade_without_forgotten_cases_is_exact() {
        let standard = hour_and_all();
        let mut monitor = Monitor::new(standard.clone(), None);
        let calls: Vec<(i64, i64)> = (0..200).map(|second| (second, 60_000 + second * 7)).collect();
        apply_calls(&mut monitor, &calls);
        let bytes = postcard::to_stdvec(&monitor.to_snapshot()).expect("it is written");
        let mut read = postcard::Deserializer::from_bytes(&bytes);
        let mut upgraded =
            Monitor::from_earlier_snapshot(4, standard, None, &mut read).expect("it is read");
        assert_eq!(exact_max(&mut upgraded, Window::All), 61.393);
        assert_eq!(exact_max(&mut upgraded, Window::Rolling(HOUR)), 61.393);
    }
}
