//! Confidence interval of a ratio: the range in which its long-run value lies.

/// Number of standard deviations that cover 95 % of a normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// Returns the 95 % score interval of a ratio, rounded to four decimals. Returns `None` without
/// cases, or if the numerator is not part of the denominator.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", J.
/// Am. Stat. Assoc. 22, 1927. With p = good / of and z = 1.96,
///
/// ```text
/// (p + z²/2of ± z·sqrt(p(1-p)/of + z²/4of²)) / (1 + z²/of)
/// ```
///
/// The interval is valid for few cases too and never leaves 0..1. One answered call out of one is
/// 100 %, with an interval from 21 % to 100 %.
#[must_use]
pub fn wilson_interval(good: i64, of: i64) -> Option<[f64; 2]> {
    if of <= 0 || !(0..=of).contains(&good) {
        return None;
    }
    let (cases, share) = (of as f64, good as f64 / of as f64);
    let spread =
        Z_95 * (share * (1.0 - share) / cases + Z_95 * Z_95 / (4.0 * cases * cases)).sqrt();
    let middle = share + Z_95 * Z_95 / (2.0 * cases);
    let bound = |value: f64| {
        super::reading::round_four_decimals((value / (1.0 + Z_95 * Z_95 / cases)).clamp(0.0, 1.0))
    };
    Some([bound(middle - spread), bound(middle + spread)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    /// Medicine 17, 1998, table I, the score method. Examples: 81 of 263, 15 of 148, 0 of 20 and 1
    /// of 29.
    #[test]
    fn wilson_interval_matches_published_examples() {
        for (good, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            assert_eq!(wilson_interval(good, of), Some([low, high]), "{good}/{of}");
        }
    }

    #[test]
    fn interval_stays_within_bounds_for_edge_cases() {
        assert_eq!(wilson_interval(1, 1), Some([0.2065, 1.0]));
        assert_eq!(
            (wilson_interval(0, 0), wilson_interval(3, 2), wilson_interval(-1, 2)),
            (None, None, None)
        );
    }
}
