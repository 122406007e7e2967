//! From one standard's numbers to another's: what events mean by families, dimensions and sources, found again by name.

use crate::domain::events::batch::Batch;
use crate::domain::events::event::{Attributes, CaseFamily, Event, EventType};
use crate::domain::standard::EventSchema;
use std::sync::Arc;

/// What the numbers of one schema are in another.
#[derive(Debug)]
pub struct SchemaTranslation {
    /// For each family its place in the new schema; `None` if it is not known there.
    families: Vec<Option<CaseFamily>>,
    /// For each dimension of the new schema its place in the old one.
    dimensions: Vec<Option<usize>>,
    /// For each known source its number in the new schema.
    sources: Vec<u8>,
}

impl SchemaTranslation {
    /// From the numbers of `old` to those of `new`.
    #[must_use]
    pub fn new(old: &EventSchema, new: &EventSchema) -> SchemaTranslation {
        let place = |names: &[String], name: &String| names.iter().position(|known| known == name);
        let family = |name| {
            place(&new.families, name).and_then(|place| u8::try_from(place).ok()).map(CaseFamily)
        };
        SchemaTranslation {
            families: old.families.iter().map(family).collect(),
            dimensions: new.dimensions.iter().map(|name| place(&old.dimensions, name)).collect(),
            sources: old.sources.iter().map(|name| new.source_number(name)).collect(),
        }
    }

    /// The same type of event; `None` if the new schema does not know its family. Families of one name have one life cycle.
    #[must_use]
    pub fn translate_event_type(&self, kind: EventType) -> Option<EventType> {
        let family = self.families.get(usize::from(kind.family.0)).copied().flatten()?;
        Some(EventType { family, ..kind })
    }

    /// The values of the dimensions that both declare.
    #[must_use]
    pub fn translate_attributes(&self, attributes: &Attributes) -> Attributes {
        let value = |place: &Option<usize>| {
            place.and_then(|place| attributes.values().get(place).cloned().flatten())
        };
        let values: Arc<[Option<Box<str>>]> = self.dimensions.iter().map(value).collect();
        Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values)
    }

    /// The events of a batch as the new schema has them, each with its place in the batch. Those of unknown families are missing.
    #[must_use]
    pub fn translate_batch(&self, batch: &Batch) -> (Batch, Vec<usize>) {
        let known = batch.events.iter().enumerate().filter_map(|(place, event)| {
            let source = event
                .source
                .checked_sub(1)
                .and_then(|source| self.sources.get(usize::from(source)));
            let event = Event {
                kind: self.translate_event_type(event.kind)?,
                source: source.copied().unwrap_or(0),
                ..*event
            };
            Some((event, place))
        });
        let (events, places): (Vec<Event>, Vec<usize>) = known.unzip();
        let groups =
            batch.groups.iter().map(|attributes| self.translate_attributes(attributes)).collect();
        (Batch { events, groups, names: batch.names.select_events(&places) }, places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::{CaseKey, EventDetail, EventId, EventVerb};
    use crate::domain::time::timestamp::Timestamp;

    fn sample_schema(dimensions: &[&str], orders: &[&str]) -> EventSchema {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut schema = EventSchema::new(texts(dimensions), &texts(orders));
        schema.sources = texts(dimensions);
        schema
    }

    #[test]
    fn translation_keeps_names_and_renumbers() {
        let old = sample_schema(&["center", "tier"], &["install", "repair"]);
        let new = sample_schema(&["tier", "area", "center"], &["repair"]);
        let translation = SchemaTranslation::new(&old, &new);
        let values: Arc<[Option<Box<str>>]> =
            [Some(Box::from("hefei")), None].into_iter().collect();
        let attributes =
            Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values);
        let event = |name: &str, source: u8| Event {
            case: CaseKey(1),
            id: EventId(1),
            time: Timestamp(0),
            detail: EventDetail::default(),
            group: 0,
            sequence: 0,
            kind: old.event_type(name).expect("a type"),
            source,
        };
        let batch = Batch {
            events: vec![event("install.opened", 0), event("repair.resolved", 1)],
            groups: vec![attributes],
            ..Batch::default()
        };
        let (translated, places) = translation.translate_batch(&batch);
        assert_eq!(places, [1], "nobody knows installs any more");
        assert_eq!(
            translated.events[0].kind,
            EventType { family: CaseFamily(4), verb: EventVerb::Resolved }
        );
        assert_eq!(translated.events[0].source, 3);
        assert_eq!(translated.groups[0].values(), [None, None, Some(Box::from("hefei"))]);
    }
}
