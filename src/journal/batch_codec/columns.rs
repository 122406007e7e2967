//! Column layout of a batch. Writer and reader use one list of columns in one order.
//!
//! | column | entry of an event |
//! |---|---|
//! | family, verb, source | one byte each |
//! | presence bits | two bytes: one bit per present detail, one for a sequence other than 0 |
//! | case, id | eight bytes each |
//! | time | milliseconds since the previous event |
//! | group | its number |
//! | customer, due, appointment, ... | present fields only, see below |
//!
//! A customer takes eight bytes and a symbol four. Times are relative to the time of the event.
//!
//! The groups precede the columns, and the names follow them.

use super::varints::{ByteReader, write_signed_varint, write_text, write_varint};
use crate::domain::events::batch::Batch;
use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{
    AgentState, Attributes, CaseFamily, CaseKey, CustomerKey, Event, EventDetail, EventId,
    EventType, EventVerb, PackedMillis, PackedTimestamp, Symbol,
};
use crate::domain::time::timestamp::Timestamp;
use crate::journal::error::Damage;
use std::num::{NonZeroU8, NonZeroU64};

/// Minimum size of an event: type and source, presence bits, case and id, time and group.
const EVENT_BYTES_MIN: usize = 3 + 2 + 16 + 2;

// Presence bits, in the order of the columns.
const SEQUENCE: u16 = 1;
const CUSTOMER: u16 = 1 << 1;
const DUE: u16 = 1 << 2;
const APPOINTMENT: u16 = 1 << 3;
const WAIT: u16 = 1 << 4;
const TALK: u16 = 1 << 5;
const HOLD: u16 = 1 << 6;
const WRAPUP: u16 = 1 << 7;
const TOPIC: u16 = 1 << 8;
const OWNER: u16 = 1 << 9;
const LABEL: u16 = 1 << 10;
const LIABLE: u16 = 1 << 11;
const ANSWER: u16 = 1 << 12;
const AGENT_STATE: u16 = 1 << 13;
// Since format 4:
const LEG: u16 = 1 << 14;

/// A field of the detail: its presence bit and its accessor.
type DetailField<T> = (u16, fn(&mut EventDetail) -> &mut Option<T>);

const TIMESTAMPS: [DetailField<PackedTimestamp>; 2] =
    [(DUE, |d| &mut d.due), (APPOINTMENT, |d| &mut d.appointment)];
const MILLIS: [DetailField<PackedMillis>; 4] = [
    (WAIT, |d| &mut d.wait),
    (TALK, |d| &mut d.talk),
    (HOLD, |d| &mut d.hold),
    (WRAPUP, |d| &mut d.wrapup),
];
const SYMBOLS: [DetailField<Symbol>; 5] = [
    (TOPIC, |d| &mut d.topic),
    (OWNER, |d| &mut d.owner),
    (LABEL, |d| &mut d.label),
    (LIABLE, |d| &mut d.liable),
    (LEG, |d| &mut d.leg),
];

fn presence_bits(event: &Event) -> u16 {
    let EventDetail {
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
    } = &event.detail;
    let present = [
        event.sequence != 0,
        customer.is_some(),
        due.is_some(),
        appointment.is_some(),
        wait.is_some(),
        talk.is_some(),
        hold.is_some(),
        wrapup.is_some(),
        topic.is_some(),
        owner.is_some(),
        label.is_some(),
        liable.is_some(),
        answer.is_some(),
        agent_state.is_some(),
        leg.is_some(),
    ];
    present
        .iter()
        .enumerate()
        .fold(0, |bits, (place, is_present)| bits | u16::from(*is_present) << place)
}

/// Encodes a batch as columns.
pub(super) fn write_columns(batch: &Batch) -> Vec<u8> {
    let events = &batch.events;
    let mut out = Vec::with_capacity(
        64 + batch.groups.len() * 64 + events.len() * 48 + batch.names.to_parts().subjects.len(),
    );
    write_groups(&mut out, &batch.groups);
    write_varint(&mut out, events.len() as u64);
    out.extend(events.iter().map(|event| event.kind.family.0));
    out.extend(events.iter().map(|event| event.kind.verb as u8));
    out.extend(events.iter().map(|event| event.source));
    let bits: Vec<u16> = events.iter().map(presence_bits).collect();
    out.extend(bits.iter().map(|bits| *bits as u8));
    out.extend(bits.iter().map(|bits| (*bits >> 8) as u8));
    events.iter().for_each(|event| out.extend_from_slice(&event.case.0.to_le_bytes()));
    events.iter().for_each(|event| out.extend_from_slice(&event.id.0.to_le_bytes()));
    let mut previous = 0;
    for event in events {
        write_signed_varint(&mut out, event.time.0.wrapping_sub(previous));
        previous = event.time.0;
    }
    events.iter().for_each(|event| write_varint(&mut out, u64::from(event.group)));
    let mut all = 0;
    bits.iter().for_each(|bits| all |= bits);
    if all & SEQUENCE != 0 {
        events
            .iter()
            .filter(|event| event.sequence != 0)
            .for_each(|event| write_varint(&mut out, u64::from(event.sequence)));
    }
    events
        .iter()
        .filter_map(|event| event.detail.customer)
        .for_each(|customer| out.extend_from_slice(&customer.0.get().to_le_bytes()));
    for field in TIMESTAMPS {
        for (event, timestamp) in events_with_field(events, &bits, all, field) {
            write_signed_varint(&mut out, timestamp.get().0.wrapping_sub(event.time.0));
        }
    }
    for field in MILLIS {
        events_with_field(events, &bits, all, field)
            .for_each(|(_, millis)| write_varint(&mut out, millis.get() as u64));
    }
    for field in SYMBOLS {
        events_with_field(events, &bits, all, field)
            .for_each(|(_, symbol)| out.extend_from_slice(&symbol.to_number().to_le_bytes()));
    }
    out.extend(events.iter().filter_map(|event| event.detail.answer).map(NonZeroU8::get));
    out.extend(events.iter().filter_map(|event| event.detail.agent_state).map(|state| state as u8));
    write_names(&mut out, &batch.names);
    out
}

/// Returns the events that have a field, each with the value of the field.
fn events_with_field<T: Copy>(
    events: &[Event],
    bits: &[u16],
    all: u16,
    (bit, field): DetailField<T>,
) -> impl Iterator<Item = (Event, T)> {
    let candidates = if all & bit == 0 { 0 } else { events.len() };
    let present = events[..candidates].iter().zip(bits).filter(move |(_, bits)| **bits & bit != 0);
    present.filter_map(move |(event, _)| {
        let mut detail = event.detail;
        field(&mut detail).map(|value| (*event, value))
    })
}

/// Decodes the columns that [`write_columns`] wrote.
pub(super) fn read_columns(bytes: &[u8]) -> Result<Batch, Damage> {
    let mut bytes = ByteReader(bytes);
    let groups = read_groups(&mut bytes)?;
    let count = bytes.read_count(EVENT_BYTES_MIN)?;
    let (families, verbs, sources) =
        (bytes.read_bytes(count)?, bytes.read_bytes(count)?, bytes.read_bytes(count)?);
    let (low, high) = (bytes.read_bytes(count)?, bytes.read_bytes(count)?);
    let bits: Vec<u16> =
        low.iter().zip(high).map(|(low, high)| u16::from(*low) | u16::from(*high) << 8).collect();
    let (cases, ids) = (bytes.read_u64_column(count)?, bytes.read_u64_column(count)?);
    let mut events = Vec::with_capacity(count);
    let kinds = families.iter().zip(verbs).zip(sources);
    for (((family, verb), source), (case, id)) in kinds.zip(cases.zip(ids)) {
        events.push(Event {
            case: CaseKey(case),
            id: EventId(id),
            time: Timestamp(0),
            detail: EventDetail::default(),
            group: 0,
            sequence: 0,
            kind: decode_event_type(*family, *verb)?,
            source: *source,
        });
    }
    let mut previous = 0_i64;
    for event in &mut events {
        previous = previous.wrapping_add(bytes.read_signed_varint()?);
        event.time = Timestamp(previous);
    }
    for event in &mut events {
        event.group = bytes.read_varint_u32()?;
        if event.group as usize >= groups.len() {
            return Err("the group of an event is not in the batch".into());
        }
    }
    read_details(&mut bytes, &bits, &mut events)?;
    let names = read_names(&mut bytes)?;
    if !bytes.0.is_empty() {
        return Err("the batch continues after its end".into());
    }
    Ok(Batch { events, groups, names })
}

/// Reads the columns of optional fields.
fn read_details(
    bytes: &mut ByteReader<'_>,
    bits: &[u16],
    events: &mut [Event],
) -> Result<(), Damage> {
    let all = bits.iter().fold(0, |all, bits| all | bits);
    if all >> 15 != 0 {
        return Err("an event has unknown presence bits".into());
    }
    read_column(bits, all, SEQUENCE, events, |event| {
        event.sequence = bytes.read_varint_u32()?;
        Ok(())
    })?;
    read_column(bits, all, CUSTOMER, events, |event| {
        event.detail.customer = NonZeroU64::new(bytes.read_u64()?).map(CustomerKey);
        require_valid(event.detail.customer.is_some())
    })?;
    for (bit, field) in TIMESTAMPS {
        read_column(bits, all, bit, events, |event| {
            let timestamp = PackedTimestamp::new(Timestamp(
                event.time.0.wrapping_add(bytes.read_signed_varint()?),
            ));
            *field(&mut event.detail) = timestamp;
            require_valid(timestamp.is_some())
        })?;
    }
    for (bit, field) in MILLIS {
        read_column(bits, all, bit, events, |event| {
            let millis = i64::try_from(bytes.read_varint()?).ok().and_then(PackedMillis::new);
            *field(&mut event.detail) = millis;
            require_valid(millis.is_some())
        })?;
    }
    for (bit, field) in SYMBOLS {
        read_column(bits, all, bit, events, |event| {
            let symbol = Symbol::from_number(bytes.read_u32()?);
            *field(&mut event.detail) = symbol;
            require_valid(symbol.is_some())
        })?;
    }
    read_column(bits, all, ANSWER, events, |event| {
        event.detail.answer = NonZeroU8::new(bytes.read_bytes(1)?[0]);
        require_valid(event.detail.answer.is_some())
    })?;
    read_column(bits, all, AGENT_STATE, events, |event| {
        let state = usize::from(bytes.read_bytes(1)?[0]);
        event.detail.agent_state = AgentState::NAMES.get(state).map(|(_, state)| *state);
        require_valid(event.detail.agent_state.is_some())
    })
}

/// Reads one column: an entry for every event with the presence bit.
fn read_column(
    bits: &[u16],
    all: u16,
    bit: u16,
    events: &mut [Event],
    mut entry: impl FnMut(&mut Event) -> Result<(), Damage>,
) -> Result<(), Damage> {
    if all & bit == 0 {
        return Ok(());
    }
    events
        .iter_mut()
        .zip(bits)
        .filter(|(_, bits)| **bits & bit != 0)
        .try_for_each(|(event, _)| entry(event))
}

fn require_valid(is_valid: bool) -> Result<(), Damage> {
    if is_valid { Ok(()) } else { Err("an event has an impossible value".into()) }
}

/// Returns the type of an event. A family may have any verb, since only the standard knows the life
/// cycle of each family.
fn decode_event_type(family: u8, verb: u8) -> Result<EventType, Damage> {
    let verb = *EventVerb::ALL.get(usize::from(verb)).ok_or("an event has an unknown type")?;
    Ok(EventType { family: CaseFamily(family), verb })
}

fn write_groups(out: &mut Vec<u8>, groups: &[Attributes]) {
    write_varint(out, groups.len() as u64);
    for group in groups {
        write_varint(out, group.values().len() as u64);
        for value in group.values() {
            match value {
                None => out.push(0),
                Some(text) => {
                    out.push(1);
                    write_text(out, text);
                }
            }
        }
    }
}

fn read_groups(bytes: &mut ByteReader<'_>) -> Result<Vec<Attributes>, Damage> {
    let count = bytes.read_count(1)?;
    let mut groups = Vec::with_capacity(count);
    for _ in 0..count {
        let dimensions = bytes.read_count(1)?;
        let mut values: Vec<Option<Box<str>>> = Vec::with_capacity(dimensions);
        for _ in 0..dimensions {
            values.push(match bytes.read_bytes(1)? {
                [0] => None,
                [1] => Some(bytes.read_text()?.into()),
                _ => return Err("an attribute is neither present nor absent".into()),
            });
        }
        groups.push(Attributes::new(
            Attributes::hash_values(values.iter().map(Option::as_deref)),
            values.into(),
        ));
    }
    Ok(groups)
}

fn write_names(out: &mut Vec<u8>, names: &BatchNames) {
    let parts = names.to_parts();
    write_varint(out, parts.sources.len() as u64);
    parts.sources.iter().for_each(|source| write_text(out, source));
    write_varint(out, parts.events.len() as u64);
    parts.events.iter().for_each(|(source, _)| write_varint(out, u64::from(*source)));
    let mut begin = 0;
    for (_, end) in parts.events {
        write_varint(out, u64::from(end - begin));
        begin = *end;
    }
    write_text(out, parts.subjects);
    let symbols: Vec<(Symbol, &str)> = names.symbol_texts().collect();
    write_varint(out, symbols.len() as u64);
    for (symbol, text) in symbols {
        out.extend_from_slice(&symbol.to_number().to_le_bytes());
        write_text(out, text);
    }
}

fn read_names(bytes: &mut ByteReader<'_>) -> Result<BatchNames, Damage> {
    let count = bytes.read_count(1)?;
    let mut sources: Vec<Box<str>> = Vec::with_capacity(count);
    for _ in 0..count {
        sources.push(bytes.read_text()?.into());
    }
    let count = bytes.read_count(2)?;
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push((bytes.read_varint_u32()?, 0));
    }
    let mut end = 0_u32;
    for event in &mut events {
        end = end
            .checked_add(bytes.read_varint_u32()?)
            .ok_or("the names in the batch are too long")?;
        event.1 = end;
    }
    let subjects = bytes.read_text()?.to_owned();
    let mut names = BatchNames::from_parts(sources, events, subjects)
        .ok_or("the names in the batch do not match its events")?;
    for _ in 0..bytes.read_count(5)? {
        let symbol = Symbol::from_number(bytes.read_u32()?)
            .ok_or("a symbol in the batch has an invalid number")?;
        names.insert_symbol_text(symbol, bytes.read_text()?);
    }
    Ok(names)
}
