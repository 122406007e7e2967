//! A core that takes another standard says what a core says that went by it from the start.

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
            expect_same_lines(&reading_lines(&monitor), &reading_lines(&adopted), "at once")?;
            [&mut monitor, &mut adopted]
                .into_iter()
                .for_each(|one| one.tick(end.plus_millis(later)));
            expect_same_lines(&reading_lines(&monitor), &reading_lines(&adopted), "later")
        },
    );
}

#[test]
fn changing_standard_equals_starting_with_it() {
    let standards = test_standards();
    // The first declares every dimension of the events.
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
        |((set, delivery), after, (from, to), road, later)| {
            let end = last_event_time(&set).plus_millis(after);
            let (from, to) = (&standards[from], &standards[to]);
            let mut adopted = deliver_events(from, road, &set, &delivery, end)
                .change_standard(to.clone(), None)
                .monitor;
            let mut ever = deliver_events(to, road, &set, &delivery, end);
            expect_same_lines(&reading_lines(&ever), &reading_lines(&adopted), &to.name)?;
            [&mut ever, &mut adopted].into_iter().for_each(|one| one.tick(end.plus_millis(later)));
            expect_same_lines(&reading_lines(&ever), &reading_lines(&adopted), "later")
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
            // Years later both remember what is still open, and nothing else.
            [&mut forgetful, &mut adopted]
                .into_iter()
                .for_each(|one| one.tick(end.plus_millis(5 * 365 * 24 * HOUR)));
            prop_assert_eq!(adopted.case_count(), forgetful.case_count());
            Ok(())
        },
    );
}
