//! Turns someone's export (CSV, TSV) into events by a mapping file, without code.
//!
//! A mapping is read with all its mistakes at once ([`Mapping::parse`]: `check`), then applied to a file
//! ([`Mapping::read`]: `read`, `row`). Its whole vocabulary:
//!
//! ```toml
//! source = "/crm"                       # the events' source
//! time_zone = "Europe/Berlin"           # or "+02:00": of times written without an offset
//! formats = ["%d.%m.%Y %H:%M", "%s"]    # how times are written (strftime); the first that fits is taken
//! delimiter = ";"                       # default ","
//! quote = "'"                           # default '"'; "" if quotes mean nothing
//! header = false                        # default true: the first line names the columns
//! columns = ["no", "opened", "state"]   # names them otherwise
//! missing = ["", "?"]                   # cells that mean "nothing"; default [""]; cells are trimmed first
//! group_by = "no"                       # rows with the same value are one group, wherever they stand in the file
//! sort_by = "opened"                    # a time that orders the rows of a group; default: as they stand in the file
//! subject = "{no}"                      # the case; `{name}` is a column, value or time
//! data = { queue = "team" }             # fields of every event: field = name, or { text = "constant {name}" }
//!
//! [value.team]                          # a value made of ...
//! column = "grp"                        #   a cell, and then any of:
//! missing = ["0"]                       #     further cells that mean "nothing"
//! slice = [0, 4]                        #     characters from, to
//! map = { "1" = "sales" }               #     other words for it; `otherwise = "rest"` for what the map lacks
//! if_missing = "none"                   #     `keep_empty = true` is `if_missing = ""`
//! take = "max"                          #     of a group's rows: first, last, max, min, count; default: of this row
//! [value.month]
//! time = "opened"                       #   or a time, written with `format`
//! format = "%Y-%m"
//! [value.urgent]
//! yes_when = { prio = ["1", "2"] }      #   or "yes" and "no"
//! [value.key]
//! text = "{no}/{team}"                  #   or a text
//!
//! [time.opened]
//! column = "opened"                     # a cell, or `time = "NAME"`
//! date = "day"                          # the cell with the day, if it stands apart: read as "day time"
//! formats = ["%H:%M"]                   # if written differently from the rest
//! plus = "seconds"                      # adds this many `unit = "s"` (ms, s, m, h)
//! after = "NAME"                        # more than 12 h before that time (or, if missing, the one it comes after): next day
//! or = "NAME"                           # taken if this is missing; or a list
//! when = { state = "done" }             # missing otherwise
//!
//! [[exclude]]                           # rows to exclude, counted by reason
//! when = { state = "test" }
//! reason = "a test"
//!
//! [[event]]
//! type = "repair.opened"
//! time = "opened"                       # a time, or a column
//! when = { any = [{ state = { not = ["x"] } }, { cost = { above = 0 } }], no = { present = true } }
//! each = "first"                        # of a group: first, last or row (default)
//! change = { column = "state", from = ["Done"], to = { not = ["Done"] } }   # against the group's row before
//! subject = "{no}"
//! id = "{no}-1"                         # default: subject/type, then subject/type/2 within a group
//! data = { due = "target" }
//! ```
//!
//! Conditions also know `missing`, `present`, `above`, `below`, `at_least`, `at_most`, `all`, `any`, `not`. A value or
//! time may use those declared above it; a declared name hides a column of that name. Grouped rows are kept in memory
//! until the end of the file, so that their order in it does not matter; without `group_by` a row is gone when read.
//! A row of more than 1 MiB, or one in which the file ends within quotes, is rejected with the line in which it begins.

mod check;
mod check_parts;
mod csv_rows;
mod read;
mod row;

pub use self::read::RowCounts;

use crate::toml_document::{TomlDocument, TomlProblem};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A checked mapping.
#[derive(Debug)]
pub struct Mapping {
    source: String,
    zone: TimeZone,
    formats: Vec<String>,
    delimiter: u8,
    quote: Option<u8>,
    /// The names of the columns, if the file does not say them.
    header: Option<Vec<String>>,
    missing: Vec<String>,
    /// The columns the mapping speaks of; everything below knows a column by its place here.
    columns: Vec<String>,
    group_by: Option<usize>,
    /// The time by which the rows of a group are ordered.
    sort_by: Option<usize>,
    /// Values and times; each uses only those before it.
    definitions: Vec<MappingDefinition>,
    exclude: Vec<(RowCondition, String)>,
    events: Vec<EventRule>,
}

impl Mapping {
    /// Reads a mapping; `file` is its name in messages.
    ///
    /// # Errors
    /// Everything that is wrong in it, in the order of the file.
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

    /// The events' source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// What a name in a mapping stands for.
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

/// Which of a group's rows a value is taken from.
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
    formats: Vec<String>,
    /// What is added, and the milliseconds of its unit.
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
    /// Present, and the comparison of the number with the limit is one of these.
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
    when: Option<RowCondition>,
    rows: RowSelection,
    change: Option<ColumnChange>,
    data: Vec<(String, MappedFieldKind, MappedField)>,
}

/// Which rows of a group say the event.
#[derive(Clone, Copy, PartialEq, Debug)]
enum RowSelection {
    Row,
    First,
    Last,
}

/// A change of a column against the row before.
#[derive(Debug)]
struct ColumnChange {
    name: MappingName,
    from: ValueSet,
    to: ValueSet,
}

/// A set of words, or all but them.
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

/// How the core wants a field.
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
