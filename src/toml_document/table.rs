//! Typed access to the keys of a table.
//!
//! The table records each requested key, so that unknown keys can be reported.

use super::did_you_mean;
use crate::domain::time::timestamp::Timestamp;
use crate::toml_document::{TomlContent, TomlDocument, TomlEntry, TomlNode, TomlValue};
use std::cell::RefCell;

/// A table, or the whole file. A key of the wrong type is reported as a problem and gives `None`.
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

    /// Returns the last part of the key: `first` for `[indicator.first]`, empty for the file.
    #[must_use]
    pub fn name(&self) -> &'d str {
        self.name
    }

    /// Returns the path of the file as the user wrote it.
    #[must_use]
    pub fn file_name(&self) -> &'d str {
        &self.document.file
    }

    /// Returns line and column of the table's beginning, counted from 1.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        self.document.line_and_column(self.offset)
    }

    /// Returns true if the table has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the value of a key of any type. Returns `None` if the key is absent.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<TomlValue<'d>> {
        {
            let mut requested = self.requested_keys.borrow_mut();
            if !requested.iter().any(|known| known == key) {
                requested.push(key.to_owned());
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

    /// Returns the value of a required key. Its absence is a problem.
    ///
    /// `what` describes the expected value in the message, for example `a list of strings`.
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

    /// Returns a string.
    #[must_use]
    pub fn optional_string(&self, key: &str) -> Option<&'d str> {
        self.value(key)?.require_string()
    }

    /// Returns a required string.
    #[must_use]
    pub fn required_string(&self, key: &str) -> Option<&'d str> {
        self.required_value(key, "a string")?.require_string()
    }

    /// Returns the value of the option that the string names.
    #[must_use]
    pub fn optional_choice<T: Clone>(&self, key: &str, options: &[(&str, T)]) -> Option<T> {
        self.value(key)?.require_choice(options)
    }

    /// Returns an integer.
    #[must_use]
    pub fn optional_integer(&self, key: &str) -> Option<i64> {
        self.value(key)?.require_integer()
    }

    /// Returns a finite number.
    #[must_use]
    pub fn optional_float(&self, key: &str) -> Option<f64> {
        self.value(key)?.require_float()
    }

    /// Returns a boolean.
    #[must_use]
    pub fn optional_bool(&self, key: &str) -> Option<bool> {
        self.value(key)?.require_bool()
    }

    /// Returns a date such as `2026-01-01`, written with or without quotes.
    #[must_use]
    pub fn optional_date(&self, key: &str) -> Option<jiff::civil::Date> {
        self.value(key)?.require_date()
    }

    /// Returns a timestamp with offset such as `2027-01-01T00:00:00Z`, with or without quotes.
    #[must_use]
    pub fn optional_timestamp(&self, key: &str) -> Option<Timestamp> {
        self.value(key)?.require_timestamp()
    }

    /// Returns a duration in ms, written as `"500ms"`, `"10s"`, `"5m"`, `"48h"` or `"2d"`.
    #[must_use]
    pub fn optional_duration(&self, key: &str) -> Option<i64> {
        self.value(key)?.require_duration()
    }

    /// Returns an inline table or one with a header.
    #[must_use]
    pub fn optional_table(&self, key: &str) -> Option<TomlTable<'d>> {
        self.value(key)?.require_table()
    }

    /// Returns an array of tables. A single table gives one entry, an absent key none.
    #[must_use]
    pub fn table_list(&self, key: &str) -> Vec<TomlTable<'d>> {
        self.value(key).map(|value| tables_of(&value)).unwrap_or_default()
    }

    /// Returns a list of tables like [`TomlTable::table_list`], of a key that was renamed.
    #[must_use]
    pub fn renamed_table_list(&self, key: &str, old_key: &str) -> Vec<TomlTable<'d>> {
        self.renamed_value(key, old_key).map(|value| tables_of(&value)).unwrap_or_default()
    }

    /// Returns a list of strings. Other entries are reported as problems and left out.
    #[must_use]
    pub fn optional_strings(&self, key: &str) -> Option<Vec<&'d str>> {
        self.value(key)?.require_strings()
    }

    /// Returns all keys with their values in the order of the file.
    ///
    /// It is for tables with free names as keys, such as `[indicator.NAME]`. None of them is then
    /// reported as unknown.
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

    /// Reports a problem at the value of `key`, or at the table if the key is absent or empty.
    pub fn report_problem(&self, key: &str, message: impl Into<String>) {
        let at = self
            .entries
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.offset, |entry| problem_offset(entry.key_offset, &entry.node));
        self.document.report_problem(at, message.into());
    }

    /// Reports each key that was never requested. Call it after all keys have been read.
    pub fn report_unknown_keys(&self) {
        let requested = self.requested_keys.borrow();
        for entry in self.entries.iter().filter(|entry| !requested.contains(&entry.key)) {
            let hint =
                match did_you_mean::nearest_match(&entry.key, requested.iter().map(String::as_str))
                {
                    Some(known) => format!(", did you mean `{known}`?"),
                    None => ";".to_owned(),
                };
            let owner = if self.name.is_empty() {
                "here".to_owned()
            } else {
                format!("in `{}`", self.name)
            };
            let mut allowed: Vec<&String> = requested.iter().collect();
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

/// Returns the byte offset for a problem with a value.
///
/// It is the value's own offset, or the key's offset for a table made of dotted keys or headers.
pub(super) fn problem_offset(key_at: usize, node: &TomlNode) -> usize {
    match node.content {
        TomlContent::Table(_) | TomlContent::Array(_) if node.offset < key_at => key_at,
        _ => node.offset,
    }
}
