//! Compares readings with expected figures and reports all differences at once.

use super::replay::ReplayedBoard;
use serde_json::Value;

/// Maximum relative error of a percentile: half a bucket of the histogram (1/128).
const PERCENTILE_TOLERANCE: f64 = 0.008;

/// Comparison of the figures of a recorded set.
pub(crate) struct FigureComparison {
    set: &'static str,
    equal: usize,
    different: Vec<String>,
}

impl FigureComparison {
    /// Starts an empty comparison.
    pub(crate) fn new(set: &'static str) -> FigureComparison {
        FigureComparison { set, equal: 0, different: Vec::new() }
    }

    /// Counts an equal figure, records a different one.
    fn record_comparison(
        &mut self,
        equal: bool,
        group: &str,
        figure: &str,
        expected: &dyn std::fmt::Display,
        got: &dyn std::fmt::Display,
    ) {
        if equal {
            self.equal += 1;
        } else {
            self.different.push(format!(
                "{}, group `{group}`, {figure}: expected {expected}, got {got}",
                self.set
            ));
        }
    }

    /// Compares a whole number.
    pub(crate) fn compare_count(
        &mut self,
        group: &str,
        figure: &str,
        expected: &Value,
        got: &Value,
    ) {
        let same = expected.as_f64().is_some() && expected.as_f64() == got.as_f64();
        self.record_comparison(same, group, figure, expected, got);
    }

    /// Compares the numerator of an indicator. A group without readings counts as 0.
    pub(crate) fn compare_numerator(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        expected: &Value,
    ) {
        self.compare_side(board, group, indicator, "good", expected);
    }

    /// Compares the denominator of an indicator. A group without readings counts as 0.
    pub(crate) fn compare_denominator(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        expected: &Value,
    ) {
        self.compare_side(board, group, indicator, "of", expected);
    }

    fn compare_side(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        side: &str,
        expected: &Value,
    ) {
        let reading = board.reading(indicator, group);
        let got = if reading.is_null() { Value::from(0) } else { reading[side].clone() };
        self.compare_count(group, &format!("{indicator} ({side})"), expected, &got);
    }

    /// Compares a fraction: `num`, `den`, and `rate` to six decimals.
    pub(crate) fn compare_fraction(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        expected: &Value,
    ) {
        self.compare_numerator(board, group, indicator, &expected["num"]);
        self.compare_denominator(board, group, indicator, &expected["den"]);
        self.compare_rate(board, group, indicator, &expected["rate"]);
    }

    /// Compares the value of an indicator to six decimals, or null on both sides.
    pub(crate) fn compare_rate(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        expected: &Value,
    ) {
        self.compare_value(
            group,
            &format!("{indicator} (value)"),
            expected,
            &board.reading(indicator, group)["value"],
        );
    }

    /// Compares a number to six decimals, or null on both sides.
    pub(crate) fn compare_value(
        &mut self,
        group: &str,
        figure: &str,
        expected: &Value,
        got: &Value,
    ) {
        let same = match (expected.as_f64(), got.as_f64()) {
            (Some(expected), Some(got)) => (expected - got).abs() <= 0.51e-6,
            (None, None) => expected.is_null() && got.is_null(),
            _ => false,
        };
        self.record_comparison(same, group, figure, expected, got);
    }

    /// Compares a gauge.
    pub(crate) fn compare_gauge(
        &mut self,
        board: &ReplayedBoard,
        at: &str,
        indicator: &str,
        expected: &Value,
    ) {
        self.compare_count(
            at,
            &format!("{indicator} (level)"),
            expected,
            &board.reading(indicator, "")["value"],
        );
    }

    /// Compares durations, expected in units of `unit` seconds. Count and sum must be exact, the
    /// nearest-rank percentiles and the maximum within half a bucket. Percentiles count negative
    /// durations as 0.
    pub(crate) fn compare_durations(
        &mut self,
        board: &ReplayedBoard,
        group: &str,
        indicator: &str,
        expected: &Value,
        unit: f64,
    ) {
        let reading = board.reading(indicator, group);
        self.compare_denominator(board, group, indicator, &expected["n"]);
        if expected["n"] == 0 {
            self.record_comparison(
                reading["mean"].is_null(),
                group,
                &format!("{indicator} (mean)"),
                &"null",
                &reading["mean"],
            );
            return;
        }
        let got = |name: &str| reading[name].as_f64().unwrap_or(f64::NAN) / unit;
        let expected_value = |name: &str| expected[name].as_f64().unwrap_or(f64::NAN);
        let (sum, expected_sum) =
            (got("mean") * reading["of"].as_f64().unwrap_or(f64::NAN), expected_value("sum"));
        let same = (sum - expected_sum).abs() <= 1e-6 * expected_sum.abs();
        self.record_comparison(same, group, &format!("{indicator} (sum)"), &expected_sum, &sum);
        for (name, theirs) in [
            ("p50", "p50_nr"),
            ("p90", "p90_nr"),
            ("p95", "p95_nr"),
            ("p99", "p99_nr"),
            ("max", "max"),
        ] {
            let (got, expected) = (got(name), expected_value(theirs));
            let same = (got - expected.max(0.0)).abs() <= PERCENTILE_TOLERANCE * expected.max(0.0);
            self.record_comparison(same, group, &format!("{indicator} ({name})"), &expected, &got);
        }
    }

    /// Prints the number of equal figures.
    ///
    /// # Panics
    ///
    /// If any figure was different or none was compared. The message lists up to 60 differences.
    pub(crate) fn finish(self) {
        let FigureComparison { set, equal, different } = self;
        let shown = different.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            different.is_empty(),
            "{set}: {equal} figures equal, {} different:\n{shown}",
            different.len()
        );
        assert!(equal > 0, "{set}: nothing was compared");
        println!("{set}: {equal} figures equal");
    }
}

/// Returns a local time with its UTC offset. Seconds are added if missing.
pub(crate) fn instant_in_zone(text: &str, offset: &str) -> String {
    format!("{text}{}{offset}", if text.len() == 16 { ":00" } else { "" })
}
