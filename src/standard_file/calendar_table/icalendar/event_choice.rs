//! `holidays_where`: the events of a file that a calendar uses, by category and text.
//!
//! Files mix public holidays with observances, regional and school holidays. Some mark them in
//! `CATEGORIES`, others in the title or the description.

use crate::standard_file::calendar_table::icalendar::event::CalendarEvent;
use crate::toml_document::{TomlTable, TomlValue};

/// Choice of events. A list without texts accepts all.
#[derive(Debug, Default)]
pub(in crate::standard_file) struct EventChoice {
    /// Categories, of which an event must have one.
    categories: Vec<String>,
    /// Texts, of which the title or the description must contain one.
    texts: Vec<String>,
    /// Texts and categories that no chosen event has.
    except: Vec<String>,
}

impl EventChoice {
    /// Reads `holidays_where = { categories = [..], text = [..], except = [..] }`.
    pub(in crate::standard_file) fn read(table: &TomlTable<'_>) -> EventChoice {
        let Some(choice) = table.optional_table("holidays_where") else {
            return EventChoice::default();
        };
        if choice.is_empty() {
            table.report_problem(
                "holidays_where",
                "`holidays_where` is empty; add `categories`, `text` or `except`",
            );
        }
        let read = |key: &str| {
            let Some(value) = choice.value(key) else { return Vec::new() };
            let texts = value.require_strings().unwrap_or_default();
            if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
                value.report_problem(format!("`{key}` needs texts, as in [\"Public holiday\"]"));
            }
            texts.into_iter().map(str::to_lowercase).collect()
        };
        let choice_read = EventChoice {
            categories: read("categories"),
            texts: read("text"),
            except: read("except"),
        };
        choice.report_unknown_keys();
        choice_read
    }

    /// Returns true if the calendar uses the event.
    pub(super) fn accepts(&self, event: &CalendarEvent) -> bool {
        let any = |texts: &[String], has: fn(&CalendarEvent, &str) -> bool| {
            texts.iter().any(|text| has(event, text))
        };
        (self.categories.is_empty() || any(&self.categories, has_category))
            && (self.texts.is_empty() || any(&self.texts, has_text))
            && !any(&self.except, |event, text| has_text(event, text) || has_category(event, text))
    }

    /// Warns of each text that is in no event, since it may be a typing error.
    pub(super) fn report_unused_texts(&self, events: &[CalendarEvent], value: &TomlValue<'_>) {
        let report = |key: &str, texts: &[String], has: fn(&CalendarEvent, &str) -> bool| {
            for text in texts.iter().filter(|text| !events.iter().any(|event| has(event, text))) {
                let hint = known_categories(events);
                value.report_warning(format!(
                    "`{text}` in `{key}` is in no event of the file{hint}"
                ));
            }
        };
        report("categories", &self.categories, has_category);
        report("text", &self.texts, has_text);
        report("except", &self.except, |event, text| {
            has_text(event, text) || has_category(event, text)
        });
    }
}

fn has_category(event: &CalendarEvent, text: &str) -> bool {
    event.categories.iter().any(|category| category.trim().to_lowercase() == text)
}

fn has_text(event: &CalendarEvent, text: &str) -> bool {
    event.summary.to_lowercase().contains(text) || event.description.to_lowercase().contains(text)
}

/// Returns the first categories of a file, for a message.
fn known_categories(events: &[CalendarEvent]) -> String {
    let mut known: Vec<&str> = Vec::new();
    for category in events.iter().flat_map(|event| &event.categories) {
        if !known.contains(&category.as_str()) && known.len() < 5 {
            known.push(category);
        }
    }
    match known.as_slice() {
        [] => "; its events have no categories".to_owned(),
        known => format!("; its categories are `{}`", known.join("`, `")),
    }
}
