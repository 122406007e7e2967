//! Comparison of the record with a plain sorted list.

use crate::domain::cases::store::case_record::*;
use crate::domain::events::event::AgentState;
use proptest::prelude::*;

fn merge_all(observations: &[Observation]) -> Vec<Observation> {
    let (mut record, mut overflow) =
        (CaseRecord::new(1, observations[0].time), CaseOverflow::default());
    for one in observations {
        record.merge(one, &mut overflow, |a, b| a.cmp(&b));
    }
    record.read_observations(HistoryPart::All, &overflow, AllObservations)
}

fn observation_strategy() -> impl Strategy<Value = Observation> {
    let verbs = [EventVerb::Opened, EventVerb::Resolved, EventVerb::Reopened, EventVerb::Cancelled];
    let times = prop_oneof![0..5_i64, (0..5_i64).prop_map(|n| n * 1_000 * 3_600_000)];
    let kind = (0..4_usize)
        .prop_map(move |verb| EventType { family: CaseFamily(4), verb: verbs[verb] });
    (times, 0..2_u32, kind, 0..6_u64, 0..3_u32, detail_strategy()).prop_map(
        |(time, sequence, kind, id, group, detail)| Observation {
            time: Timestamp(time),
            sequence: sequence / 2 * sequence,
            kind,
            id: EventId(id),
            group,
            detail,
        },
    )
}

/// Details of calls or orders with few different values, and sometimes of both.
fn detail_strategy() -> impl Strategy<Value = EventDetail> {
    let moment = || prop_oneof![3 => Just(None), 1 => (0..3_i64).prop_map(|n| PackedTimestamp::new(Timestamp(n * 3_600_000)))];
    let amount = || prop_oneof![3 => Just(None), 1 => (0..3_i64).prop_map(PackedMillis::new), 1 => Just(PackedMillis::new(PackedMillis::MAX_MS))];
    let symbol = || prop_oneof![3 => Just(None), 1 => (0..2_u8).prop_map(|n| Some(Symbol::from_text(&n.to_string())))];
    let customer =
        prop_oneof![Just(None), (1..3_u64).prop_map(|n| NonZeroU64::new(n).map(CustomerKey))];
    let answer = prop_oneof![Just(None), any::<u8>().prop_map(NonZeroU8::new)];
    let (times, amounts) = ((moment(), moment()), (amount(), amount(), amount(), amount()));
    let symbols = (symbol(), symbol(), symbol(), symbol(), symbol());
    let state = prop_oneof![9 => Just(None), 1 => Just(Some(AgentState::Ready))];
    let parts = (customer, times, amounts, symbols, answer, state);
    parts.prop_map(
        |(
            customer,
            (due, appointment),
            (wait, talk, hold, wrapup),
            (topic, owner, label, liable, leg),
            answer,
            agent_state,
        )| {
            EventDetail {
                customer,
                due,
                appointment,
                wait,
                talk,
                hold,
                wrapup,
                topic,
                owner,
                label,
                liable,
                leg,
                answer,
                agent_state,
            }
        },
    )
}

proptest! {
    /// Merged observations are read back in order, each id once.
    #[test]
    fn reads_back_sorted_observations_without_duplicates(observations in prop::collection::vec(observation_strategy(), 1..9)) {
        let mut expected: Vec<Observation> = Vec::new();
        for one in &observations {
            match expected.iter().position(|known| known.id == one.id) {
                Some(place) if one.takes_precedence_over(&expected[place], |a, b| a.cmp(&b)) => expected[place] = *one,
                Some(_) => {}
                None => expected.push(*one),
            }
        }
        expected.sort_by(Observation::compare_order);
        prop_assert_eq!(merge_all(&observations), expected);
    }

    /// Counted observations stay the first part of the history, and the whole history is complete.
    #[test]
    fn counted_observations_stay_a_prefix_of_the_history(observations in prop::collection::vec((observation_strategy(), any::<bool>()), 1..9)) {
        let (mut record, mut overflow) = (CaseRecord::new(1, observations[0].0.time), CaseOverflow::default());
        let mut counted = Vec::new();
        for (one, settles) in &observations {
            let appended = record.try_append(one);
            if !appended {
                record.mark_settled(true);
                record.merge(one, &mut overflow, |a, b| a.cmp(&b));
            }
            if !appended || *settles {
                record.mark_settled(true);
                counted = record.read_observations(HistoryPart::All, &overflow, AllObservations);
            }
            prop_assert_eq!(&record.read_observations(HistoryPart::Counted, &overflow, AllObservations), &counted);
            prop_assert_eq!(record.is_settled(), counted.len() == record.len(&overflow));
        }
        let observations: Vec<Observation> = observations.into_iter().map(|(one, _)| one).collect();
        prop_assert_eq!(record.read_observations(HistoryPart::All, &overflow, AllObservations), merge_all(&observations));
    }
}

/// A usual hotline call with all its data needs no memory beside its record.
#[test]
fn usual_call_fits_inline() {
    let common = EventDetail {
        customer: NonZeroU64::new(7).map(CustomerKey),
        topic: Some(Symbol::from_text("bill")),
        ..EventDetail::default()
    };
    let seconds = |seconds: i64| PackedMillis::new(seconds * 1_000);
    let details = [
        (EventVerb::Offered, common),
        (EventVerb::Answered, EventDetail { wait: seconds(12), ..common }),
        (
            EventVerb::Ended,
            EventDetail {
                talk: seconds(180),
                hold: seconds(0),
                wrapup: seconds(25),
                label: Some(Symbol::from_text("yes")),
                ..common
            },
        ),
        (EventVerb::Rated, EventDetail { answer: NonZeroU8::new(5), ..common }),
    ];
    let (mut record, overflow) = (CaseRecord::new(1, Timestamp(0)), CaseOverflow::default());
    let observations = (0..).zip(details).map(|(number, (verb, detail))| Observation {
        time: Timestamp(number * 60_000),
        sequence: 0,
        kind: EventType {
            family: if verb == EventVerb::Rated { CaseFamily::SURVEY } else { CaseFamily::CALL },
            verb,
        },
        id: EventId(number as u64),
        group: 0,
        detail,
    });
    let observations: Vec<Observation> = observations.collect();
    assert!(observations.iter().all(|one| record.try_append(one)));
    assert_eq!(
        record.read_observations(HistoryPart::All, &overflow, AllObservations),
        observations
    );
}

#[test]
fn record_takes_two_cache_lines() {
    assert_eq!(size_of::<CaseRecord>(), 128);
}
