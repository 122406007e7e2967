//! A trend says at its end what the rolling window says that is as long.

use super::delivery::{self, deliver, last};
use super::{check, hostile, roads, standards};
use firstline::domain::board::MadeOf;
use firstline::domain::trend::{Asked, STEP, has_trend};
use firstline::domain::window::Window;
use proptest::prelude::*;

#[test]
fn a_trend_ends_where_the_board_stands() {
    let standards = standards();
    check(400, &(delivery::of(hostile::set(24)), 0..3_i64, 0..4_usize, roads()), |((set, delivery), steps, standard, road)| {
        let standard = &standards[standard];
        // At the turn of a step a rolling window covers whole steps, and the instant itself that begins the next one.
        let end = firstline::domain::time::Timestamp((last(&set).0.div_euclid(STEP) + 1 + steps) * STEP);
        let monitor = deliver(standard, road, &set, &delivery, end);
        for reading in monitor.board().readings {
            let Some(Window::Rolling(length)) = reading.key.window.map(|window| standard.windows[window]) else { continue };
            if length % STEP != 0 {
                continue;
            }
            let indicator = reading.key.indicator;
            let over = (length / STEP) as usize + 1;
            let asked = Asked { indicators: vec![indicator], scope: (*reading.key.scope).clone(), steps: 4, over };
            let trends = monitor.trends(&asked).expect("it has rolling windows");
            prop_assert_eq!(trends.from, end.plus(-3 * STEP));
            prop_assert_eq!(trends.values.len(), usize::from(has_trend(indicator, standard)));
            let longest =
                standard.windows.iter().filter_map(|window| if let Window::Rolling(length) = window { Some(*length) } else { None });
            for (_, values) in trends.values {
                prop_assert_eq!(values.len(), 4);
                // What began before the longest window is not there any more.
                prop_assert!(Some(length) < longest.clone().max() || values[..3].iter().all(Option::is_none));
                let name = &standard.indicators[indicator].name;
                match reading.made_of {
                    // The two it is made of may be too few each.
                    MadeOf::Difference { .. } => prop_assert!(values[3].is_none() || values[3] == reading.value, "{}", name),
                    _ => {
                        let enough = reading.made_of.of().unwrap_or(0).unsigned_abs() >= standard.indicators[indicator].small_sample;
                        prop_assert_eq!(values[3], reading.value.filter(|_| enough), "{}", name);
                    }
                }
            }
        }
        Ok(())
    });
}
