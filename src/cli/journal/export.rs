//! `firstline journal export`: prints journal records as NDJSON, one line per record or event.
//!
//! Customers and owners are left out. The journal contains only hashes of them. A label without a
//! stored text, such as a topic, is written as its hash, for example `#4286f826`.

use crate::domain::events::batch::Batch;
use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{Event, EventType, PackedTimestamp, Symbol};
use crate::domain::standard::EventSchema;
use crate::journal::{JournalReader, JournalRecord, SequenceNumber};
use crate::standard_file;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Prints the records from `from` to `to`, both included.
///
/// # Errors
/// If a record is damaged. The records before it have been printed.
pub(super) fn export_records(
    reader: &JournalReader,
    from: SequenceNumber,
    to: SequenceNumber,
) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write_records(reader, from, to, &mut out) {
        // A closed pipe, as left by `head`, is not an error.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) => {}
        result => result?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Names of event types and dimensions in a standard.
#[derive(Default)]
struct ExportedNames {
    types: BTreeMap<EventType, String>,
    dimensions: Vec<String>,
}

impl ExportedNames {
    /// Returns the names of a standard. Numbers replace them if the files can no longer be parsed.
    fn from_files(files: &[(String, String)]) -> ExportedNames {
        standard_file::parse_recorded_versions(files).map_or_else(
            |_| ExportedNames::default(),
            |standard| ExportedNames::from_schema(&standard.schema),
        )
    }

    fn from_schema(schema: &EventSchema) -> ExportedNames {
        let types = schema.event_types().map(|(name, kind)| (kind, name.to_owned())).collect();
        ExportedNames { types, dimensions: schema.dimensions.clone() }
    }

    fn event_type(&self, kind: EventType) -> String {
        self.types
            .get(&kind)
            .cloned()
            .unwrap_or_else(|| format!("{}.{:?}", kind.family.0, kind.verb).to_lowercase())
    }

    fn dimension_name(&self, place: usize) -> String {
        self.dimensions.get(place).cloned().unwrap_or_else(|| place.to_string())
    }
}

fn write_records(
    reader: &JournalReader,
    from: SequenceNumber,
    to: SequenceNumber,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let first = reader.first_sequence();
    let mut names_in_force = ExportedNames::default();
    if let Some(JournalRecord::Standard { files, .. }) = reader.standard_record()? {
        names_in_force = ExportedNames::from_files(&files);
    }
    // Earlier records are read too, because they may hold the standard in force at `from`.
    for read in reader.records_after(SequenceNumber(first.0.saturating_sub(1))) {
        let (at, record) = read?;
        if at > to {
            break;
        }
        if let JournalRecord::Standard { files, .. } = &record {
            names_in_force = ExportedNames::from_files(files);
        }
        if at >= from {
            write_record(at, record, &names_in_force, out)?;
        }
    }
    Ok(out.flush()?)
}

fn write_record(
    at: SequenceNumber,
    record: JournalRecord,
    names_in_force: &ExportedNames,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let line = match record {
        JournalRecord::Tick { now, revision } => {
            json!({"sequence": at.0, "record": "tick", "now": now, "revision": revision})
        }
        JournalRecord::AlertEvaluation { now, revision } => {
            json!({"sequence": at.0, "record": "look", "now": now, "revision": revision})
        }
        JournalRecord::IncidentUpdate { now, answer } => {
            let (id, what) = (
                format!("{:016x}", answer.id),
                if answer.closes { "close" } else { "acknowledge" },
            );
            // The owner and the note are personal data and are left out.
            json!({"sequence": at.0, "record": what, "now": now, "alert": id})
        }
        JournalRecord::Stop { revision } => {
            json!({"sequence": at.0, "record": "stop", "revision": revision})
        }
        JournalRecord::Standard { epoch, files } => {
            let files: Vec<Value> =
                files.iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
            json!({"sequence": at.0, "record": "standard", "epoch": epoch, "files": files})
        }
        JournalRecord::Batch(packed) => {
            let batch = packed.decode_batch().with_context(|| format!("record {at}"))?;
            for place in 0..batch.events.len() {
                writeln!(out, "{}", event_line(at, &batch, place, names_in_force))?;
            }
            return Ok(());
        }
    };
    Ok(writeln!(out, "{line}")?)
}

fn event_line(
    at: SequenceNumber,
    batch: &Batch,
    place: usize,
    names_in_force: &ExportedNames,
) -> Value {
    let event = &batch.events[place];
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| _ = line.insert(name.to_owned(), value);
    put("sequence", at.0.into());
    put("record", "event".into());
    put("type", names_in_force.event_type(event.kind).into());
    put("time", json!(event.time));
    put("case", format!("{:016x}", event.case.0).into());
    put("id", format!("{:016x}", event.id.0).into());
    if let Some((source, subject)) = batch.names.case_name(place) {
        put("source", source.into());
        put("subject", subject.into());
    }
    let values = batch.groups[event.group as usize].values().iter().enumerate();
    let attributes = values.filter_map(|(place, value)| {
        Some((names_in_force.dimension_name(place), Value::from(value.as_deref()?)))
    });
    put("attributes", Value::Object(attributes.collect()));
    put("data", Value::Object(event_data(event, &batch.names)));
    Value::Object(line)
}

/// Returns the fields of an event under their wire names, without customers and owners.
fn event_data(event: &Event, names: &BatchNames) -> Map<String, Value> {
    let detail = &event.detail;
    let label = |symbol: Option<Symbol>| {
        let symbol = symbol?;
        let text = names
            .symbol_texts()
            .find(|(known, _)| *known == symbol)
            .map(|(_, text)| text.to_owned());
        Some(Value::from(text.unwrap_or_else(|| format!("#{:08x}", symbol.to_number()))))
    };
    // An unreadable time is rejected as one again when the export is read.
    let named_time =
        |time: PackedTimestamp| time.readable().map_or(json!("unreadable"), |time| json!(time));
    let seconds = |millis: Option<crate::domain::events::event::PackedMillis>| {
        Some(json!(millis?.get() as f64 / 1_000.0))
    };
    let fields = [
        ("due", detail.due.map(named_time)),
        ("appointment", detail.appointment.map(named_time)),
        ("wait_seconds", seconds(detail.wait)),
        ("talk_seconds", seconds(detail.talk)),
        ("hold_seconds", seconds(detail.hold)),
        ("wrapup_seconds", seconds(detail.wrapup)),
        ("topic", label(detail.topic)),
        (event.kind.verb.label_field().unwrap_or("word"), label(detail.label)),
        ("liable", label(detail.liable)),
        ("leg", label(detail.leg)),
        ("answer", detail.answer.map(|answer| json!(answer.get()))),
        ("state", detail.agent_state.map(|state| json!(state.name()))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
