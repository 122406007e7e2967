//! The record against a plain sorted list.

use super::*;
use crate::domain::event::AgentState;
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
    let times = prop_oneof![0..5_i64, (0..5_i64).prop_map(|n| n * 1_000 * 3_600_000)];
    let kind = (0..4_usize).prop_map(move |verb| EventType { family: Family::FIRST_ORDER, verb: verbs[verb] });
    (times, 0..2_u32, kind, 0..6_u64, 0..3_u32, detail()).prop_map(|(time, sequence, kind, id, group, detail)| Observation {
        time: Timestamp(time),
        sequence: sequence / 2 * sequence,
        kind,
        id: EventId(id),
        group,
        detail,
    })
}

/// What calls or orders say, each time the same or not; now and then what both say.
fn detail() -> impl Strategy<Value = Detail> {
    let moment = || prop_oneof![3 => Just(None), 1 => (0..3_i64).prop_map(|n| Moment::new(Timestamp(n * 3_600_000)))];
    let amount = || prop_oneof![3 => Just(None), 1 => (0..3_i64).prop_map(Millis::new), 1 => Just(Millis::new(Millis::LONGEST))];
    let word = || prop_oneof![3 => Just(None), 1 => (0..2_u8).prop_map(|n| Some(Word::of(&n.to_string())))];
    let customer = prop_oneof![Just(None), (1..3_u64).prop_map(|n| NonZeroU64::new(n).map(Customer))];
    let answer = prop_oneof![Just(None), any::<u8>().prop_map(NonZeroU8::new)];
    let (times, amounts) = ((moment(), moment()), (amount(), amount(), amount(), amount()));
    let words = (word(), word(), word(), word());
    let state = prop_oneof![9 => Just(None), 1 => Just(Some(AgentState::Ready))];
    let said = (customer, times, amounts, words, answer, state);
    said.prop_map(|(customer, (due, appointment), (wait, talk, hold, wrapup), (topic, owner, word, liable), answer, agent_state)| Detail {
        customer,
        due,
        appointment,
        wait,
        talk,
        hold,
        wrapup,
        topic,
        owner,
        word,
        liable,
        answer,
        agent_state,
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

/// The usual call of a hotline takes no memory beside its record, all that is said of it included.
#[test]
fn a_usual_call_fits() {
    let said = Detail { customer: NonZeroU64::new(7).map(Customer), topic: Some(Word::of("bill")), ..Detail::default() };
    let seconds = |seconds: i64| Millis::new(seconds * 1_000);
    let details = [
        (Verb::Offered, said),
        (Verb::Answered, Detail { wait: seconds(12), ..said }),
        (Verb::Ended, Detail { talk: seconds(180), hold: seconds(0), wrapup: seconds(25), word: Some(Word::of("yes")), ..said }),
        (Verb::Rated, Detail { answer: NonZeroU8::new(5), ..said }),
    ];
    let (mut record, spill) = (Record::new(1, Timestamp(0)), Spill::default());
    let told = (0..).zip(details).map(|(number, (verb, detail))| Observation {
        time: Timestamp(number * 60_000),
        sequence: 0,
        kind: EventType { family: if verb == Verb::Rated { Family::SURVEY } else { Family::CALL }, verb },
        id: EventId(number as u64),
        group: 0,
        detail,
    });
    let told: Vec<Observation> = told.collect();
    assert!(told.iter().all(|one| record.append(one)));
    assert_eq!(record.read(Part::All, &spill, All), told);
}

#[test]
fn a_record_stays_small() {
    assert_eq!(size_of::<Record>(), 128);
}
