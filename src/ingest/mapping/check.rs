//! Checks a mapping file and builds the [`Mapping`]. Names are resolved, time formats are tried and
//! all problems are reported.
//!
//! Checking continues after every problem. The result is used only if there was none.

use super::check_file::{
    DECIMAL_SIGNS, check_encoding, check_header, check_rows, check_skip_lines, parse_byte,
    parse_formats, parse_time_zone, refuse_literal_offsets,
};
use super::check_parts::{MappingNames, ok_or_report, to_owned_strings};
use crate::domain::events::event::{EventVerb, LifeCycle};
use crate::domain::time::timestamp::{HOUR, MINUTE, SECOND};
use crate::ingest::mapping::{
    DefinitionRule, EventRule, GroupAggregate, MappedField, MappedFieldKind, Mapping,
    MappingDefinition, RowSelection, TextTemplate, TimeRule, TimeSource, ValueRule, ValueSource,
};
use crate::toml_document::{TomlTable, TomlValue, nearest_match};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Verbs of the families that every standard has. Order families are defined by the standard.
const EVENT_TYPES: [(&str, &[&str]); 4] = [
    ("call", &["offered", "answered", "abandoned", "overflowed", "transferred", "ended"]),
    ("queue", &["joined", "called", "left", "served"]),
    ("survey", &["rated"]),
    ("agent", &["changed"]),
];

/// Checks the whole file.
pub(super) fn check_mapping(root: &TomlTable<'_>) -> Mapping {
    let header = check_header(root);
    let mut names = MappingNames::new(header.clone());
    let mut mapping = Mapping {
        source: root.required_string("source").unwrap_or_default().to_owned(),
        reuse_after_ms: root.optional_duration("reuse_after"),
        zone: parse_time_zone(root),
        formats: root
            .required_value("formats", "a list of strings, as in [\"%Y-%m-%d %H:%M:%S\"]")
            .map(parse_formats)
            .unwrap_or_default(),
        encoding: check_encoding(root),
        decimal: root.optional_choice("decimal", &DECIMAL_SIGNS).unwrap_or_default(),
        delimiter: parse_byte(root, "delimiter").flatten().unwrap_or(b','),
        quote: parse_byte(root, "quote").unwrap_or(Some(b'"')),
        skip_lines: check_skip_lines(root),
        rows: check_rows(root),
        header,
        missing: root
            .optional_strings("missing")
            .map_or_else(|| vec![String::new()], to_owned_strings),
        columns: Vec::new(),
        group_by: root.value("group_by").and_then(|value| names.resolve_column(value)),
        sort_by: None,
        definitions: Vec::new(),
        exclude: Vec::new(),
        events: Vec::new(),
    };
    check_definitions(root, &mut names, mapping.group_by.is_some());
    refuse_literal_offsets(root, &mapping.zone);
    mapping.sort_by = root.value("sort_by").and_then(|value| {
        if root.value("group_by").is_none() {
            value.report_problem("`sort_by` orders the rows of a group and needs `group_by`");
        }
        names.resolve_time(value)
    });
    for entry in root.renamed_table_list("exclude", "leave_out") {
        let when = entry
            .required_value("when", "a condition, as in { state = \"test\" }")
            .and_then(|value| names.parse_condition(&value.require_table()?));
        let reason = entry.required_string("reason");
        mapping.exclude.extend(when.zip(reason.map(str::to_owned)));
        entry.report_unknown_keys();
    }
    // A broken subject is reported once, not again for every event.
    let subject = root
        .value("subject")
        .map(|value| names.parse_template(value).unwrap_or_else(|| TextTemplate(Vec::new())));
    let data = root
        .optional_table("data")
        .map(|table| check_data_fields(&table, &mut names))
        .unwrap_or_default();
    let events = root.table_list("event");
    if events.is_empty() {
        root.report_problem("", "the mapping needs at least one [[event]]");
    }
    for entry in events {
        let rule = check_event_rule(
            &entry,
            &mut names,
            subject.as_ref(),
            &data,
            mapping.group_by.is_some(),
        );
        mapping.events.extend(rule);
        entry.report_unknown_keys();
    }
    root.report_unknown_keys();
    (mapping.columns, mapping.definitions) = names.into_parts();
    mapping
}

/// Checks values and times in the order of the file. Each may use those above it.
fn check_definitions(root: &TomlTable<'_>, names: &mut MappingNames, grouped: bool) {
    let mut declarations = Vec::new();
    for (key, is_time) in [("value", false), ("time", true)] {
        for (name, value) in root.optional_table(key).iter().flat_map(TomlTable::entries) {
            if let Some(table) = value.require_table() {
                if !names.declare(name, is_time) {
                    value.report_problem(format!(
                        "`{name}` is declared as a value and as a time; rename one"
                    ));
                }
                declarations.push((value.line_and_column(), is_time, name, table));
            }
        }
    }
    declarations.sort_by_key(|(position, ..)| *position);
    for (_, is_time, name, table) in declarations {
        let rule = if is_time {
            check_time_rule(&table, names).map(DefinitionRule::Time)
        } else {
            check_value_rule(&table, names, grouped).map(DefinitionRule::Value)
        };
        table.report_unknown_keys();
        // A broken rule is reported already; a placeholder avoids problems where it is used.
        let rule = rule.unwrap_or_else(|| {
            if is_time {
                DefinitionRule::Time(TimeRule::from_column(0))
            } else {
                DefinitionRule::Value(ValueRule::always_missing())
            }
        });
        names.define(MappingDefinition { name: name.to_owned(), rule });
    }
}

fn check_value_rule(
    table: &TomlTable<'_>,
    names: &mut MappingNames,
    grouped: bool,
) -> Option<ValueRule> {
    let aggregates = [
        ("first", GroupAggregate::First),
        ("last", GroupAggregate::Last),
        ("max", GroupAggregate::Max),
        ("min", GroupAggregate::Min),
        ("count", GroupAggregate::Count),
    ];
    let aggregate = table.optional_choice("take", &aggregates);
    if aggregate.is_some() && !grouped {
        table.report_problem("take", "`take` needs `group_by` at the top of the mapping");
    }
    let format = table.value("format").and_then(|value| check_output_format(&value));
    let sources = [
        table.value("column").map(|value| {
            Some(ValueSource::Column(
                names.resolve_column(value)?,
                aggregate.unwrap_or(GroupAggregate::Row),
            ))
        }),
        table.value("text").map(|value| Some(ValueSource::Text(names.parse_template(value)?))),
        table.value("time").map(|value| match (names.resolve_time(value), &format) {
            (Some(time), Some(format)) => Some(ValueSource::Time(time, format.clone())),
            (_, None) if table.value("format").is_none() => {
                table.report_problem(
                    "time",
                    "a value made of a time needs a `format`, as in \"%Y-%m\"",
                );
                None
            }
            _ => None,
        }),
        table.value("yes_when").map(|value| {
            Some(ValueSource::YesWhen(names.parse_condition(&value.require_table()?)?))
        }),
    ];
    let map = table.optional_table("map").map(|map| {
        map.entries()
            .filter_map(|(from, to)| Some((from.to_owned(), to.require_string()?.to_owned())))
            .collect()
    });
    let slice = table.value("slice").and_then(|value| {
        let ends: Vec<usize> = value
            .require_array()?
            .iter()
            .filter_map(|end| usize::try_from(end.require_integer()?).ok())
            .collect();
        match ends[..] {
            [from, to] if from < to => Some((from, to)),
            _ => {
                value.report_problem(
                    "`slice` must be [from, to], two numbers of characters with from < to",
                );
                None
            }
        }
    });
    let keep_empty = table.optional_bool("keep_empty").unwrap_or(false).then(String::new);
    let optional = (
        table.optional_strings("missing"),
        table.optional_string("otherwise"),
        table.optional_string("if_missing"),
    );
    let sources: Vec<_> = sources.into_iter().flatten().collect();
    if sources.len() != 1 {
        table.report_problem(
            "",
            format!("`{}` needs exactly one of `column`, `text`, `time`, `yes_when`", table.name()),
        );
        return None;
    }
    Some(ValueRule {
        source: sources.into_iter().next()??,
        missing: to_owned_strings(optional.0.unwrap_or_default()),
        slice,
        map: map.unwrap_or_default(),
        otherwise: optional.1.map(str::to_owned),
        if_missing: optional.2.map(str::to_owned).or(keep_empty),
    })
}

fn check_output_format(value: &TomlValue<'_>) -> Option<String> {
    let format = value.require_string()?;
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    ok_or_report(strtime::format(format, &sample), |error| {
        value.report_problem(format!("`{format}` is not a time format: {error}"));
    })?;
    Some(format.to_owned())
}

fn check_time_rule(table: &TomlTable<'_>, names: &mut MappingNames) -> Option<TimeRule> {
    let (column, time) = (table.value("column"), table.value("time"));
    let date = table.value("date").map(|value| names.resolve_column(value));
    let formats = table.value("formats").map(parse_formats).unwrap_or_default();
    let units = [("ms", 1), ("s", SECOND), ("m", MINUTE), ("h", HOUR)];
    let unit = table.optional_choice("unit", &units).unwrap_or(SECOND);
    let plus = table.value("plus").and_then(|value| Some((names.resolve_name(value)?, unit)));
    let after = table.value("after").and_then(|value| names.resolve_time(value));
    let alternatives = match table.value("or") {
        Some(value) => value
            .as_array()
            .unwrap_or_else(|| vec![value])
            .into_iter()
            .filter_map(|value| names.resolve_time(value))
            .collect(),
        None => Vec::new(),
    };
    let when = table.optional_table("when").and_then(|table| names.parse_condition(&table));
    let source = match (column, time) {
        (Some(column), None) => {
            TimeSource::Column { column: names.resolve_column(column)?, date: date.flatten() }
        }
        (None, Some(time)) => TimeSource::Time(names.resolve_time(time)?),
        _ => {
            table.report_problem(
                "",
                format!("`{}` needs exactly one of `column`, `time`", table.name()),
            );
            return None;
        }
    };
    Some(TimeRule { source, formats, plus, after, alternatives, when })
}

fn check_data_fields(
    table: &TomlTable<'_>,
    names: &mut MappingNames,
) -> BTreeMap<String, MappedField> {
    let mut fields = BTreeMap::new();
    for (name, value) in table.entries() {
        let field = match value.as_table() {
            Some(constant) => {
                let text = constant
                    .required_value("text", "a string")
                    .and_then(|value| names.parse_template(value));
                constant.report_unknown_keys();
                text.map(MappedField::Text)
            }
            // A deadline is a time, regardless of the column that holds it.
            None if name == "due" => names
                .resolve_time(value)
                .map(|time| MappedField::Name(super::MappingName::Defined(time))),
            None => names.resolve_name(value).map(MappedField::Name),
        };
        fields.extend(field.map(|field| (name.to_owned(), field)));
    }
    fields
}

fn check_event_rule(
    table: &TomlTable<'_>,
    names: &mut MappingNames,
    subject: Option<&TextTemplate>,
    common_data: &BTreeMap<String, MappedField>,
    grouped: bool,
) -> Option<EventRule> {
    let kind = table
        .required_value("type", "as in \"call.offered\"")
        .and_then(|value| check_event_type(&value));
    let time = table
        .required_value("time", "a time or a column")
        .and_then(|value| names.resolve_time(value));
    let event_subject = table.value("subject").map(|value| names.parse_template(value));
    if event_subject.is_none() && subject.is_none() {
        table.report_problem(
            "",
            "the event needs a `subject` that identifies its case, here or at the top of the \
             mapping",
        );
    }
    let id = table.value("id").and_then(|value| names.parse_template(value));
    let when = table.optional_table("when").and_then(|table| names.parse_condition(&table));
    let rows = table.optional_choice(
        "each",
        &[("row", RowSelection::Row), ("first", RowSelection::First), ("last", RowSelection::Last)],
    );
    let change = table.optional_table("change").and_then(|change| names.parse_change(&change));
    if !grouped && (rows.is_some() || change.is_some()) {
        let key = if rows.is_some() { "each" } else { "change" };
        table.report_problem(key, format!("`{key}` needs `group_by` at the top of the mapping"));
    }
    let mut fields = common_data.clone();
    fields.extend(
        table
            .optional_table("data")
            .map(|table| check_data_fields(&table, names))
            .unwrap_or_default(),
    );
    let kind = kind?;
    Some(EventRule {
        is_id_timed: !is_order_event(&kind),
        kind,
        time: time?,
        subject: event_subject.unwrap_or_else(|| subject.cloned())?,
        id,
        when,
        rows: rows.unwrap_or(RowSelection::Row),
        change,
        data: fields
            .into_iter()
            .map(|(name, field)| (MappedFieldKind::for_field(&name), name, field))
            .map(|(kind, name, field)| (name, kind, field))
            .collect(),
    })
}

/// Returns true for an event of an order. An export repeats such an event, and then it must not
/// count again.
fn is_order_event(kind: &str) -> bool {
    let verb = kind.split_once('.').map_or("", |(_, verb)| verb);
    let has_verb =
        |life_cycle| EventVerb::of_life_cycle(life_cycle).iter().any(|(name, _)| *name == verb);
    has_verb(LifeCycle::Order) && !has_verb(LifeCycle::Contact)
}

fn check_event_type(value: &TomlValue<'_>) -> Option<String> {
    let text = value.require_string()?;
    let Some((family, verb)) =
        text.split_once('.').filter(|(family, verb)| !family.is_empty() && !verb.is_empty())
    else {
        value.report_problem(format!(
            "`{text}` is not an event type; write FAMILY.VERB, as in `call.offered`"
        ));
        return None;
    };
    if let Some((_, verbs)) = EVENT_TYPES.iter().find(|(known, _)| *known == family)
        && !verbs.contains(&verb)
    {
        let hint = nearest_match(verb, verbs.iter().copied())
            .map_or(";".to_owned(), |known| format!(", did you mean `{family}.{known}`?"));
        value.report_problem(format!(
            "unknown event type `{text}`{hint} `{family}` has: {}",
            verbs.join(", ")
        ));
    }
    Some(text.to_owned())
}
