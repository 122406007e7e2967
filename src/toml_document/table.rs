//! A table of a document: asks for keys by name and type, and remembers which, so that a key nobody asked for is found.

use super::did_you_mean;
use crate::domain::time::timestamp::Timestamp;
use crate::toml_document::{TomlContent, TomlDocument, TomlEntry, TomlNode, TomlValue};
use std::cell::RefCell;

/// A table, or the whole file. Asking for a key of the wrong type leaves a problem and gives `None`.
#[derive(Debug)]
pub struct TomlTable<'d> {
    document: &'d TomlDocument,
    name: &'d str,
    offset: usize,
    entries: &'d [TomlEntry],
    requested_keys: RefCell<Vec<String>>,
}

impl<'d> TomlTable<'d> {
    pub(super) fn new(
        document: &'d TomlDocument,
        name: &'d str,
        at: usize,
        entries: &'d [TomlEntry],
    ) -> TomlTable<'d> {
        TomlTable { document, name, offset: at, entries, requested_keys: RefCell::default() }
    }

    /// The key this table stands under: `first` for `[indicator.first]`, empty for the whole file.
    #[must_use]
    pub fn name(&self) -> &'d str {
        self.name
    }

    /// The file it is in, as the user named it.
    #[must_use]
    pub fn file_name(&self) -> &'d str {
        &self.document.file
    }

    /// Line and column where it begins.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.document.line_and_column(self.offset)
    }

    /// Whether it has no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key, of whatever type.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<TomlValue<'d>> {
        {
            let mut asked = self.requested_keys.borrow_mut();
            if !asked.iter().any(|known| known == key) {
                asked.push(key.to_owned());
            }
        }
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| self.entry_value(&entry.key, &entry.node))
    }

    /// Returns the value of a key that had another name in earlier versions. The old name still works
    /// and leaves a warning that names the new one.
    #[must_use]
    pub fn renamed_value(&self, key: &str, old_key: &str) -> Option<TomlValue<'d>> {
        let value = self.value(key);
        let old = self.entries.iter().find(|entry| entry.key == old_key);
        let Some(old) = old else { return value };
        if value.is_some() {
            self.report_problem(
                old_key,
                format!("`{old_key}` is the old name of `{key}`; remove it"),
            );
        } else {
            let message = format!("`{old_key}` is now `{key}`; the old name still works");
            self.document.report_warning(old.key_offset, message);
        }
        value.or(self.value(old_key))
    }

    /// The value of a key; its absence is a problem. `what` says what to write, as in `a list of strings`.
    #[must_use]
    pub fn required_value(&self, key: &str, what: &str) -> Option<TomlValue<'d>> {
        let value = self.value(key);
        if value.is_none() {
            let owner = if self.name.is_empty() {
                "the file".to_owned()
            } else {
                format!("`{}`", self.name)
            };
            self.document
                .report_problem(self.offset, format!("{owner} needs a key `{key}` ({what})"));
        }
        value
    }

    /// A string.
    #[must_use]
    pub fn optional_string(&self, key: &str) -> Option<&'d str> {
        self.value(key)?.require_string()
    }

    /// A string that must be there.
    #[must_use]
    pub fn required_string(&self, key: &str) -> Option<&'d str> {
        self.required_value(key, "a string")?.require_string()
    }

    /// A string that is one of a few words, with the value that each word means.
    #[must_use]
    pub fn optional_choice<T: Clone>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.value(key)?.require_choice(words)
    }

    /// A whole number.
    #[must_use]
    pub fn optional_integer(&self, key: &str) -> Option<i64> {
        self.value(key)?.require_integer()
    }

    /// A number, whole or not; never infinite.
    #[must_use]
    pub fn optional_float(&self, key: &str) -> Option<f64> {
        self.value(key)?.require_float()
    }

    /// `true` or `false`.
    #[must_use]
    pub fn optional_bool(&self, key: &str) -> Option<bool> {
        self.value(key)?.require_bool()
    }

    /// A day, as in `2026-01-01`, with or without quotes.
    #[must_use]
    pub fn optional_date(&self, key: &str) -> Option<jiff::civil::Date> {
        self.value(key)?.require_date()
    }

    /// A moment with its offset, as in `2027-01-01T00:00:00Z`, with or without quotes.
    #[must_use]
    pub fn optional_timestamp(&self, key: &str) -> Option<Timestamp> {
        self.value(key)?.require_timestamp()
    }

    /// A duration in milliseconds, written `"500ms"`, `"10s"`, `"5m"`, `"48h"` or `"2d"`.
    #[must_use]
    pub fn optional_duration(&self, key: &str) -> Option<i64> {
        self.value(key)?.require_duration()
    }

    /// A table, inline or with a header of its own.
    #[must_use]
    pub fn optional_table(&self, key: &str) -> Option<TomlTable<'d>> {
        self.value(key)?.require_table()
    }

    /// A list of tables, inline or with `[[key]]`; a single table is a list of one; none if the key is absent.
    #[must_use]
    pub fn table_list(&self, key: &str) -> Vec<TomlTable<'d>> {
        self.value(key).map(|value| tables_of(&value)).unwrap_or_default()
    }

    /// Returns a list of tables like [`TomlTable::table_list`], of a key that was renamed.
    #[must_use]
    pub fn renamed_table_list(&self, key: &str, old_key: &str) -> Vec<TomlTable<'d>> {
        self.renamed_value(key, old_key).map(|value| tables_of(&value)).unwrap_or_default()
    }

    /// A list of strings. Entries that are not strings are problems and left out.
    #[must_use]
    pub fn optional_strings(&self, key: &str) -> Option<Vec<&'d str>> {
        self.value(key)?.require_strings()
    }

    /// All keys with their values in the order of the file; for tables whose keys are names, such as `[indicator.NAME]`.
    /// No key of such a table is unknown.
    pub fn entries(&self) -> impl Iterator<Item = (&'d str, TomlValue<'d>)> + use<'d> {
        self.requested_keys.borrow_mut().extend(self.entries.iter().map(|entry| entry.key.clone()));
        let (document, entries) = (self.document, self.entries);
        entries.iter().map(move |entry| {
            (
                entry.key.as_str(),
                TomlValue::new(document, &entry.key, entry.key_offset, &entry.node),
            )
        })
    }

    /// Leaves a problem at the value of `key`, or at the table itself if it has no such key (or `key` is empty).
    pub fn report_problem(&self, key: &str, message: impl Into<String>) {
        let at = self
            .entries
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.offset, |entry| problem_offset(entry.key_offset, &entry.node));
        self.document.report_problem(at, message.into());
    }

    /// Reports the keys nobody asked for. Call it when everything was asked.
    pub fn report_unknown_keys(&self) {
        let asked = self.requested_keys.borrow();
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key)) {
            let hint =
                match did_you_mean::nearest_match(&entry.key, asked.iter().map(String::as_str)) {
                    Some(known) => format!(", did you mean `{known}`?"),
                    None => ";".to_owned(),
                };
            let owner = if self.name.is_empty() {
                "here".to_owned()
            } else {
                format!("in `{}`", self.name)
            };
            let mut allowed: Vec<&String> = asked.iter().collect();
            allowed.sort();
            let allowed: Vec<String> = allowed.into_iter().map(|key| format!("`{key}`")).collect();
            let allowed =
                if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            self.document.report_problem(
                entry.key_offset,
                format!("unknown key `{}`{hint} allowed {owner}: {allowed}", entry.key),
            );
        }
    }

    fn entry_value(&self, key: &'d str, node: &'d TomlNode) -> TomlValue<'d> {
        let key_at = self
            .entries
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.offset, |entry| entry.key_offset);
        TomlValue::new(self.document, key, key_at, node)
    }
}

/// Returns the tables of a list; a single table is a list of one.
fn tables_of<'d>(value: &TomlValue<'d>) -> Vec<TomlTable<'d>> {
    if value.as_table().is_some() {
        return value.require_table().into_iter().collect();
    }
    let entries = value.require_array().unwrap_or_default();
    entries.iter().filter_map(TomlValue::require_table).collect()
}

/// Where to point for a value: at the value itself, but at the key of a table made of dotted keys or headers, whose own
/// place says little.
pub(super) fn problem_offset(key_at: usize, node: &TomlNode) -> usize {
    match node.content {
        TomlContent::Table(_) | TomlContent::Array(_) if node.offset < key_at => key_at,
        _ => node.offset,
    }
}
