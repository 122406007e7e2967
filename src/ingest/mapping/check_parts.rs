//! Parts that occur everywhere in a mapping: names, conditions, templates and changes.

use crate::ingest::mapping::{
    ColumnChange, DefinitionRule, MappingDefinition, MappingName, NumberComparison, RowCondition,
    TemplatePart, TextTemplate, TimeRule, TimeSource, ValueRule, ValueSet, ValueSource,
};
use crate::toml_document::{TomlTable, TomlValue, nearest_match};
use std::collections::BTreeMap;

/// Names that may be used at the current position of the check.
pub(super) struct MappingNames {
    /// All columns of the file, if the mapping lists them.
    header: Option<Vec<String>>,
    columns: Vec<String>,
    definitions: Vec<MappingDefinition>,
    /// For each declared name: true if it is a time, and its index once it is defined.
    declared: BTreeMap<String, (bool, Option<usize>)>,
    /// Definitions of columns that are used as times without a declaration, by column.
    column_times: BTreeMap<usize, usize>,
}

impl MappingNames {
    pub(super) fn new(header: Option<Vec<String>>) -> MappingNames {
        MappingNames {
            header,
            columns: Vec::new(),
            definitions: Vec::new(),
            declared: BTreeMap::new(),
            column_times: BTreeMap::new(),
        }
    }

    pub(super) fn into_parts(self) -> (Vec<String>, Vec<MappingDefinition>) {
        (self.columns, self.definitions)
    }

    /// Registers a name that the file declares. Returns false if the name was registered before.
    pub(super) fn declare(&mut self, name: &str, is_time: bool) -> bool {
        self.declared.insert(name.to_owned(), (is_time, None)).is_none()
    }

    /// Adds a definition, so that its name may be used from now on.
    pub(super) fn define(&mut self, definition: MappingDefinition) {
        if let Some(declared) = self.declared.get_mut(&definition.name) {
            declared.1 = Some(self.definitions.len());
        }
        self.definitions.push(definition);
    }

    /// Resolves the name of a column. Declared names do not count.
    pub(super) fn resolve_column(&mut self, value: TomlValue<'_>) -> Option<usize> {
        let name = value.require_string()?;
        self.find_column(name, value)
    }

    fn find_column(&mut self, name: &str, value: TomlValue<'_>) -> Option<usize> {
        if let Some(header) = &self.header
            && !header.iter().any(|column| column == name)
        {
            let hint = nearest_match(name, header.iter().map(String::as_str))
                .map(|known| format!(", did you mean `{known}`?"));
            value.report_problem(format!(
                "`columns` has no column `{name}`{}",
                hint.unwrap_or_default()
            ));
            return None;
        }
        let index = self.columns.iter().position(|column| column == name);
        Some(index.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        }))
    }

    /// Resolves the name of a value, a time or otherwise a column.
    pub(super) fn resolve_name(&mut self, value: TomlValue<'_>) -> Option<MappingName> {
        let name = value.require_string()?;
        self.find_name(name, value)
    }

    fn find_name(&mut self, name: &str, value: TomlValue<'_>) -> Option<MappingName> {
        match self.declared.get(name) {
            Some((_, Some(index))) => Some(MappingName::Defined(*index)),
            Some((_, None)) => {
                value.report_problem(format!(
                    "`{name}` is not declared yet; move its declaration above this use, or rename \
                     it if the column is meant"
                ));
                None
            }
            None => self.find_column(name, value).map(MappingName::Column),
        }
    }

    /// Resolves the name of a time, or of a column with times in the formats of the mapping.
    pub(super) fn resolve_time(&mut self, value: TomlValue<'_>) -> Option<usize> {
        match self.resolve_name(value)? {
            MappingName::Defined(index)
                if matches!(self.definitions[index].rule, DefinitionRule::Time(_)) =>
            {
                Some(index)
            }
            MappingName::Defined(_) => {
                value.report_problem(format!(
                    "`{}` is a value, not a time; declare it as [time.NAME]",
                    value.as_str().unwrap_or_default()
                ));
                None
            }
            MappingName::Column(column) => {
                Some(self.column_times.get(&column).copied().unwrap_or_else(|| {
                    let index = self.definitions.len();
                    let name = self.columns[column].clone();
                    self.definitions.push(MappingDefinition {
                        name,
                        rule: DefinitionRule::Time(TimeRule::from_column(column)),
                    });
                    self.column_times.insert(column, index);
                    index
                }))
            }
        }
    }

    /// Parses a text with names in braces.
    pub(super) fn parse_template(&mut self, value: TomlValue<'_>) -> Option<TextTemplate> {
        let mut rest = value.require_string()?;
        let mut parts = Vec::new();
        while let Some(at) = rest.find(['{', '}']) {
            let between = rest[at..].strip_prefix('{').and_then(|between| between.split_once('}'));
            let Some((name, after)) =
                between.filter(|(name, _)| !name.is_empty() && !name.contains('{'))
            else {
                value.report_problem("unbalanced brace; write names as `{name}`");
                return None;
            };
            if at > 0 {
                parts.push(TemplatePart::Literal(rest[..at].to_owned()));
            }
            parts.push(TemplatePart::Name(self.find_name(name, value)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Literal(rest.to_owned()));
        }
        Some(TextTemplate(parts))
    }

    /// Parses a condition, all tests of which must hold. All tests are checked before a broken one
    /// makes the result `None`.
    pub(super) fn parse_condition(&mut self, table: &TomlTable<'_>) -> Option<RowCondition> {
        let tests: Vec<Option<RowCondition>> =
            table.entries().map(|(key, value)| self.parse_test(key, value)).collect();
        if tests.is_empty() {
            table.report_problem("", "empty condition; write `NAME = \"value\"` or leave it out");
        }
        let mut tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
        if tests.len() == 1 { tests.pop() } else { Some(RowCondition::All(tests)) }
    }

    fn parse_test(&mut self, key: &str, value: TomlValue<'_>) -> Option<RowCondition> {
        match key {
            "not" => {
                return Some(RowCondition::Not(Box::new(
                    self.parse_condition(&value.require_table()?)?,
                )));
            }
            "any" | "all" => {
                let tables: Vec<_> =
                    value.require_array()?.iter().map(TomlValue::require_table).collect();
                let tests: Vec<_> =
                    tables.into_iter().map(|table| self.parse_condition(&table?)).collect();
                let tests = tests.into_iter().collect::<Option<Vec<_>>>()?;
                return Some(if key == "any" {
                    RowCondition::Any(tests)
                } else {
                    RowCondition::All(tests)
                });
            }
            _ => {}
        }
        let name = self.find_name(key, value);
        let Some(table) = value.as_table() else {
            return Some(RowCondition::In(name?, parse_values(value)?));
        };
        let limits = [
            ("above", NumberComparison::Above),
            ("at_least", NumberComparison::AtLeast),
            ("below", NumberComparison::Below),
            ("at_most", NumberComparison::AtMost),
        ];
        let mut tests = Vec::new();
        for (key, comparison) in limits {
            tests.extend(table.value(key).map(|value| {
                Some(RowCondition::Compare(name?, comparison, value.require_float()?))
            }));
        }
        let not = |condition| RowCondition::Not(Box::new(condition));
        tests.extend(
            table
                .value("not")
                .map(|value| Some(not(RowCondition::In(name?, parse_values(value)?)))),
        );
        for (key, if_true) in [("present", true), ("missing", false)] {
            if let Some(value) = table.value(key) {
                let test =
                    value.require_bool().zip(name).map(|(flag, name)| match flag == if_true {
                        true => RowCondition::Present(name),
                        false => not(RowCondition::Present(name)),
                    });
                tests.push(test);
            }
        }
        table.report_unknown_keys();
        if table.is_empty() {
            value.report_problem(
                "empty test; write a value, a list of values, or one of `not`, `missing`, \
                 `present`, `above`, `at_least`, `below`, `at_most`",
            );
        }
        if tests.is_empty() {
            return None;
        }
        Some(RowCondition::All(tests.into_iter().collect::<Option<Vec<_>>>()?))
    }

    /// Parses `{ column = "state", from = [...], to = [...] }`.
    pub(super) fn parse_change(&mut self, table: &TomlTable<'_>) -> Option<ColumnChange> {
        let name = table
            .required_value("column", "the column that changes")
            .and_then(|value| self.resolve_name(value));
        let (from, to) =
            (table.value("from").map(parse_value_set), table.value("to").map(parse_value_set));
        table.report_unknown_keys();
        Some(ColumnChange {
            name: name?,
            from: from.unwrap_or(Some(ValueSet::Anything))?,
            to: to.unwrap_or(Some(ValueSet::Anything))?,
        })
    }
}

fn parse_value_set(value: TomlValue<'_>) -> Option<ValueSet> {
    let Some(table) = value.as_table() else { return parse_values(value).map(ValueSet::In) };
    let not = table.required_value("not", "a value or a list of values").and_then(parse_values);
    table.report_unknown_keys();
    not.map(ValueSet::NotIn)
}

/// Parses one value or a list of values. Numbers count as their digits.
fn parse_values(value: TomlValue<'_>) -> Option<Vec<String>> {
    let entries = value.as_array().unwrap_or_else(|| vec![value]);
    let text = |entry: &TomlValue<'_>| match entry.as_integer() {
        Some(number) => Some(number.to_string()),
        None => entry.require_string().map(str::to_owned),
    };
    entries.iter().map(text).collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn to_owned_strings(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// Returns the value of a result, or `None` after reporting the error.
pub(super) fn ok_or_report<T, E>(result: Result<T, E>, report: impl FnOnce(E)) -> Option<T> {
    result.map_err(report).ok()
}

impl TimeRule {
    pub(super) fn from_column(column: usize) -> TimeRule {
        TimeRule {
            source: TimeSource::Column { column, date: None },
            formats: Vec::new(),
            plus: None,
            after: None,
            alternatives: Vec::new(),
            when: None,
        }
    }
}

impl ValueRule {
    /// Returns a rule whose value is always missing.
    pub(super) fn always_missing() -> ValueRule {
        ValueRule {
            source: ValueSource::Text(TextTemplate(Vec::new())),
            missing: Vec::new(),
            slice: None,
            map: BTreeMap::new(),
            otherwise: None,
            if_missing: None,
        }
    }
}
