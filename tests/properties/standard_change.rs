//! Property tests of a change of standard: the board equals that of an engine that started with the
//! new standard.

use super::delivery::{self, deliver_events, deliver_events_to, last_event_time};
use super::{
    check_property, delay_after_last_event, event_origins, event_sets, expect_same_lines,
    reading_lines, test_standards,
};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::RetentionHorizon;
use firstline::domain::time::timestamp::HOUR;
use proptest::prelude::*;
use proptest::sample::select;

#[test]
fn changing_to_same_standard_changes_nothing() {
    let standards = test_standards();
    check_property(
        400,
        &(
            delivery::with_delivery(event_sets::event_set(24)),
            delay_after_last_event(),
            0..3_usize,
            delay_after_last_event(),
        ),
        |((set, delivery), after, standard, later)| {
            let standard = &standards[standard];
            let end = last_event_time(&set).plus_millis(after);
            let mut monitor = deliver_events(
                standard,
                super::event::EventOrigin::Constructed,
                &set,
                &delivery,
                end,
            );
            let adopted = monitor.change_standard(standard.clone(), None);
            prop_assert_eq!(
                (adopted.forgotten_cases, adopted.left_out_events, adopted.monitor.case_count()),
                (0, 0, monitor.case_count())
            );
            let mut adopted = adopted.monitor;
            expect_same_lines(
                &reading_lines(&mut monitor),
                &reading_lines(&mut adopted),
                "at once",
            )?;
            [&mut monitor, &mut adopted]
                .into_iter()
                .for_each(|monitor| monitor.tick(end.plus_millis(later)));
            expect_same_lines(&reading_lines(&mut monitor), &reading_lines(&mut adopted), "later")
        },
    );
}

#[test]
fn changing_standard_equals_starting_with_it() {
    let standards = test_standards();
    // The first standard declares every dimension of the events, so no event is left out.
    let pairs = select(vec![(0, 1), (0, 2)]);
    check_property(
        400,
        &(
            delivery::with_delivery(event_sets::event_set(24)),
            delay_after_last_event(),
            pairs,
            event_origins(),
            delay_after_last_event(),
        ),
        |((set, delivery), after, (from, to), origin, later)| {
            let end = last_event_time(&set).plus_millis(after);
            let (from, to) = (&standards[from], &standards[to]);
            let mut adopted = deliver_events(from, origin, &set, &delivery, end)
                .change_standard(to.clone(), None)
                .monitor;
            let mut from_start = deliver_events(to, origin, &set, &delivery, end);
            expect_same_lines(
                &reading_lines(&mut from_start),
                &reading_lines(&mut adopted),
                &to.name,
            )?;
            [&mut from_start, &mut adopted]
                .into_iter()
                .for_each(|monitor| monitor.tick(end.plus_millis(later)));
            expect_same_lines(
                &reading_lines(&mut from_start),
                &reading_lines(&mut adopted),
                "later",
            )
        },
    );
}

#[test]
fn standard_change_reports_forgotten_and_expires_the_rest() {
    let standard = &test_standards()[0];
    check_property(
        200,
        &(delivery::with_delivery(event_sets::event_set(20)), delay_after_last_event()),
        |((set, mut delivery), after)| {
            delivery.ticks = vec![None];
            let end = last_event_time(&set).plus_millis(after);
            let forgetful = Monitor::new(standard.clone(), Some(RetentionHorizon::default()));
            let mut forgetful = deliver_events_to(
                forgetful,
                standard,
                super::event::EventOrigin::Constructed,
                &set,
                &delivery,
                end,
            );
            let adopted =
                forgetful.change_standard(standard.clone(), Some(RetentionHorizon::default()));
            prop_assert_eq!(
                (adopted.forgotten_cases, adopted.monitor.case_count()),
                (forgetful.forgotten_cases(), forgetful.case_count())
            );
            let mut adopted = adopted.monitor;
            // Years later only open cases are remembered.
            [&mut forgetful, &mut adopted]
                .into_iter()
                .for_each(|monitor| monitor.tick(end.plus_millis(5 * 365 * 24 * HOUR)));
            prop_assert_eq!(adopted.case_count(), forgetful.case_count());
            Ok(())
        },
    );
}
