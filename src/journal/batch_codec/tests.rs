//! Round trips of arbitrary batches, and rejection of bytes that are not an encoded batch.

use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{
    AgentState, Attributes, CaseFamily, CaseKey, CustomerKey, Event, EventDetail, EventId,
    EventType, EventVerb, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use crate::journal::batch_codec::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use std::num::{NonZeroU8, NonZeroU64};

fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), 0..200_u64, any::<u64>()]
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), -5..5_i64, 1_772_323_200_000..1_772_409_600_000_i64]
        .prop_map(Timestamp)
}

fn any_event_type() -> impl Strategy<Value = EventType> {
    (0..=255_u8, any::<prop::sample::Index>()).prop_map(|(family, place)| {
        let verbs = EventVerb::ALL;
        EventType { family: CaseFamily(family), verb: verbs[place.index(verbs.len())] }
    })
}

fn any_detail() -> impl Strategy<Value = EventDetail> {
    let moment = || of(any_time().prop_map(PackedTimestamp::new)).prop_map(Option::flatten);
    let millis = || {
        of(prop_oneof![Just(0), Just(PackedMillis::MAX_MS), 0..100_000_i64]
            .prop_map(PackedMillis::new))
        .prop_map(Option::flatten)
    };
    let symbol = || of(any::<u32>().prop_map(Symbol::from_number)).prop_map(Option::flatten);
    let customer = of(any_number().prop_map(|number| NonZeroU64::new(number).map(CustomerKey)))
        .prop_map(Option::flatten);
    let answer = of(any::<u8>().prop_map(NonZeroU8::new)).prop_map(Option::flatten);
    let state = of(prop::sample::select(AgentState::NAMES.map(|(_, state)| state).to_vec()));
    let texts = (customer, moment(), moment(), answer, state);
    let numbers =
        ([millis(), millis(), millis(), millis()], [symbol(), symbol(), symbol(), symbol(), symbol()]);
    (texts, numbers).prop_map(
        |((customer, due, appointment, answer, agent_state), (millis, symbols))| {
            let ([wait, talk, hold, wrapup], [topic, owner, label, liable, leg]) = (millis, symbols);
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

fn any_group() -> impl Strategy<Value = Attributes> {
    vec(of(".{0,12}"), 0..5).prop_map(|values| {
        let hash = Attributes::hash_values(values.iter().map(Option::as_deref));
        Attributes::new(
            hash,
            values.into_iter().map(|value| value.map(String::into_boxed_str)).collect(),
        )
    })
}

prop_compose! {
    fn any_event(groups: usize)(
        case in any_number(),
        id in any_number(),
        time in any_time(),
        kind in any_event_type(),
        detail in any_detail(),
        group in 0..groups as u32,
        sequence in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
        source in any::<u8>(),
    ) -> Event {
        Event { case: CaseKey(case), id: EventId(id), time, detail, group, sequence, kind, source }
    }
}

fn any_batch() -> impl Strategy<Value = Batch> {
    (
        vec(any_group(), 1..5),
        vec((".{0,90}", ".{0,9}"), 0..30),
        vec((any::<u32>(), ".{0,9}"), 0..5),
        any::<bool>(),
    )
        .prop_flat_map(|(groups, texts, symbols, named)| {
            let count = texts.len();
            let mut names = BatchNames::default();
            texts
                .iter()
                .filter(|_| named)
                .for_each(|(source, subject)| names.push_case_name(source, subject));
            for (symbol, text) in &symbols {
                Symbol::from_number(*symbol)
                    .into_iter()
                    .for_each(|symbol| names.insert_symbol_text(symbol, text));
            }
            vec(any_event(groups.len()), count).prop_map(move |events| Batch {
                events,
                groups: groups.clone(),
                names: names.clone(),
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(256)
    })]

    #[test]
    fn decodes_batch_as_encoded(batch in any_batch()) {
        let encoded = EncodedBatch::encode_batch(&batch);
        prop_assert_eq!(encoded.event_count(), batch.events.len() as u64);
        let decoded = encoded.decode_batch().expect("it was encoded");
        for (expected, actual) in batch.groups.iter().zip(&decoded.groups) {
            prop_assert_eq!(expected.hash(), actual.hash());
        }
        prop_assert_eq!(decoded, batch);
    }

    #[test]
    fn rejects_damaged_columns(
        batch in any_batch(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        // Uncompressed, so that the change reaches the columns.
        let mut bytes = [&[0_u8; HEADER_BYTES][..], &columns::write_columns(&batch)].concat();
        bytes[..4].copy_from_slice(&(batch.events.len() as u32).to_le_bytes());
        let unchanged = EncodedBatch::from_bytes(&bytes).decode_batch();
        prop_assert_eq!(&unchanged.expect("an unchanged batch decodes"), &batch);
        let cut = at.index(bytes.len());
        prop_assert!(EncodedBatch::from_bytes(&bytes[..cut]).decode_batch().is_err());
        bytes[cut] = to;
        // Decoding changed bytes either fails or returns a valid batch, which can be encoded again.
        if let Ok(other) = EncodedBatch::from_bytes(&bytes).decode_batch() {
            let again = EncodedBatch::encode_batch(&other).decode_batch();
            prop_assert_eq!(again.expect("an encoded batch decodes"), other);
        }
    }

    #[test]
    fn decodes_arbitrary_bytes_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = EncodedBatch::from_bytes(&bytes).decode_batch();
    }
}

#[test]
fn rejects_compression_bomb() {
    let bomb = zstd::bulk::compress(&vec![0; COLUMN_BYTES_MAX + 1], 1).expect("zeros compress");
    for stated_length in [COLUMN_BYTES_MAX as u32 + 1, COLUMN_BYTES_MAX as u32, 10, u32::MAX] {
        let bytes = [&1_u32.to_le_bytes()[..], &stated_length.to_le_bytes(), &bomb].concat();
        assert!(EncodedBatch::from_bytes(&bytes).decode_batch().is_err());
    }
    // Columns that state more events than they have bytes.
    let bytes = [&[0; HEADER_BYTES][..], &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]].concat();
    assert!(EncodedBatch::from_bytes(&bytes).decode_batch().is_err());
}
