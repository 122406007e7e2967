//! The parts that occur all over a mapping: names, conditions, templates, changes.

use super::{Change, Comparison, Condition, Content, Definition, Name, Part, Template, TimeFrom, TimeRule, ValueFrom, ValueRule, Words};
use crate::document::{Table, Value, nearest};
use std::collections::BTreeMap;

/// The names a mapping may use at the place the check has come to.
pub(super) struct Names {
    /// All columns of the file, if the mapping says them.
    header: Option<Vec<String>>,
    columns: Vec<String>,
    definitions: Vec<Definition>,
    /// Whether the name is a time, and where it is defined once the check has come there.
    declared: BTreeMap<String, (bool, Option<usize>)>,
    /// Columns used as times without a declaration.
    column_times: BTreeMap<usize, usize>,
}

impl Names {
    pub(super) fn new(header: Option<Vec<String>>) -> Names {
        Names { header, columns: Vec::new(), definitions: Vec::new(), declared: BTreeMap::new(), column_times: BTreeMap::new() }
    }

    pub(super) fn into_parts(self) -> (Vec<String>, Vec<Definition>) {
        (self.columns, self.definitions)
    }

    /// Makes known that the file declares this name somewhere; false if it does so twice.
    pub(super) fn declare(&mut self, name: &str, is_time: bool) -> bool {
        self.declared.insert(name.to_owned(), (is_time, None)).is_none()
    }

    /// Adds a definition: from now on its name may be used.
    pub(super) fn define(&mut self, definition: Definition) {
        if let Some(declared) = self.declared.get_mut(&definition.name) {
            declared.1 = Some(self.definitions.len());
        }
        self.definitions.push(definition);
    }

    /// A column, and nothing but a column.
    pub(super) fn column(&mut self, value: Value<'_>) -> Option<usize> {
        let name = value.string()?;
        self.column_named(name, value)
    }

    fn column_named(&mut self, name: &str, value: Value<'_>) -> Option<usize> {
        if let Some(header) = &self.header
            && !header.iter().any(|column| column == name)
        {
            let hint = nearest(name, header.iter().map(String::as_str)).map(|known| format!(", did you mean `{known}`?"));
            value.problem(format!("`columns` has no column `{name}`{}", hint.unwrap_or_default()));
            return None;
        }
        let place = self.columns.iter().position(|column| column == name);
        Some(place.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        }))
    }

    /// A value, a time or else a column.
    pub(super) fn name(&mut self, value: Value<'_>) -> Option<Name> {
        let name = value.string()?;
        self.named(name, value)
    }

    fn named(&mut self, name: &str, value: Value<'_>) -> Option<Name> {
        match self.declared.get(name) {
            Some((_, Some(place))) => Some(Name::Defined(*place)),
            Some((_, None)) => {
                value.problem(format!(
                    "`{name}` is not declared yet; move its declaration above this use, or rename it if the column is meant"
                ));
                None
            }
            None => self.column_named(name, value).map(Name::Column),
        }
    }

    /// A time, or a column with a time in the formats of the mapping.
    pub(super) fn time(&mut self, value: Value<'_>) -> Option<usize> {
        match self.name(value)? {
            Name::Defined(place) if matches!(self.definitions[place].content, Content::Time(_)) => Some(place),
            Name::Defined(_) => {
                value.problem(format!("`{}` is a value, not a time; declare it as [time.NAME]", value.as_str().unwrap_or_default()));
                None
            }
            Name::Column(column) => Some(self.column_times.get(&column).copied().unwrap_or_else(|| {
                let place = self.definitions.len();
                let name = self.columns[column].clone();
                self.definitions.push(Definition { name, content: Content::Time(TimeRule::of_column(column)) });
                self.column_times.insert(column, place);
                place
            })),
        }
    }

    /// A text with names in braces.
    pub(super) fn template(&mut self, value: Value<'_>) -> Option<Template> {
        let mut rest = value.string()?;
        let mut parts = Vec::new();
        while let Some(at) = rest.find(['{', '}']) {
            let inside = rest[at..].strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let Some((name, after)) = inside.filter(|(name, _)| !name.is_empty() && !name.contains('{')) else {
                value.problem("a brace without its partner: write names as `{name}`");
                return None;
            };
            if at > 0 {
                parts.push(Part::Literal(rest[..at].to_owned()));
            }
            parts.push(Part::Name(self.named(name, value)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Some(Template(parts))
    }

    /// All tests of a condition must hold; a broken one makes the whole `None` after all were looked at.
    pub(super) fn condition(&mut self, table: &Table<'_>) -> Option<Condition> {
        let tests: Vec<Option<Condition>> = table.entries().map(|(key, value)| self.test(key, value)).collect();
        if tests.is_empty() {
            table.problem("", "an empty condition: write `NAME = \"word\"` or leave it away");
        }
        let mut tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
        if tests.len() == 1 { tests.pop() } else { Some(Condition::All(tests)) }
    }

    fn test(&mut self, key: &str, value: Value<'_>) -> Option<Condition> {
        match key {
            "not" => return Some(Condition::Not(Box::new(self.condition(&value.table()?)?))),
            "any" | "all" => {
                let tables: Vec<_> = value.array()?.iter().map(Value::table).collect();
                let tests: Vec<_> = tables.into_iter().map(|table| self.condition(&table?)).collect();
                let tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
                return Some(if key == "any" { Condition::Any(tests) } else { Condition::All(tests) });
            }
            _ => {}
        }
        let name = self.named(key, value);
        let Some(table) = value.as_table() else {
            return Some(Condition::In(name?, words(value)?));
        };
        let limits = [
            ("above", Comparison::Above),
            ("at_least", Comparison::AtLeast),
            ("below", Comparison::Below),
            ("at_most", Comparison::AtMost),
        ];
        let mut tests = Vec::new();
        for (key, comparison) in limits {
            tests.extend(table.value(key).map(|value| Some(Condition::Compare(name?, comparison, value.float()?))));
        }
        let not = |condition| Condition::Not(Box::new(condition));
        tests.extend(table.value("not").map(|value| Some(not(Condition::In(name?, words(value)?)))));
        for (key, wanted) in [("present", true), ("missing", false)] {
            if let Some(value) = table.value(key) {
                let test = value.bool().zip(name).map(|(said, name)| match said == wanted {
                    true => Condition::Present(name),
                    false => not(Condition::Present(name)),
                });
                tests.push(test);
            }
        }
        table.finish();
        if table.is_empty() {
            value.problem("an empty test: write a word, a list of words, or one of `not`, `missing`, `present`, `above`, `at_least`, `below`, `at_most`");
        }
        if tests.is_empty() {
            return None;
        }
        Some(Condition::All(tests.into_iter().collect::<Option<Vec<_>>>()?))
    }

    /// `{ column = "state", from = [...], to = [...] }`.
    pub(super) fn change(&mut self, table: &Table<'_>) -> Option<Change> {
        let name = table.required("column", "the column whose change is meant").and_then(|value| self.name(value));
        let (from, to) = (table.value("from").map(word_set), table.value("to").map(word_set));
        table.finish();
        Some(Change { name: name?, from: from.unwrap_or(Some(Words::Anything))?, to: to.unwrap_or(Some(Words::Anything))? })
    }
}

fn word_set(value: Value<'_>) -> Option<Words> {
    let Some(table) = value.as_table() else { return words(value).map(Words::In) };
    let not = table.required("not", "a word or a list of words").and_then(words);
    table.finish();
    not.map(Words::NotIn)
}

/// One word or a list of them; numbers stand for their digits.
fn words(value: Value<'_>) -> Option<Vec<String>> {
    let entries = value.as_array().unwrap_or_else(|| vec![value]);
    let word = |entry: &Value<'_>| match entry.as_integer() {
        Some(number) => Some(number.to_string()),
        None => entry.string().map(str::to_owned),
    };
    entries.iter().map(word).collect::<Vec<_>>().into_iter().collect()
}

/// The value of a result, or nothing after telling the error.
pub(super) fn or_nothing<T, E>(result: Result<T, E>, tell: impl FnOnce(E)) -> Option<T> {
    result.map_err(tell).ok()
}

impl TimeRule {
    pub(super) fn of_column(column: usize) -> TimeRule {
        let from = TimeFrom::Column { column, date: None };
        TimeRule { from, formats: Vec::new(), plus: None, after: None, or: Vec::new(), when: None }
    }
}

impl ValueRule {
    /// A value that is never there.
    pub(super) fn nothing() -> ValueRule {
        let from = ValueFrom::Text(Template(Vec::new()));
        ValueRule { from, missing: Vec::new(), slice: None, map: BTreeMap::new(), otherwise: None, if_missing: None }
    }
}
