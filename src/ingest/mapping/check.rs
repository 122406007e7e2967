//! From a mapping as written to a mapping that can be applied: names resolved, formats tried, mistakes told.
//!
//! It goes on after every mistake; what it returns is used only if the document has no problem.

use super::check_parts::{Names, or_nothing};
use super::{Content, Definition, Each, EventRule, Field, FieldKind, Mapping, Take, Template, TimeFrom, TimeRule, ValueFrom, ValueRule};
use crate::document::{Table, Value, nearest};
use crate::domain::time::{HOUR, MINUTE, SECOND};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The verbs of the families that every standard has; orders are the standard's own.
const FAMILIES: [(&str, &[&str]); 4] = [
    ("call", &["offered", "answered", "abandoned", "overflowed", "transferred", "ended"]),
    ("queue", &["joined", "called", "left", "served"]),
    ("survey", &["rated"]),
    ("agent", &["changed"]),
];

/// Reads the whole file.
pub(super) fn check(root: &Table<'_>) -> Mapping {
    let header = header(root);
    let mut names = Names::new(header.clone());
    let mut mapping = Mapping {
        source: root.required_string("source").unwrap_or_default().to_owned(),
        zone: time_zone(root),
        formats: root.required("formats", "a list of strings, as in [\"%Y-%m-%d %H:%M:%S\"]").map(formats).unwrap_or_default(),
        delimiter: byte(root, "delimiter").flatten().unwrap_or(b','),
        quote: byte(root, "quote").unwrap_or(Some(b'"')),
        header,
        missing: root.strings("missing").map_or_else(|| vec![String::new()], owned),
        columns: Vec::new(),
        group_by: root.value("group_by").and_then(|value| names.column(value)),
        sort_by: None,
        definitions: Vec::new(),
        leave_out: Vec::new(),
        events: Vec::new(),
    };
    definitions(root, &mut names, mapping.group_by.is_some());
    mapping.sort_by = root.value("sort_by").and_then(|value| {
        if root.value("group_by").is_none() {
            value.problem("`sort_by` orders the rows of a group: it needs `group_by`");
        }
        names.time(value)
    });
    for entry in root.tables("leave_out") {
        let when = entry.required("when", "a condition, as in { state = \"test\" }").and_then(|value| names.condition(&value.table()?));
        let reason = entry.required_string("reason");
        mapping.leave_out.extend(when.zip(reason.map(str::to_owned)));
        entry.finish();
    }
    // A broken subject is one problem, not one more at every event.
    let subject = root.value("subject").map(|value| names.template(value).unwrap_or_else(|| Template(Vec::new())));
    let data = root.table("data").map(|table| data(&table, &mut names)).unwrap_or_default();
    let events = root.tables("event");
    if events.is_empty() {
        root.problem("", "the mapping needs at least one [[event]]");
    }
    for entry in events {
        let rule = event(&entry, &mut names, subject.as_ref(), &data, mapping.group_by.is_some());
        mapping.events.extend(rule);
        entry.finish();
    }
    root.finish();
    (mapping.columns, mapping.definitions) = names.into_parts();
    mapping
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn header(root: &Table<'_>) -> Option<Vec<String>> {
    let columns = root.strings("columns").map(owned);
    match (root.bool("header").unwrap_or(true), columns) {
        (true, Some(_)) => {
            root.problem("columns", "`columns` is for files without a header: add `header = false`");
            None
        }
        (true, None) => None,
        (false, columns) => {
            if columns.is_none() {
                root.problem("header", "a file without a header needs `columns`, the names of its columns in order");
            }
            columns
        }
    }
}

fn time_zone(root: &Table<'_>) -> TimeZone {
    let zone = root.required("time_zone", "as in \"Europe/Berlin\" or \"+02:00\"").and_then(|value| {
        let zone = jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(value.string()?);
        or_nothing(zone, |_| value.problem("`time_zone` is neither a name such as \"Europe/Berlin\" nor an offset such as \"+02:00\""))
    });
    zone.unwrap_or(TimeZone::UTC)
}

/// A format must write what it reads back: then it has a day, and no directive that jiff does not know.
fn formats(value: Value<'_>) -> Vec<String> {
    let entries = value.array().unwrap_or_default();
    if entries.is_empty() {
        value.problem("`formats` needs at least one format, as in \"%Y-%m-%d %H:%M:%S\"");
    }
    entries.iter().filter_map(|entry| time_format(entry, true)).collect()
}

fn time_format(value: &Value<'_>, reads: bool) -> Option<String> {
    let format = value.string()?;
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let written = or_nothing(strtime::format(format, &sample), |error| value.problem(format!("`{format}` is not a time format: {error}")))?;
    if reads {
        let back = strtime::parse(format, &written).and_then(|time| match time.timestamp() {
            Some(_) => Ok(()),
            None => time.to_datetime().map(|_| ()),
        });
        or_nothing(back, |error| value.problem(format!("`{format}` cannot be read as a day and time: {error}")))?;
    }
    Some(format.to_owned())
}

/// `None` if the key is absent, `Some(None)` if it is empty.
fn byte(root: &Table<'_>, key: &str) -> Option<Option<u8>> {
    let value = root.value(key)?;
    match value.string()?.as_bytes() {
        [] if key == "quote" => Some(None),
        [byte] if byte.is_ascii() => Some(Some(*byte)),
        _ => {
            value.problem(format!("`{key}` must be one ASCII character"));
            None
        }
    }
}

/// Values and times in the order of the file: each may use those above it.
fn definitions(root: &Table<'_>, names: &mut Names, grouped: bool) {
    let mut written = Vec::new();
    for (key, is_time) in [("value", false), ("time", true)] {
        for (name, value) in root.table(key).iter().flat_map(Table::entries) {
            if let Some(table) = value.table() {
                if !names.declare(name, is_time) {
                    value.problem(format!("`{name}` is declared as a value and as a time; rename one"));
                }
                written.push((value.position(), is_time, name, table));
            }
        }
    }
    written.sort_by_key(|(position, ..)| *position);
    for (_, is_time, name, table) in written {
        let content = if is_time { time(&table, names).map(Content::Time) } else { value(&table, names, grouped).map(Content::Value) };
        table.finish();
        // A broken one is a problem already; a stand-in keeps its users from being problems too.
        let content =
            content.unwrap_or_else(|| if is_time { Content::Time(TimeRule::of_column(0)) } else { Content::Value(ValueRule::nothing()) });
        names.define(Definition { name: name.to_owned(), content });
    }
}

fn value(table: &Table<'_>, names: &mut Names, grouped: bool) -> Option<ValueRule> {
    let takes = [("first", Take::First), ("last", Take::Last), ("max", Take::Max), ("min", Take::Min), ("count", Take::Count)];
    let take = table.choice("take", &takes);
    if take.is_some() && !grouped {
        table.problem("take", "`take` needs `group_by` at the top of the mapping");
    }
    let format = table.value("format").and_then(|value| time_format(&value, false));
    let sources = [
        table.value("column").map(|value| Some(ValueFrom::Column(names.column(value)?, take.unwrap_or(Take::Row)))),
        table.value("text").map(|value| Some(ValueFrom::Text(names.template(value)?))),
        table.value("time").map(|value| match (names.time(value), &format) {
            (Some(time), Some(format)) => Some(ValueFrom::Time(time, format.clone())),
            (_, None) if table.value("format").is_none() => {
                table.problem("time", "a value made of a time needs a `format`, as in \"%Y-%m\"");
                None
            }
            _ => None,
        }),
        table.value("yes_when").map(|value| Some(ValueFrom::YesWhen(names.condition(&value.table()?)?))),
    ];
    let map =
        table.table("map").map(|map| map.entries().filter_map(|(from, to)| Some((from.to_owned(), to.string()?.to_owned()))).collect());
    let slice = table.value("slice").and_then(|value| {
        let ends: Vec<usize> = value.array()?.iter().filter_map(|end| usize::try_from(end.integer()?).ok()).collect();
        match ends[..] {
            [from, to] if from < to => Some((from, to)),
            _ => {
                value.problem("`slice` must be [from, to], two numbers of characters with from < to");
                None
            }
        }
    });
    let keep_empty = table.bool("keep_empty").unwrap_or(false).then(String::new);
    let rest = (table.strings("missing"), table.string("otherwise"), table.string("if_missing"));
    let given: Vec<_> = sources.into_iter().flatten().collect();
    if given.len() != 1 {
        table.problem("", format!("`{}` needs exactly one of `column`, `text`, `time`, `yes_when`", table.name()));
        return None;
    }
    Some(ValueRule {
        from: given.into_iter().next()??,
        missing: owned(rest.0.unwrap_or_default()),
        slice,
        map: map.unwrap_or_default(),
        otherwise: rest.1.map(str::to_owned),
        if_missing: rest.2.map(str::to_owned).or(keep_empty),
    })
}

fn time(table: &Table<'_>, names: &mut Names) -> Option<TimeRule> {
    let (column, from) = (table.value("column"), table.value("time"));
    let date = table.value("date").map(|value| names.column(value));
    let formats = table.value("formats").map(formats).unwrap_or_default();
    let units = [("ms", 1), ("s", SECOND), ("m", MINUTE), ("h", HOUR)];
    let unit = table.choice("unit", &units).unwrap_or(SECOND);
    let plus = table.value("plus").and_then(|value| Some((names.name(value)?, unit)));
    let after = table.value("after").and_then(|value| names.time(value));
    let or = match table.value("or") {
        Some(value) => value.as_array().unwrap_or_else(|| vec![value]).into_iter().filter_map(|value| names.time(value)).collect(),
        None => Vec::new(),
    };
    let when = table.table("when").and_then(|table| names.condition(&table));
    let from = match (column, from) {
        (Some(column), None) => TimeFrom::Column { column: names.column(column)?, date: date.flatten() },
        (None, Some(from)) => TimeFrom::Time(names.time(from)?),
        _ => {
            table.problem("", format!("`{}` needs exactly one of `column`, `time`", table.name()));
            return None;
        }
    };
    Some(TimeRule { from, formats, plus, after, or, when })
}

fn data(table: &Table<'_>, names: &mut Names) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    for (name, value) in table.entries() {
        let field = match value.as_table() {
            Some(constant) => {
                let text = constant.required("text", "a string").and_then(|value| names.template(value));
                constant.finish();
                text.map(Field::Text)
            }
            // A deadline is a time, whichever column it stands in.
            None if name == "due" => names.time(value).map(|time| Field::Name(super::Name::Defined(time))),
            None => names.name(value).map(Field::Name),
        };
        fields.extend(field.map(|field| (name.to_owned(), field)));
    }
    fields
}

fn event(
    table: &Table<'_>,
    names: &mut Names,
    subject: Option<&Template>,
    common: &BTreeMap<String, Field>,
    grouped: bool,
) -> Option<EventRule> {
    let kind = table.required("type", "as in \"call.offered\"").and_then(|value| event_type(&value));
    let time = table.required("time", "a time or a column").and_then(|value| names.time(value));
    let own_subject = table.value("subject").map(|value| names.template(value));
    if own_subject.is_none() && subject.is_none() {
        table.problem("", "the event needs a `subject` that tells its case, here or at the top of the mapping");
    }
    let id = table.value("id").and_then(|value| names.template(value));
    let when = table.table("when").and_then(|table| names.condition(&table));
    let each = table.choice("each", &[("row", Each::Row), ("first", Each::First), ("last", Each::Last)]);
    let change = table.table("change").and_then(|change| names.change(&change));
    if !grouped && (each.is_some() || change.is_some()) {
        let key = if each.is_some() { "each" } else { "change" };
        table.problem(key, format!("`{key}` needs `group_by` at the top of the mapping"));
    }
    let mut fields = common.clone();
    fields.extend(table.table("data").map(|own| data(&own, names)).unwrap_or_default());
    Some(EventRule {
        kind: kind?,
        time: time?,
        subject: own_subject.unwrap_or_else(|| subject.cloned())?,
        id,
        when,
        each: each.unwrap_or(Each::Row),
        change,
        data: fields
            .into_iter()
            .map(|(name, field)| (FieldKind::of(&name), name, field))
            .map(|(kind, name, field)| (name, kind, field))
            .collect(),
    })
}

fn event_type(value: &Value<'_>) -> Option<String> {
    let text = value.string()?;
    let Some((family, verb)) = text.split_once('.').filter(|(family, verb)| !family.is_empty() && !verb.is_empty()) else {
        value.problem(format!("`{text}` is not an event type; write FAMILY.VERB, as in `call.offered`"));
        return None;
    };
    if let Some((_, verbs)) = FAMILIES.iter().find(|(known, _)| *known == family)
        && !verbs.contains(&verb)
    {
        let hint = nearest(verb, verbs.iter().copied()).map_or(";".to_owned(), |known| format!(", did you mean `{family}.{known}`?"));
        value.problem(format!("unknown event type `{text}`{hint} `{family}` has: {}", verbs.join(", ")));
    }
    Some(text.to_owned())
}
