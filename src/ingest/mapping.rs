//! Turns an export (CSV, TSV, JSON) into events by a mapping file, without code.
//!
//! [`Mapping::parse`] checks a mapping and reports all problems at once. [`Mapping::read_rows`]
//! applies it to a file. Rows of groups stay in memory until the end of the file; without
//! `group_by` a row is released after it was read.
//!
//! `docs/reference/mapping.md` describes the mapping language with all keys.

mod check;
mod check_file;
mod check_parts;
mod csv_rows;
mod csv_table;
mod half_day;
mod json_table;
mod numbers;
mod outcome;
mod read;
mod row;
mod row_cells;
mod sample;
mod table;
mod time_format;

pub use self::outcome::{RowNote, RowOutcome};
pub use self::read::RowCounts;
pub use self::row_cells::TableColumns;
pub use self::sample::{MappingSample, SampledEvent, SampledRow};

use self::numbers::DecimalSign;
use self::time_format::TimeFormat;
use crate::toml_document::{TomlDocument, TomlProblem};
use encoding_rs::Encoding;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A checked mapping.
#[derive(Debug)]
pub struct Mapping {
    source: String,
    /// `reuse_after` in milliseconds; `None` to leave it to the standard.
    reuse_after_ms: Option<i64>,
    zone: TimeZone,
    formats: Vec<TimeFormat>,
    /// Encoding of files without a byte order mark; UTF-8 if `None`.
    encoding: Option<&'static Encoding>,
    decimal: DecimalSign,
    delimiter: u8,
    quote: Option<u8>,
    /// Number of lines to skip at the beginning of a delimited file.
    skip_lines: u64,
    /// Keys that lead to the rows of a JSON file.
    rows: Vec<String>,
    /// Names of the columns, if the file has no header row.
    header: Option<Vec<String>>,
    missing: Vec<String>,
    /// Columns that the mapping uses. All indexes of columns refer to this list.
    columns: Vec<String>,
    group_by: Option<usize>,
    /// Index of the time by which the rows of a group are ordered.
    sort_by: Option<usize>,
    /// Values and times. Each uses only those before it.
    definitions: Vec<MappingDefinition>,
    exclude: Vec<(RowCondition, String)>,
    events: Vec<EventRule>,
}

impl Mapping {
    /// Parses and checks a mapping. `file` is its name in messages.
    ///
    /// # Errors
    /// Returns all problems in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Mapping, Vec<TomlProblem>> {
        let document = TomlDocument::parse(file, text).map_err(|problem| vec![problem])?;
        let mapping = check::check_mapping(&document.root_table());
        let problems = document.into_problems();
        if problems.is_empty() { Ok(mapping) } else { Err(problems) }
    }

    /// Returns the warnings of a mapping that works: old names of keys.
    #[must_use]
    pub fn find_warnings(file: &str, text: &str) -> Vec<TomlProblem> {
        let Ok(document) = TomlDocument::parse(file, text) else { return Vec::new() };
        check::check_mapping(&document.root_table());
        document.warnings()
    }

    /// Returns what a mapping may not contain although it is read: formats whose hours need `%p`.
    #[must_use]
    pub fn find_objections(file: &str, text: &str) -> Vec<TomlProblem> {
        let Ok(document) = TomlDocument::parse(file, text) else { return Vec::new() };
        check_file::object_to_formats(&document.root_table());
        document.into_problems()
    }

    /// Returns the CloudEvents `source` of all events.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the time in ms after the end of a case from which an arrival of the same subject
    /// begins a new case; `None` to leave it to the standard.
    #[must_use]
    pub fn reuse_after_ms(&self) -> Option<i64> {
        self.reuse_after_ms
    }
}

/// Resolved name: an index into the columns or into the definitions.
#[derive(Clone, Copy, PartialEq, Debug)]
enum MappingName {
    Column(usize),
    Defined(usize),
}

#[derive(Debug)]
struct MappingDefinition {
    name: String,
    rule: DefinitionRule,
}

#[derive(Debug)]
enum DefinitionRule {
    Value(ValueRule),
    Time(TimeRule),
}

#[derive(Debug)]
struct ValueRule {
    source: ValueSource,
    missing: Vec<String>,
    slice: Option<(usize, usize)>,
    map: BTreeMap<String, String>,
    otherwise: Option<String>,
    if_missing: Option<String>,
}

#[derive(Debug)]
enum ValueSource {
    Column(usize, GroupAggregate),
    Text(TextTemplate),
    Time(usize, String),
    YesWhen(RowCondition),
}

/// Rows of a group from which a value is computed (key `take`).
#[derive(Clone, Copy, PartialEq, Debug)]
enum GroupAggregate {
    Row,
    First,
    Last,
    Max,
    Min,
    Count,
}

#[derive(Debug)]
struct TimeRule {
    source: TimeSource,
    formats: Vec<TimeFormat>,
    /// Number to add, and its unit in ms.
    plus: Option<(MappingName, i64)>,
    after: Option<usize>,
    alternatives: Vec<usize>,
    when: Option<RowCondition>,
}

#[derive(Debug)]
enum TimeSource {
    Column { column: usize, date: Option<usize> },
    Time(usize),
}

#[derive(Debug)]
enum RowCondition {
    All(Vec<RowCondition>),
    Any(Vec<RowCondition>),
    Not(Box<RowCondition>),
    In(MappingName, Vec<String>),
    Present(MappingName),
    /// True if the value is present and its number compares like this with the limit.
    Compare(MappingName, NumberComparison, f64),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum NumberComparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// A text with names in braces.
#[derive(Clone, Debug)]
struct TextTemplate(Vec<TemplatePart>);

#[derive(Clone, Debug)]
enum TemplatePart {
    Literal(String),
    Name(MappingName),
}

#[derive(Debug)]
struct EventRule {
    kind: String,
    time: usize,
    subject: TextTemplate,
    id: Option<TextTemplate>,
    /// True if the default id has the time, so that a subject may be used again.
    is_id_timed: bool,
    when: Option<RowCondition>,
    rows: RowSelection,
    change: Option<ColumnChange>,
    data: Vec<(String, MappedFieldKind, MappedField)>,
}

/// Rows of a group that may emit an event (key `each`).
#[derive(Clone, Copy, PartialEq, Debug)]
enum RowSelection {
    Row,
    First,
    Last,
}

/// Change of a text against the previous row.
#[derive(Debug)]
struct ColumnChange {
    name: MappingName,
    from: ValueSet,
    to: ValueSet,
}

/// A set of texts, or its complement.
#[derive(Default, Debug)]
enum ValueSet {
    #[default]
    Anything,
    In(Vec<String>),
    NotIn(Vec<String>),
}

#[derive(Clone, Debug)]
enum MappedField {
    Name(MappingName),
    Text(TextTemplate),
}

/// Data type of an event field.
#[derive(Clone, Copy, PartialEq, Debug)]
enum MappedFieldKind {
    Text,
    Number,
    Bool,
}

impl MappedFieldKind {
    fn for_field(field: &str) -> MappedFieldKind {
        match field {
            "wait_seconds" | "talk_seconds" | "wrapup_seconds" | "hold_seconds" | "score"
            | "scale" => MappedFieldKind::Number,
            "resolved" | "satisfied" => MappedFieldKind::Bool,
            _ => MappedFieldKind::Text,
        }
    }
}
