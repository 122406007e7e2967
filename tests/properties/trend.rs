//! Property test of trends: the last value equals the reading of the rolling window of that length.

use super::delivery::{self, deliver_events, last_event_time};
use super::{check_property, event_origins, event_sets, test_standards};
use firstline::domain::board::reading::ReadingComponents;
use firstline::domain::board::trend::{STEP_MS, TrendRequest, has_trend};
use firstline::domain::time::window::Window;
use proptest::prelude::*;

#[test]
fn trend_ends_at_rolling_window_value() {
    let standards = test_standards();
    check_property(
        400,
        &(
            delivery::with_delivery(event_sets::event_set(24)),
            0..3_i64,
            0..4_usize,
            event_origins(),
        ),
        |((set, delivery), steps, standard, origin)| {
            let standard = &standards[standard];
            // At a step boundary a rolling window covers whole steps and one instant more.
            let end = firstline::domain::time::timestamp::Timestamp(
                (last_event_time(&set).0.div_euclid(STEP_MS) + 1 + steps) * STEP_MS,
            );
            let mut monitor = deliver_events(standard, origin, &set, &delivery, end);
            for reading in monitor.compute_board().readings {
                let Some(Window::Rolling(length)) =
                    reading.key.window.map(|window| standard.windows[window])
                else {
                    continue;
                };
                if length % STEP_MS != 0 {
                    continue;
                }
                let indicator = reading.key.indicator;
                let steps_per_value = (length / STEP_MS) as usize + 1;
                let request = TrendRequest {
                    indicators: vec![indicator],
                    scope: (*reading.key.scope).clone(),
                    step_count: 4,
                    steps_per_value,
                };
                let trends =
                    monitor.compute_trends(&request).expect("the standard has rolling windows");
                prop_assert_eq!(trends.from, end.plus_millis(-3 * STEP_MS));
                prop_assert_eq!(trends.values.len(), usize::from(has_trend(indicator, standard)));
                let longest = standard.windows.iter().filter_map(|window| {
                    if let Window::Rolling(length) = window { Some(*length) } else { None }
                });
                for (_, values) in trends.values {
                    prop_assert_eq!(values.len(), 4);
                    // Steps before the longest window are no longer stored.
                    prop_assert!(
                        Some(length) < longest.clone().max()
                            || values[..3].iter().all(Option::is_none)
                    );
                    let name = &standard.indicators[indicator].name;
                    match reading.components {
                        // Each of the two indicators may be a small sample.
                        ReadingComponents::Difference { .. }
                        | ReadingComponents::Weighted { .. } => prop_assert!(
                            values[3].is_none() || values[3] == reading.value,
                            "{}",
                            name
                        ),
                        _ => {
                            let enough =
                                reading.components.sample_count().unwrap_or(0).unsigned_abs()
                                    >= standard.indicators[indicator].small_sample;
                            prop_assert_eq!(
                                values[3],
                                reading.value.filter(|_| enough),
                                "{}",
                                name
                            );
                        }
                    }
                }
            }
            Ok(())
        },
    );
}
