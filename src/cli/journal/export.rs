//! `firstline journal export`: the records for people and for other programs, a line each; a batch has a line for each event.
//!
//! Customers and owners stay hashes in the journal and are left out here. A word whose text was not kept, such as a topic, is
//! written as its hash: `#4286f826`.

use crate::domain::events::batch::Batch;
use crate::domain::events::batch::BatchNames;
use crate::domain::events::event::{Event, EventType, Symbol};
use crate::domain::standard::EventSchema;
use crate::journal::{JournalReader, JournalRecord, SequenceNumber};
use crate::standard_file;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Prints the records from one until another.
///
/// # Errors
/// If a record is damaged; what came before it has been printed.
pub(super) fn export_records(
    reader: &JournalReader,
    from: SequenceNumber,
    to: SequenceNumber,
) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write_records(reader, from, to, &mut out) {
        // A reader that has seen enough, as `head` has, is no error.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) => {}
        exported => exported?,
    }
    Ok(ExitCode::SUCCESS)
}

/// How the events of a standard are called.
#[derive(Default)]
struct ExportedNames {
    types: BTreeMap<EventType, String>,
    dimensions: Vec<String>,
}

impl ExportedNames {
    /// The names of a standard's files; numbers do where they cannot be read any more.
    fn from_files(files: &[(String, String)]) -> ExportedNames {
        standard_file::parse_versions(files).map_or_else(
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
    let mut spoken = ExportedNames::default();
    if let Some(JournalRecord::Standard { files, .. }) = reader.standard_record()? {
        spoken = ExportedNames::from_files(&files);
    }
    // The standard in force at `from` was recorded before it: what lies there is read and not printed.
    for read in reader.records_after(SequenceNumber(first.0.saturating_sub(1))) {
        let (at, record) = read?;
        if at > to {
            break;
        }
        if let JournalRecord::Standard { files, .. } = &record {
            spoken = ExportedNames::from_files(files);
        }
        if at >= from {
            write_record(at, record, &spoken, out)?;
        }
    }
    Ok(out.flush()?)
}

fn write_record(
    at: SequenceNumber,
    record: JournalRecord,
    spoken: &ExportedNames,
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
            // Who said it, and what, is nobody's business here.
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
                writeln!(out, "{}", event_line(at, &batch, place, spoken))?;
            }
            return Ok(());
        }
    };
    Ok(writeln!(out, "{line}")?)
}

fn event_line(at: SequenceNumber, batch: &Batch, place: usize, spoken: &ExportedNames) -> Value {
    let event = &batch.events[place];
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| _ = line.insert(name.to_owned(), value);
    put("sequence", at.0.into());
    put("record", "event".into());
    put("type", spoken.event_type(event.kind).into());
    put("time", json!(event.time));
    put("case", format!("{:016x}", event.case.0).into());
    put("id", format!("{:016x}", event.id.0).into());
    if let Some((source, subject)) = batch.names.case_name(place) {
        put("source", source.into());
        put("subject", subject.into());
    }
    let values = batch.groups[event.group as usize].values().iter().enumerate();
    let said = values.filter_map(|(place, value)| {
        Some((spoken.dimension_name(place), Value::from(value.as_deref()?)))
    });
    put("attributes", Value::Object(said.collect()));
    put("data", Value::Object(event_data(event, &batch.names)));
    Value::Object(line)
}

/// What the event says beyond its attributes, by the names it has in events; nothing of customers and owners.
fn event_data(event: &Event, names: &BatchNames) -> Map<String, Value> {
    let detail = &event.detail;
    let word = |word: Option<Symbol>| {
        let word = word?;
        let text =
            names.symbol_texts().find(|(known, _)| *known == word).map(|(_, text)| text.to_owned());
        Some(Value::from(text.unwrap_or_else(|| format!("#{:08x}", word.to_number()))))
    };
    let seconds = |millis: Option<crate::domain::events::event::PackedMillis>| {
        Some(json!(millis?.get() as f64 / 1_000.0))
    };
    let said = [
        ("due", detail.due.map(|due| json!(due.get()))),
        ("appointment", detail.appointment.map(|appointment| json!(appointment.get()))),
        ("wait_seconds", seconds(detail.wait)),
        ("talk_seconds", seconds(detail.talk)),
        ("hold_seconds", seconds(detail.hold)),
        ("wrapup_seconds", seconds(detail.wrapup)),
        ("topic", word(detail.topic)),
        (event.kind.verb.label_field().unwrap_or("word"), word(detail.label)),
        ("liable", word(detail.liable)),
        ("answer", detail.answer.map(|answer| json!(answer.get()))),
        ("state", detail.agent_state.map(|state| json!(state.name()))),
    ];
    said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
