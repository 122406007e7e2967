//! Reads TOML files with error positions: standards, mappings and configurations.
//!
//! Reading does not stop at the first mistake. Each access to a [`TomlTable`] or a [`TomlValue`]
//! that fails records a [`TomlProblem`] with its position and returns `None`.
//! [`TomlTable::report_unknown_keys`] adds the keys that were never requested. The result is valid
//! only if [`TomlDocument::into_problems`] returns an empty list.
//!
//! ```
//! use firstline::toml_document::TomlDocument;
//!
//! let document = TomlDocument::parse("a.toml", "name = 'a'\nwithn = '20s'").unwrap();
//! let root = document.root_table();
//! assert_eq!(root.required_string("name"), Some("a"));
//! assert_eq!(root.optional_duration("within"), None);
//! root.report_unknown_keys();
//! let problem = document.into_problems()[0].to_string();
//! assert!(problem.starts_with("a.toml:2:1: unknown key `withn`, did you mean `within`?"));
//! ```

mod did_you_mean;
mod table;
mod toml_depth;
mod value;

pub use self::did_you_mean::{edit_distance, nearest_match};
pub use self::table::TomlTable;
pub use self::value::{TomlValue, parse_duration};

use std::cell::RefCell;
use std::fmt;
use toml::de::{DeTable, DeValue};

/// A problem in a file, with its position and a message for the file's author.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TomlProblem {
    /// Path of the file as the user wrote it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Cause and remedy in one line, in lower case and without a full stop.
    pub message: String,
}

impl fmt::Display for TomlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for TomlProblem {}

/// A parsed TOML file with the position of every key and value, and the problems found so far.
#[derive(Debug)]
pub struct TomlDocument {
    file: String,
    line_starts: Vec<usize>,
    text: String,
    root: TomlNode,
    problems: RefCell<Vec<TomlProblem>>,
    warnings: RefCell<Vec<TomlProblem>>,
}

/// A value with the byte offset of its beginning.
#[derive(Debug)]
struct TomlNode {
    offset: usize,
    content: TomlContent,
}

#[derive(Debug)]
enum TomlContent {
    Text(String),
    Integer(i64),
    /// A float, or an integer beyond 64 bits.
    Float(f64),
    Bool(bool),
    Date(toml::value::Datetime),
    Array(Vec<TomlNode>),
    /// Entries in the order of the file.
    Table(Vec<TomlEntry>),
}

/// A key of a table with its value.
#[derive(Debug)]
struct TomlEntry {
    key: String,
    key_offset: usize,
    node: TomlNode,
}

impl TomlDocument {
    /// Parses `text`. Messages use `file` as its name.
    ///
    /// # Errors
    /// If `text` is not valid TOML or nests deeper than 100 levels. Only the first such problem is
    /// returned.
    pub fn parse(file: &str, text: &str) -> Result<TomlDocument, TomlProblem> {
        let mut document = TomlDocument {
            file: file.to_owned(),
            line_starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            text: text.to_owned(),
            root: TomlNode { offset: 0, content: TomlContent::Table(Vec::new()) },
            problems: RefCell::default(),
            warnings: RefCell::default(),
        };
        if let Some(at) = toml_depth::find_excess_depth(text) {
            return Err(document.locate_problem(
                at,
                format!("tables and lists are nested deeper than {} levels", toml_depth::DEPTH_MAX),
            ));
        }
        match DeTable::parse(text) {
            Ok(table) => document.root.content = convert_table(table.into_inner()),
            Err(error) => {
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                return Err(document.locate_problem(
                    error.span().map_or(0, |span| span.start),
                    format!("not TOML: {message}"),
                ));
            }
        }
        Ok(document)
    }

    /// Returns the top-level table.
    #[must_use]
    pub fn root_table(&self) -> TomlTable<'_> {
        match &self.root.content {
            TomlContent::Table(entries) => TomlTable::new(self, "", 0, entries),
            // Not reachable, because `parse` always stores a table.
            _ => TomlTable::new(self, "", 0, &[]),
        }
    }

    /// Calls `visit` with every string value in the file.
    pub fn visit_texts(&self, visit: &mut dyn FnMut(&str)) {
        visit_node_texts(&self.root, visit);
    }

    /// Returns true if a problem was reported.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// Returns the problems sorted by position, without duplicates.
    #[must_use]
    pub fn into_problems(self) -> Vec<TomlProblem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }

    /// Returns the warnings so far, by position: what works today and should be written differently.
    #[must_use]
    pub fn warnings(&self) -> Vec<TomlProblem> {
        let mut warnings = self.warnings.borrow().clone();
        warnings.sort();
        warnings.dedup();
        warnings
    }

    fn report_problem(&self, at: usize, message: String) {
        let problem = self.locate_problem(at, message);
        self.problems.borrow_mut().push(problem);
    }

    fn report_warning(&self, at: usize, message: String) {
        let warning = self.locate_problem(at, message);
        self.warnings.borrow_mut().push(warning);
    }

    fn locate_problem(&self, at: usize, message: String) -> TomlProblem {
        let (line, column) = self.line_and_column(at);
        TomlProblem { file: self.file.clone(), line, column, message }
    }

    /// Returns line and column of a byte offset, both counted from 1.
    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or("");
        (line, before.chars().count() + 1)
    }
}

fn visit_node_texts(node: &TomlNode, visit: &mut dyn FnMut(&str)) {
    match &node.content {
        TomlContent::Text(text) => visit(text),
        TomlContent::Array(nodes) => nodes.iter().for_each(|node| visit_node_texts(node, visit)),
        TomlContent::Table(entries) => {
            entries.iter().for_each(|entry| visit_node_texts(&entry.node, visit));
        }
        _ => {}
    }
}

fn convert_table(table: DeTable<'_>) -> TomlContent {
    let mut entries: Vec<TomlEntry> = table
        .into_iter()
        .map(|(key, value)| TomlEntry {
            key_offset: key.span().start,
            key: key.into_inner().into_owned(),
            node: convert_value(value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_offset);
    TomlContent::Table(entries)
}

/// Converts a value. The depth check in `parse` bounds the recursion.
fn convert_value(value: toml::Spanned<DeValue<'_>>) -> TomlNode {
    let at = value.span().start;
    let content = match value.into_inner() {
        DeValue::String(text) => TomlContent::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => TomlContent::Integer(number),
            Err(_) => TomlContent::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(number) => TomlContent::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => TomlContent::Bool(value),
        DeValue::Datetime(date) => TomlContent::Date(date),
        DeValue::Array(values) => {
            TomlContent::Array(values.into_iter().map(convert_value).collect())
        }
        DeValue::Table(table) => convert_table(table),
    };
    TomlNode { offset: at, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"name = "x"
date = 2026-01-01
title = { en = "A", zh = "甲", fr = "B" }
[indicator.first]
ratoi.good = ["a", { fact = "b", within = "20x", answers = [4, 5], where = { tier = "vip" } }]
small_sample = "ten"
[[event]]
kind = 3
[[event]]
stale = "10m"
"#;

    #[test]
    fn reports_all_problems_with_positions() {
        let document = TomlDocument::parse("t.toml", TEXT).expect("TOML");
        let root = document.root_table();
        assert_eq!(root.required_string("name"), Some("x"));
        assert_eq!(root.optional_date("date").expect("a date").to_string(), "2026-01-01");
        let title = root.optional_table("title").expect("a table");
        assert_eq!(
            (title.optional_string("en"), title.optional_string("zh")),
            (Some("A"), Some("甲"))
        );
        title.report_unknown_keys();
        for (name, indicator) in root.optional_table("indicator").expect("a table").entries() {
            assert_eq!(name, "first");
            let indicator = indicator.require_table().expect("a table");
            assert!(indicator.optional_table("ratio").is_none());
            assert_eq!(indicator.optional_integer("small_sample"), None);
            indicator.report_unknown_keys();
        }
        for event in root.table_list("event") {
            assert!(event.required_string("kind").is_none());
            assert!(matches!(event.optional_duration("stale"), None | Some(600_000)));
            event.report_unknown_keys();
        }
        root.report_unknown_keys();
        let shown: Vec<String> = document.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "t.toml:3:31: unknown key `fr`; allowed in `title`: `en`, `zh`",
                "t.toml:5:1: unknown key `ratoi`, did you mean `ratio`? allowed in `first`: \
                 `ratio`, `small_sample`",
                "t.toml:6:16: `small_sample` must be a whole number, not a string",
                "t.toml:8:8: `kind` must be a string, not a whole number",
                "t.toml:9:1: `event` needs a key `kind` (a string)",
            ]
        );
    }

    #[test]
    fn reads_mixed_lists_value_by_value() {
        let document =
            TomlDocument::parse("t.toml", &TEXT.replace("ratoi", "ratio")).expect("TOML");
        let good: Vec<TomlValue<'_>> = ["indicator", "first", "ratio"]
            .iter()
            .try_fold(document.root_table(), |table, key| table.optional_table(key))
            .and_then(|ratio| ratio.value("good"))
            .and_then(|value| value.require_array())
            .expect("a list");
        assert_eq!(good[0].as_str(), Some("a"));
        let fact = good[1].as_table().expect("a table");
        assert_eq!(fact.optional_duration("within"), None);
        let answers: Vec<_> = fact
            .value("answers")
            .and_then(|v| v.require_array())
            .expect("a list")
            .iter()
            .filter_map(TomlValue::as_integer)
            .collect();
        assert_eq!(answers, [4, 5]);
        assert_eq!(
            fact.optional_table("where").and_then(|w| w.optional_string("tier")),
            Some("vip")
        );
        let problems = document.into_problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "t.toml:5:43: `within`: `20x` is not a duration; write a whole number and ms, s, \
             m, h or d, as in \"10s\", \"5m\", \"48h\""
        );
    }

    #[test]
    fn reports_invalid_toml_with_position() {
        let problem = TomlDocument::parse("t.toml", "a = 1\nb = = 2").expect_err("not TOML");
        assert_eq!((problem.line, problem.column), (2, 5));
        let problem = TomlDocument::parse("t.toml", "a = 1\na = 2").expect_err("a key twice");
        assert!(
            problem.to_string().starts_with("t.toml:2:1: not TOML: duplicate key"),
            "{problem}"
        );
    }
}
