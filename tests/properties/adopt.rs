//! A core that takes another standard says what a core says that went by it from the start.

use super::delivery::{self, deliver, deliver_to, last};
use super::{after, check, hostile, lines, roads, same, standards};
use firstline::domain::monitor::Monitor;
use firstline::domain::standard::Horizon;
use firstline::domain::time::HOUR;
use proptest::prelude::*;
use proptest::sample::select;

#[test]
fn adopting_the_same_standard_changes_nothing_now_or_later() {
    let standards = standards();
    check(400, &(delivery::of(hostile::set(24)), after(), 0..3_usize, after()), |((set, delivery), after, standard, later)| {
        let standard = &standards[standard];
        let end = last(&set).plus(after);
        let mut monitor = deliver(standard, super::said::Road::ByHand, &set, &delivery, end);
        let adopted = monitor.adopt(standard.clone(), None);
        prop_assert_eq!((adopted.forgotten, adopted.left_out, adopted.monitor.cases()), (0, 0, monitor.cases()));
        let mut adopted = adopted.monitor;
        same(&lines(&monitor), &lines(&adopted), "at once")?;
        [&mut monitor, &mut adopted].into_iter().for_each(|one| one.tick(end.plus(later)));
        same(&lines(&monitor), &lines(&adopted), "later")
    });
}

#[test]
fn adopting_another_standard_is_as_if_it_had_been_there_from_the_start() {
    let standards = standards();
    // The first declares every dimension of the events.
    let pairs = select(vec![(0, 1), (0, 2)]);
    check(400, &(delivery::of(hostile::set(24)), after(), pairs, roads(), after()), |((set, delivery), after, (from, to), road, later)| {
        let end = last(&set).plus(after);
        let (from, to) = (&standards[from], &standards[to]);
        let mut adopted = deliver(from, road, &set, &delivery, end).adopt(to.clone(), None).monitor;
        let mut ever = deliver(to, road, &set, &delivery, end);
        same(&lines(&ever), &lines(&adopted), &to.name)?;
        [&mut ever, &mut adopted].into_iter().for_each(|one| one.tick(end.plus(later)));
        same(&lines(&ever), &lines(&adopted), "later")
    });
}

#[test]
fn what_was_forgotten_is_counted_and_what_is_remembered_is_forgotten_in_time() {
    let standard = &standards()[0];
    check(200, &(delivery::of(hostile::set(20)), after()), |((set, mut delivery), after)| {
        delivery.ticks = vec![None];
        let end = last(&set).plus(after);
        let forgetful = Monitor::new(standard.clone(), Some(Horizon::default()));
        let mut forgetful = deliver_to(forgetful, standard, super::said::Road::ByHand, &set, &delivery, end);
        let adopted = forgetful.adopt(standard.clone(), Some(Horizon::default()));
        prop_assert_eq!((adopted.forgotten, adopted.monitor.cases()), (forgetful.forgotten(), forgetful.cases()));
        let mut adopted = adopted.monitor;
        // Years later both remember what is still open, and nothing else.
        [&mut forgetful, &mut adopted].into_iter().for_each(|one| one.tick(end.plus(5 * 365 * 24 * HOUR)));
        prop_assert_eq!(adopted.cases(), forgetful.cases());
        Ok(())
    });
}
