//! Reads TOML written by people: standards, mappings, configurations.
//!
//! A file with five mistakes should be corrected in one go, so reading never stops at the first one: every question to
//! a [`Table`] or a [`Value`] that cannot be answered leaves a [`Problem`] with its place, and returns `None`.
//! [`Table::finish`] adds the keys nobody asked for. What was read counts only if [`Document::into_problems`] is empty.
//!
//! ```
//! let document = firstline::document::Document::parse("a.toml", "name = 'a'\nwithn = '20s'").unwrap();
//! let root = document.root();
//! assert_eq!(root.required_string("name"), Some("a"));
//! assert_eq!(root.duration("within"), None);
//! root.finish();
//! let problems = document.into_problems();
//! assert!(problems[0].to_string().starts_with("a.toml:2:1: unknown key `withn`, did you mean `within`?"));
//! ```

mod depth;
mod suggest;
mod table;
mod value;

pub use suggest::nearest;
pub use table::Table;
pub use value::{Value, duration};

use std::cell::RefCell;
use std::fmt;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong in a file, said so that its author can put it right.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to write instead; one line, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for Problem {}

/// A TOML file as a tree in which every key and value knows its place, and what was found wrong in it so far.
#[derive(Debug)]
pub struct Document {
    file: String,
    line_starts: Vec<usize>,
    text: String,
    root: Node,
    problems: RefCell<Vec<Problem>>,
}

/// A value and the byte where it begins.
#[derive(Debug)]
struct Node {
    at: usize,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Integer(i64),
    /// Also an integer beyond 64 bits.
    Float(f64),
    Bool(bool),
    Date(toml::value::Datetime),
    Array(Vec<Node>),
    /// In the order of the file.
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Debug)]
struct Entry {
    key: String,
    key_at: usize,
    node: Node,
}

impl Document {
    /// Reads `text`; `file` is only its name in messages.
    ///
    /// # Errors
    /// The first place where `text` is not TOML, or nests deeper than 100 levels: what follows cannot be judged.
    pub fn parse(file: &str, text: &str) -> Result<Document, Problem> {
        let mut document = Document {
            file: file.to_owned(),
            line_starts: std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect(),
            text: text.to_owned(),
            root: Node { at: 0, content: Content::Table(Vec::new()) },
            problems: RefCell::default(),
        };
        if let Some(at) = depth::too_deep(text) {
            return Err(document.locate(at, format!("tables and lists lie within each other deeper than {} levels", depth::DEEPEST)));
        }
        match DeTable::parse(text) {
            Ok(table) => document.root.content = convert_table(table.into_inner()),
            Err(error) => {
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                return Err(document.locate(error.span().map_or(0, |span| span.start), format!("not TOML: {message}")));
            }
        }
        Ok(document)
    }

    /// The table of the whole file.
    #[must_use]
    pub fn root(&self) -> Table<'_> {
        match &self.root.content {
            Content::Table(entries) => Table::new(self, "", 0, entries),
            // `parse` puts a table there and nothing else.
            _ => Table::new(self, "", 0, &[]),
        }
    }

    /// Tells every text that stands as a value in the file.
    pub fn each_text(&self, tell: &mut dyn FnMut(&str)) {
        each_text(&self.root, tell);
    }

    /// Whether anything was found wrong so far.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// Everything found wrong so far, by position; the same complaint about the same place once.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }

    fn report(&self, at: usize, message: String) {
        let problem = self.locate(at, message);
        self.problems.borrow_mut().push(problem);
    }

    fn locate(&self, at: usize, message: String) -> Problem {
        let (line, column) = self.position(at);
        Problem { file: self.file.clone(), line, column, message }
    }

    /// Line and column of a byte, both from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or("");
        (line, before.chars().count() + 1)
    }
}

fn each_text(node: &Node, tell: &mut dyn FnMut(&str)) {
    match &node.content {
        Content::Text(text) => tell(text),
        Content::Array(nodes) => nodes.iter().for_each(|node| each_text(node, tell)),
        Content::Table(entries) => entries.iter().for_each(|entry| each_text(&entry.node, tell)),
        _ => {}
    }
}

fn convert_table(table: DeTable<'_>) -> Content {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry { key_at: key.span().start, key: key.into_inner().into_owned(), node: convert(value) })
        .collect();
    entries.sort_by_key(|entry| entry.key_at);
    Content::Table(entries)
}

/// Recursion is bounded: what nests too deep was refused before.
fn convert(value: toml::Spanned<DeValue<'_>>) -> Node {
    let at = value.span().start;
    let content = match value.into_inner() {
        DeValue::String(text) => Content::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Content::Integer(number),
            Err(_) => Content::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(number) => Content::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Content::Bool(value),
        DeValue::Datetime(date) => Content::Date(date),
        DeValue::Array(values) => Content::Array(values.into_iter().map(convert).collect()),
        DeValue::Table(table) => convert_table(table),
    };
    Node { at, content }
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
    fn all_problems_come_at_once_with_their_places() {
        let document = Document::parse("t.toml", TEXT).expect("TOML");
        let root = document.root();
        assert_eq!(root.required_string("name"), Some("x"));
        assert_eq!(root.date("date").expect("a date").to_string(), "2026-01-01");
        let title = root.table("title").expect("a table");
        assert_eq!((title.string("en"), title.string("zh")), (Some("A"), Some("甲")));
        title.finish();
        for (name, indicator) in root.table("indicator").expect("a table").entries() {
            assert_eq!(name, "first");
            let indicator = indicator.table().expect("a table");
            assert!(indicator.table("ratio").is_none());
            assert_eq!(indicator.integer("small_sample"), None);
            indicator.finish();
        }
        for event in root.tables("event") {
            assert!(event.required_string("kind").is_none());
            assert!(matches!(event.duration("stale"), None | Some(600_000)));
            event.finish();
        }
        root.finish();
        let shown: Vec<String> = document.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "t.toml:3:31: unknown key `fr`; allowed in `title`: `en`, `zh`",
                "t.toml:5:1: unknown key `ratoi`, did you mean `ratio`? allowed in `first`: `ratio`, `small_sample`",
                "t.toml:6:16: `small_sample` must be a whole number, not a string",
                "t.toml:8:8: `kind` must be a string, not a whole number",
                "t.toml:9:1: `event` needs a key `kind` (a string)",
            ]
        );
    }

    #[test]
    fn lists_of_strings_and_tables_are_walked_value_by_value() {
        let document = Document::parse("t.toml", &TEXT.replace("ratoi", "ratio")).expect("TOML");
        let good: Vec<Value<'_>> = ["indicator", "first", "ratio"]
            .iter()
            .try_fold(document.root(), |table, key| table.table(key))
            .and_then(|ratio| ratio.value("good"))
            .and_then(|value| value.array())
            .expect("a list");
        assert_eq!(good[0].as_str(), Some("a"));
        let fact = good[1].as_table().expect("a table");
        assert_eq!(fact.duration("within"), None);
        let answers: Vec<_> = fact.value("answers").and_then(|v| v.array()).expect("a list").iter().filter_map(Value::as_integer).collect();
        assert_eq!(answers, [4, 5]);
        assert_eq!(fact.table("where").and_then(|w| w.string("tier")), Some("vip"));
        let problems = document.into_problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "t.toml:5:43: `within`: `20x` is not a duration; write a whole number and ms, s, m, h or d, as in \"10s\", \"5m\", \"48h\""
        );
    }

    #[test]
    fn what_is_not_toml_is_one_problem_with_its_place() {
        let problem = Document::parse("t.toml", "a = 1\nb = = 2").expect_err("not TOML");
        assert_eq!((problem.line, problem.column), (2, 5));
        let problem = Document::parse("t.toml", "a = 1\na = 2").expect_err("a key twice");
        assert!(problem.to_string().starts_with("t.toml:2:1: not TOML: duplicate key"), "{problem}");
    }
}
