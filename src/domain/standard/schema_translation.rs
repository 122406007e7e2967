//! Translation of events between standards: maps families, dimensions and sources by name.

use crate::domain::events::batch::Batch;
use crate::domain::events::event::{Attributes, CaseFamily, Event, EventType};
use crate::domain::standard::EventSchema;
use std::sync::Arc;

/// Mapping from one schema's numbers to another's.
#[derive(Debug)]
pub struct SchemaTranslation {
    /// New family by old family, `None` if the new schema does not have it.
    families: Vec<Option<CaseFamily>>,
    /// Old dimension index by new dimension index, `None` if the old schema does not have it.
    dimensions: Vec<Option<usize>>,
    /// New source number by old source index.
    sources: Vec<u8>,
}

impl SchemaTranslation {
    /// Creates the mapping from `old` to `new`.
    #[must_use]
    pub fn new(old: &EventSchema, new: &EventSchema) -> SchemaTranslation {
        let index = |names: &[String], name: &String| names.iter().position(|known| known == name);
        let family = |name| {
            index(&new.families, name).and_then(|index| u8::try_from(index).ok()).map(CaseFamily)
        };
        SchemaTranslation {
            families: old.families.iter().map(family).collect(),
            dimensions: new.dimensions.iter().map(|name| index(&old.dimensions, name)).collect(),
            sources: old.sources.iter().map(|name| new.source_number(name)).collect(),
        }
    }

    /// Translates an event type. Returns `None` if the new schema does not have its family.
    /// Families with the same name have the same life cycle.
    #[must_use]
    pub fn translate_event_type(&self, kind: EventType) -> Option<EventType> {
        let family = self.families.get(usize::from(kind.family.0)).copied().flatten()?;
        Some(EventType { family, ..kind })
    }

    /// Returns the values in the new schema's dimensions. Dimensions unknown to the old schema are
    /// `None`.
    #[must_use]
    pub fn translate_attributes(&self, attributes: &Attributes) -> Attributes {
        let value = |index: &Option<usize>| {
            index.and_then(|index| attributes.values().get(index).cloned().flatten())
        };
        let values: Arc<[Option<Box<str>>]> = self.dimensions.iter().map(value).collect();
        Attributes::new(Attributes::hash_values(values.iter().map(Option::as_deref)), values)
    }

    /// Translates a batch. Returns it with the original index of each event. Events of unknown
    /// families are omitted.
    #[must_use]
    pub fn translate_batch(&self, batch: &Batch) -> (Batch, Vec<usize>) {
        let known = batch.events.iter().enumerate().filter_map(|(index, event)| {
            let source = event
                .source
                .checked_sub(1)
                .and_then(|source| self.sources.get(usize::from(source)));
            let event = Event {
                kind: self.translate_event_type(event.kind)?,
                source: source.copied().unwrap_or(0),
                ..*event
            };
            Some((event, index))
        });
        let (events, indexes): (Vec<Event>, Vec<usize>) = known.unzip();
        let groups =
            batch.groups.iter().map(|attributes| self.translate_attributes(attributes)).collect();
        (Batch { events, groups, names: batch.names.select_events(&indexes) }, indexes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::event::{CaseKey, EventDetail, EventId, EventVerb};
    use crate::domain::time::timestamp::Timestamp;

    fn sample_schema(dimensions: &[&str], orders: &[&str]) -> EventSchema {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut schema = EventSchema::new(texts(dimensions), &[], &texts(orders), Vec::new());
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
            kind: old.event_type(name).expect("known event type"),
            source,
        };
        let batch = Batch {
            events: vec![event("install.opened", 0), event("repair.resolved", 1)],
            groups: vec![attributes],
            ..Batch::default()
        };
        let (translated, indexes) = translation.translate_batch(&batch);
        assert_eq!(indexes, [1], "the new schema has no family `install`");
        assert_eq!(
            translated.events[0].kind,
            EventType { family: CaseFamily(4), verb: EventVerb::Resolved }
        );
        assert_eq!(translated.events[0].source, 3);
        assert_eq!(translated.groups[0].values(), [None, None, Some(Box::from("hefei"))]);
    }
}
