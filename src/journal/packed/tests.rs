//! Packing against itself: hostile batches come back as they were, and bytes that are no batch are told from one.

use super::*;
use crate::domain::event::names::Names;
use crate::domain::event::{
    AgentState, Attributes, CaseKey, Customer, Detail, Event, EventId, EventType, Family, Millis, Moment, Verb, Word,
};
use crate::domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use std::num::{NonZeroU8, NonZeroU64};

fn numbers() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), 0..200_u64, any::<u64>()]
}

fn times() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), -5..5_i64, 1_772_323_200_000..1_772_409_600_000_i64].prop_map(Timestamp)
}

fn kinds() -> impl Strategy<Value = EventType> {
    (0..=255_u8, any::<prop::sample::Index>()).prop_map(|(family, place)| {
        let verbs = Verb::of(Family(family));
        EventType { family: Family(family), verb: verbs[place.index(verbs.len())].1 }
    })
}

fn details() -> impl Strategy<Value = Detail> {
    let moment = || of(times().prop_map(Moment::new)).prop_map(Option::flatten);
    let millis = || of(prop_oneof![Just(0), Just(Millis::LONGEST), 0..100_000_i64].prop_map(Millis::new)).prop_map(Option::flatten);
    let word = || of(any::<u32>().prop_map(Word::from_number)).prop_map(Option::flatten);
    let customer = of(numbers().prop_map(|number| NonZeroU64::new(number).map(Customer))).prop_map(Option::flatten);
    let answer = of(any::<u8>().prop_map(NonZeroU8::new)).prop_map(Option::flatten);
    let state = of(prop::sample::select(AgentState::NAMES.map(|(_, state)| state).to_vec()));
    let texts = (customer, moment(), moment(), answer, state);
    let numbers = ([millis(), millis(), millis(), millis()], [word(), word(), word(), word()]);
    (texts, numbers).prop_map(|((customer, due, appointment, answer, agent_state), (millis, words))| {
        let ([wait, talk, hold, wrapup], [topic, owner, word, liable]) = (millis, words);
        Detail { customer, due, appointment, wait, talk, hold, wrapup, topic, owner, word, liable, answer, agent_state }
    })
}

fn groups() -> impl Strategy<Value = Attributes> {
    vec(of(".{0,12}"), 0..5).prop_map(|values| {
        let hash = Attributes::hash_of(values.iter().map(Option::as_deref));
        Attributes::new(hash, values.into_iter().map(|value| value.map(String::into_boxed_str)).collect())
    })
}

prop_compose! {
    fn events(groups: usize)(
        case in numbers(), id in numbers(), time in times(), kind in kinds(), detail in details(),
        group in 0..groups as u32, sequence in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()], source in any::<u8>(),
    ) -> Event {
        Event { case: CaseKey(case), id: EventId(id), time, detail, group, sequence, kind, source }
    }
}

fn batches() -> impl Strategy<Value = Batch> {
    (vec(groups(), 1..5), vec((".{0,90}", ".{0,9}"), 0..30), vec((any::<u32>(), ".{0,9}"), 0..5), any::<bool>()).prop_flat_map(
        |(groups, texts, words, named)| {
            let count = texts.len();
            let mut names = Names::default();
            texts.iter().filter(|_| named).for_each(|(source, subject)| names.push(source, subject));
            for (word, text) in &words {
                Word::from_number(*word).into_iter().for_each(|word| names.push_word(word, text));
            }
            vec(events(groups.len()), count).prop_map(move |events| Batch { events, groups: groups.clone(), names: names.clone() })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_batch_comes_back_as_it_was(batch in batches()) {
        let packed = Packed::pack(&batch);
        prop_assert_eq!(packed.events(), batch.events.len() as u64);
        let again = packed.unpack().expect("it was packed");
        for (one, other) in batch.groups.iter().zip(&again.groups) {
            prop_assert_eq!(one.hash(), other.hash());
        }
        prop_assert_eq!(again, batch);
    }

    #[test]
    fn columns_that_are_none_are_told(batch in batches(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        // Not compressed, so that the change reaches the columns.
        let mut bytes = [&[0_u8; HEAD][..], &columns::write(&batch)].concat();
        bytes[..4].copy_from_slice(&(batch.events.len() as u32).to_le_bytes());
        prop_assert_eq!(&Packed::from_bytes(&bytes).unpack().expect("nothing is changed yet"), &batch);
        let cut = at.index(bytes.len());
        prop_assert!(Packed::from_bytes(&bytes[..cut]).unpack().is_err());
        bytes[cut] = to;
        // Whatever it is now, asking is safe, and what comes is sound: it can be packed again.
        if let Ok(other) = Packed::from_bytes(&bytes).unpack() {
            prop_assert_eq!(Packed::pack(&other).unpack().expect("it was packed"), other);
        }
    }

    #[test]
    fn any_bytes_are_safe(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Packed::from_bytes(&bytes).unpack();
    }
}

#[test]
fn a_small_text_does_not_unpack_to_a_large_memory() {
    let bomb = zstd::bulk::compress(&vec![0; LONGEST + 1], 1).expect("compressed");
    for says in [LONGEST as u32 + 1, LONGEST as u32, 10, u32::MAX] {
        let bytes = [&1_u32.to_le_bytes()[..], &says.to_le_bytes(), &bomb].concat();
        assert!(Packed::from_bytes(&bytes).unpack().is_err());
    }
    // Columns that say they have more events than they have bytes.
    let bytes = [&[0; HEAD][..], &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]].concat();
    assert!(Packed::from_bytes(&bytes).unpack().is_err());
}
