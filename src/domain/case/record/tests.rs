//! The record against a plain sorted list.

use super::*;
use proptest::prelude::*;

fn merged(observations: &[Observation]) -> Vec<Observation> {
    let (mut record, mut spill) = (Record::new(1, observations[0].time), Spill::default());
    for one in observations {
        record.merge(one, &mut spill, |a, b| a.cmp(&b));
    }
    record.read(Part::All, &spill, All)
}

fn observation() -> impl Strategy<Value = Observation> {
    let verbs = [Verb::Opened, Verb::Resolved, Verb::Reopened, Verb::Cancelled];
    let hour = 3_600_000_i64;
    let times = prop_oneof![0..5_i64, (0..5_i64).prop_map(move |n| n * 1_000 * hour)];
    let due = prop_oneof![Just(None), (0..3_i64).prop_map(move |n| Some(Timestamp(n * hour)))];
    let amount = prop_oneof![Just(None), (0..3_i64).prop_map(Some), Just(Some(Millis::LONGEST))];
    (
        times,
        0..2_u32,
        0..4_usize,
        0..6_u64,
        0..3_u32,
        due,
        amount.clone(),
        amount,
        (prop_oneof![Just(None), (1..3_u64).prop_map(Some)], 0..3_u8),
    )
        .prop_map(move |(time, sequence, verb, id, group, due, wait_ms, talk_ms, (customer, word))| Observation {
            time: Timestamp(time),
            sequence: sequence / 2 * sequence,
            kind: EventType { family: Family::FIRST_ORDER, verb: verbs[verb] },
            id: EventId(id),
            group,
            detail: Detail {
                due: due.and_then(Moment::new),
                wait: wait_ms.and_then(Millis::new),
                talk: talk_ms.and_then(Millis::new),
                customer: customer.and_then(NonZeroU64::new).map(Customer),
                word: (word > 0).then(|| Word::of(&word.to_string())),
                liable: (word > 1).then(|| Word::of("customer")),
                ..Detail::default()
            },
        })
}

proptest! {
    /// The record against a plain sorted list: what is merged is read back, in order, each id once.
    #[test]
    fn a_record_is_the_sorted_set_of_its_observations(observations in prop::collection::vec(observation(), 1..9)) {
        let mut expected: Vec<Observation> = Vec::new();
        for one in &observations {
            match expected.iter().position(|known| known.id == one.id) {
                Some(place) if one.holds_against(&expected[place], |a, b| a.cmp(&b)) => expected[place] = *one,
                Some(_) => {}
                None => expected.push(*one),
            }
        }
        expected.sort_by(Observation::order);
        prop_assert_eq!(merged(&observations), expected);
    }

    /// What is counted stays the first part of the history, whatever is appended; and both together are the history.
    #[test]
    fn what_is_counted_can_be_read_apart(observations in prop::collection::vec((observation(), any::<bool>()), 1..9)) {
        let (mut record, mut spill) = (Record::new(1, observations[0].0.time), Spill::default());
        let mut counted = Vec::new();
        for (one, settles) in &observations {
            let appended = record.append(one);
            if !appended {
                record.settle(true);
                record.merge(one, &mut spill, |a, b| a.cmp(&b));
            }
            if !appended || *settles {
                record.settle(true);
                counted = record.read(Part::All, &spill, All);
            }
            prop_assert_eq!(&record.read(Part::Counted, &spill, All), &counted);
            prop_assert_eq!(record.is_settled(), counted.len() == record.len(&spill));
        }
        let observations: Vec<Observation> = observations.into_iter().map(|(one, _)| one).collect();
        prop_assert_eq!(record.read(Part::All, &spill, All), merged(&observations));
    }
}

#[test]
fn a_record_stays_small() {
    assert_eq!(size_of::<Record>(), 128);
}
