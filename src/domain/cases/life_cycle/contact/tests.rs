use super::*;
use crate::domain::cases::context::DerivationContext;
use crate::domain::events::event::{Attributes, CaseFamily, EventId, EventType};
use crate::domain::facts::catalog::CaseFacts;
use crate::standard_file::parse_standard;
use proptest::prelude::*;

const STANDARD: &str = r#"
name = "contacts"
version = "1"
title = { en = "Contacts", zh = "接触" }
time_zone = "UTC"
dimensions = ["queue", "agent"]
scopes = [[], ["queue"]]
windows = ["all"]
[expire]
"call.waiting" = "1h"
"call.talking" = "2h"
[indicator.answered_legs]
title = { en = "Answered legs", zh = "应答段" }
ratio = { good = ["leg.answered"], of = ["leg.offered"] }
"#;

/// Facts of a contact and its legs, sorted, with the group of the contact if its legs count apart.
type DerivedFacts = (Vec<Fact>, Vec<LegFact>, Option<u32>);

/// Derives the facts of a contact; with `by_legs` always by the rules for legs.
fn facts_of(observations: &[Observation], queues: &[Option<&str>], by_legs: bool) -> DerivedFacts {
    let standard = parse_standard("contacts.toml", STANDARD).expect("the standard is valid");
    let mut groups = CaseGroups::default();
    let attributes = |queue: &Option<&str>| {
        Attributes::from(vec![queue.map(Box::<str>::from), None])
    };
    let numbers: Vec<u32> =
        queues.iter().map(|queue| groups.intern(&attributes(queue), &standard)).collect();
    let observations: Vec<Observation> = observations
        .iter()
        .map(|one| Observation { group: numbers[one.group as usize], ..*one })
        .collect();
    let case_group = observations
        .iter()
        .map(|one| one.group)
        .reduce(|known, next| groups.join_groups(known, next, 0, &standard))
        .expect("at least one observation");
    let used_kinds = vec![true; standard.kinds.count()];
    let mut expiry = vec![None; used_kinds.len()];
    standard.expiry.iter().for_each(|(kind, millis)| expiry[usize::from(kind.0)] = Some(*millis));
    let context = DerivationContext {
        standard: &standard,
        used_kinds: &used_kinds,
        expiry: &expiry,
        committed_families: 0,
        legs: LegSettings::new(&standard, &used_kinds),
        now: Timestamp(3_000_000),
        expired_before: Timestamp(3_000_000),
    };
    let mut out = CaseFacts::default();
    let first = standard.kinds.first_kind(CaseFamily::CALL);
    let mut writer = FactWriter::new(&context, first, &mut out);
    let all = observations.iter().copied();
    let contact_group = if by_legs {
        let group = derive_facts_with_legs(all, case_group, &mut groups, &mut writer);
        if group.is_none() {
            copy_facts_to_leg(0, &mut writer);
        }
        group
    } else {
        derive_facts(all, case_group, &mut groups, &mut writer)
    };
    out.all.sort_unstable();
    out.legs.sort_unstable();
    (out.all, out.legs, contact_group)
}

fn observation(place: usize, verb: EventVerb, time: i64, queue: u32) -> Observation {
    Observation {
        time: Timestamp(time),
        sequence: 0,
        kind: EventType { family: CaseFamily::CALL, verb },
        id: EventId(place as u64),
        group: queue,
        detail: EventDetail::default(),
    }
}

/// Observations of a contact with few events, mostly in their usual order.
fn observations() -> impl Strategy<Value = Vec<Observation>> {
    let verbs = [
        EventVerb::Answered,
        EventVerb::Abandoned,
        EventVerb::Overflowed,
        EventVerb::Ended,
        EventVerb::Lost,
        EventVerb::Transferred,
    ];
    let label = prop_oneof![
        Just(None),
        Just(Some("callback")),
        Just(Some("timeout")),
        Just(Some("true"))
    ];
    let millis = || prop_oneof![4 => Just(None), 1 => (0..3_i64).prop_map(|n| Some(n * 1_000_000))];
    let one = (0..verbs.len(), 0..4_i64, 0..3_u32, label, (millis(), millis(), millis()));
    prop::collection::vec(one, 0..4).prop_map(move |rest| {
        let mut all = vec![observation(0, EventVerb::Offered, 0, 1)];
        for (place, (verb, time, queue, label, (wait, talk, wrapup))) in
            rest.into_iter().enumerate()
        {
            let mut one = observation(place + 1, verbs[verb], time * 1_000_000, queue);
            one.detail.label = label.map(Symbol::from_text);
            one.detail.wait = wait.and_then(PackedMillis::new);
            one.detail.talk = talk.and_then(PackedMillis::new);
            one.detail.wrapup = wrapup.and_then(PackedMillis::new);
            all.push(one);
        }
        all.sort_by(Observation::compare_order);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The short way for usual contacts gives the facts that the rules for legs give.
    #[test]
    fn simple_contact_has_the_facts_of_its_leg(observations in observations()) {
        let queues = [None, Some("q1"), Some("q2")];
        prop_assert_eq!(
            facts_of(&observations, &queues, false),
            facts_of(&observations, &queues, true)
        );
    }
}

#[test]
fn usual_contacts_take_the_short_way() {
    let standard = parse_standard("contacts.toml", STANDARD).expect("the standard is valid");
    let settings = LegSettings::new(&standard, &vec![true; standard.kinds.count()]);
    let mut groups = CaseGroups::default();
    groups.intern(&Attributes::from(vec![None, None]), &standard);
    use EventVerb::{Abandoned, Answered, Ended, Offered, Transferred};
    for (verbs, is_simple) in [
        (&[Offered, Answered, Ended][..], true),
        (&[Offered, Abandoned, Ended], true),
        (&[Offered, Ended], true),
        (&[Offered, Answered, Transferred, Ended], false),
        (&[Offered, Offered], false),
        (&[Answered, Ended], false),
    ] {
        let all = verbs.iter().enumerate();
        let all = all.map(|(place, verb)| observation(place, *verb, place as i64 * 1_000, 0));
        assert_eq!(SimpleContact::read(all, &groups, &settings).is_some(), is_simple, "{verbs:?}");
    }
}
