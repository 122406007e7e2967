//! Explanations as JSON for `/v1/explain`, `/v1/cases` and `replay`, and resolution of requests.

use super::reading_filter::{self, unknown_name};
use crate::access::grant::GrantedView;
use crate::describe;
use crate::domain::cases::case_names::CaseName;
use crate::domain::explain::case_history::{
    CaseHistory, HistoryClock, HistoryEvent, HistoryFact, HistoryLeg, HistoryValue,
    WorkInterruption,
};
use crate::domain::explain::explanation::{
    ExcludedCases, ExclusionReason, Explanation, ExplanationRequest, FactExample, FormulaSide,
    LISTED_CASES_MAX,
};
use crate::domain::explain::open_cases::{DeadlineRisk, OpenCase, OpenCaseQuery, OpenCases};
use crate::domain::facts::catalog::FactMeasure;
use crate::domain::facts::commitment_clock::ClockState;
use crate::domain::standard::Standard;
use crate::domain::standard::scope::Scope;
use crate::domain::time::timestamp::truncate_for_message;
use crate::domain::time::window::Window;
use serde_json::{Map, Value, json};

/// Resolves a request to explain a reading. The default window is the first of the standard, or now
/// for a current-state indicator.
///
/// # Errors
/// Names the first entry that the standard does not have.
pub fn resolve_explanation_request(
    standard: &Standard,
    indicator: &str,
    fixed: &[(String, String)],
    window: Option<&str>,
    limit: usize,
) -> Result<ExplanationRequest, String> {
    let place = reading_filter::resolve_indicator(indicator, standard)?;
    let is_current_state = standard.indicators[place].formula.is_current_state();
    let windows = || standard.windows.iter().map(Window::to_string);
    let window = match window {
        None | Some(Window::NOW) if is_current_state => None,
        Some(name) if is_current_state => {
            return Err(format!(
                "`{indicator}` is a current value without windows; remove the window `{}`",
                truncate_for_message(name)
            ));
        }
        None => {
            let mut windows = 0..standard.windows.len();
            windows.find(|window| standard.has_readings_over(place, *window))
        }
        // Windows are compared by length, because the same length has several spellings.
        Some(name) => {
            let canonical =
                Window::parse(name).map_or(name.to_owned(), |window| window.to_string());
            Some(
                windows()
                    .position(|known| known == canonical)
                    .ok_or_else(|| unknown_name("window", name, windows()))?,
            )
        }
    };
    let scope = resolve_scope(standard, fixed)?;
    reading_filter::check_coverage(standard, place, scope.kind, window)?;
    Ok(ExplanationRequest { indicator: place, scope, window, limit: limit.min(LISTED_CASES_MAX) })
}

/// Resolves the scope with these values of dimensions.
pub(super) fn resolve_scope(
    standard: &Standard,
    fixed: &[(String, String)],
) -> Result<Scope, String> {
    let mut conditions: Vec<(usize, &str)> = Vec::new();
    for (name, value) in fixed {
        let place = reading_filter::resolve_dimension(name, standard)?;
        if conditions.iter().any(|(known, _)| *known == place) {
            return Err(format!(
                "`{}` is given twice; a scope has one value of each dimension",
                truncate_for_message(name)
            ));
        }
        conditions.push((place, value));
    }
    let value = |place: &usize| {
        conditions.iter().find(|(known, _)| known == place).map(|(_, value)| Box::from(*value))
    };
    for (kind, dimensions) in standard
        .scopes
        .iter()
        .enumerate()
        .filter(|(_, dimensions)| dimensions.len() == conditions.len())
    {
        if let Some(values) = dimensions.iter().map(value).collect() {
            return Ok(Scope { kind, values });
        }
    }
    let named = |dimensions: &Vec<usize>| match dimensions[..] {
        [] => "everything".to_owned(),
        _ => dimensions
            .iter()
            .map(|place| standard.schema.dimensions[*place].as_str())
            .collect::<Vec<_>>()
            .join("+"),
    };
    let (requested, known): (Vec<usize>, Vec<String>) = (
        conditions.iter().map(|(place, _)| *place).collect(),
        standard.scopes.iter().map(named).collect(),
    );
    Err(format!("the standard has no scope by {}; it has: {}", named(&requested), known.join(", ")))
}

/// Resolves a request for open cases. The default risks are overdue and due soon.
///
/// # Errors
/// Names the first unknown entry.
pub fn resolve_open_case_request(
    standard: &Standard,
    risks: &[String],
    family: Option<&str>,
    commitment: Option<&str>,
    fixed: &[(String, String)],
    limit: usize,
) -> Result<OpenCaseQuery, String> {
    let mut query = OpenCaseQuery {
        risks: Vec::new(),
        family: None,
        commitment: None,
        conditions: Vec::new(),
        limit: limit.min(LISTED_CASES_MAX),
    };
    for name in risks {
        match DeadlineRisk::ALL.iter().find(|risk| risk.name() == name) {
            Some(risk) => query.risks.push(*risk),
            None if name == "all" => query.risks.extend(DeadlineRisk::ALL),
            None => {
                return Err(unknown_name(
                    "risk",
                    name,
                    DeadlineRisk::ALL
                        .iter()
                        .map(|risk| risk.name().to_owned())
                        .chain(["all".to_owned()]),
                ));
            }
        }
    }
    if risks.is_empty() {
        query.risks = vec![DeadlineRisk::Overdue, DeadlineRisk::DueSoon];
    }
    if let Some(name) = commitment {
        let names = || standard.commitments.iter().map(|commitment| commitment.name.clone());
        query.commitment = Some(
            names()
                .position(|known| known == name)
                .ok_or_else(|| unknown_name("commitment", name, names()))?,
        );
    }
    if let Some(name) = family {
        let families = &standard.schema.families;
        let place = families.iter().position(|known| known == name);
        let place = place.ok_or_else(|| unknown_name("family", name, families.iter().cloned()))?;
        query.family = u8::try_from(place).ok().map(crate::domain::events::event::CaseFamily);
    }
    for (name, value) in fixed {
        let place = reading_filter::resolve_dimension(name, standard)?;
        match query.conditions.iter_mut().find(|(known, _)| *known == place) {
            Some((_, values)) => values.push(value.clone()),
            None => query.conditions.push((place, vec![value.clone()])),
        }
    }
    Ok(query)
}

/// Restricts a request for open cases to the cases that the view shows.
#[must_use]
pub fn restrict_open_case_request(
    mut query: OpenCaseQuery,
    view: &GrantedView,
    standard: &Standard,
) -> OpenCaseQuery {
    for (name, visible) in &view.0 {
        // A dimension that the standard does not have has no visible values.
        let place = reading_filter::resolve_dimension(name, standard).ok();
        let values: Vec<String> = visible.iter().filter(|_| place.is_some()).cloned().collect();
        match query.conditions.iter_mut().find(|(known, _)| Some(*known) == place) {
            Some((_, requested)) => requested.retain(|value| values.contains(value)),
            None => query.conditions.push((place.unwrap_or_default(), values)),
        }
    }
    query
}

/// Removes details that a restricted view must not show besides the scope itself: cases without a
/// dimension value, and the names of repeated contacts, which may belong to another scope.
#[must_use]
pub fn redact_explanation(mut explanation: Explanation, view: &GrantedView) -> Explanation {
    if view.is_unrestricted() {
        return explanation;
    }
    let Explanation { good, of, excluded, .. } = &mut explanation;
    excluded.retain(|group| !matches!(group.reason, ExclusionReason::NoDimension(_)));
    let sides = good.iter_mut().chain([of]).flat_map(|side| &mut side.cases);
    for example in sides.chain(excluded.iter_mut().flat_map(|group| &mut group.cases)) {
        if let Some((by, _)) = &mut example.repeated_by {
            *by = None;
        }
    }
    explanation
}

/// Returns true if a case with this history is visible in the view.
#[must_use]
pub fn is_history_visible(view: &GrantedView, history: &CaseHistory) -> bool {
    view.is_visible(|| {
        history.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    })
}

/// Formats a reading and the cases behind it as JSON.
#[must_use]
pub fn explanation_json(explanation: &Explanation) -> Value {
    let Explanation { board, request, begin, good, of, excluded } = explanation;
    let standard = &*board.standard;
    let indicator = &standard.indicators[request.indicator];
    let dimensions = standard.scopes[request.scope.kind].iter().zip(&request.scope.values);
    let scope: Map<String, Value> = dimensions
        .map(|(place, value)| (standard.schema.dimensions[*place].clone(), Value::from(&**value)))
        .collect();
    let window = request
        .window
        .map_or(Window::NOW.to_owned(), |window| standard.windows[window].to_string());
    let reading = explanation
        .reading()
        .and_then(|reading| serde_json::to_value(board.reading_json(reading)).ok());
    let left_out: Vec<Value> = excluded
        .iter()
        .map(|ExcludedCases { reason, label, count, cases }| {
            json!({
                "reason": describe::describe_reason(standard, indicator, *reason, label.as_deref()),
                "count": count,
                "cases": examples_json(standard, cases),
                "more": count - cases.len() as i64,
            })
        })
        .collect();
    json!({
        "indicator": indicator.name, "title": indicator.title,
        "formula": describe::describe_indicator(standard, indicator),
        "unit": indicator.unit(), "scope": scope,
        "window": { "name": window, "begin": begin, "end": board.as_of },
        "as_of": board.as_of,
        "reading": reading,
        "good": good.as_ref().map(|good| side_json(standard, good)),
        "of": side_json(standard, of),
        "left_out": left_out,
    })
}

fn side_json(standard: &Standard, side: &FormulaSide) -> Value {
    let tally = |(tally, count): &(crate::domain::standard::FactTally, i64)| {
        let words = describe::describe_tallies(standard, std::slice::from_ref(tally));
        json!({ "fact": standard.kinds.name(tally.kind), "words": words, "count": count })
    };
    json!({
        "count": side.count,
        "parts": side.tallies.iter().map(tally).collect::<Vec<_>>(),
        "cases": examples_json(standard, &side.cases),
        "more": side.unlisted_count(), "not_remembered": side.forgotten_count(),
    })
}

fn examples_json(standard: &Standard, cases: &[FactExample]) -> Vec<Value> {
    let format_example = |example: &FactExample| {
        // A share of time lists active states with their time.
        let duration = standard.kinds.fact_measure(example.kind) != FactMeasure::Answer;
        let mut object = Map::new();
        insert_case_name(example.name.as_ref(), &mut object);
        object.insert("fact".to_owned(), standard.kinds.name(example.kind).into());
        object.insert("time".to_owned(), json!(example.time));
        object.insert(
            "value".to_owned(),
            if duration { json!(example.value.map(to_seconds)) } else { json!(example.value) },
        );
        if let Some((by, time)) = &example.repeated_by {
            let mut repeated = Map::new();
            insert_case_name(by.as_ref(), &mut repeated);
            repeated.insert("time".to_owned(), json!(time));
            object.insert("repeated_by".to_owned(), repeated.into());
        }
        if let Some((kind, time)) = &example.invalidated_by {
            let (fact, words) =
                (standard.kinds.name(*kind), describe::describe_fact(standard, *kind));
            let invalidating = json!({ "fact": fact, "words": words, "time": time });
            object.insert("invalidated_by".to_owned(), invalidating);
        }
        Value::Object(object)
    };
    cases.iter().map(format_example).collect()
}

fn insert_case_name(name: Option<&CaseName>, object: &mut Map<String, Value>) {
    object.insert("source".to_owned(), json!(name.map(|name| &name.source)));
    object.insert("subject".to_owned(), json!(name.map(|name| &name.subject)));
}

fn to_seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

/// Formats a case with its history as JSON.
#[must_use]
pub fn history_json(history: &CaseHistory) -> Value {
    let standard = &*history.standard;
    let format_value = |value: &HistoryValue| match value {
        HistoryValue::Text(text) => json!(text),
        HistoryValue::Number(number) => json!(number),
        HistoryValue::Duration(millis) => json!(to_seconds(*millis)),
        HistoryValue::Time(time) => json!(time),
    };
    let event = |HistoryEvent { time, kind, fields }: &HistoryEvent| {
        let fields: Map<String, Value> =
            fields.iter().map(|(name, value)| (name.clone(), format_value(value))).collect();
        json!({ "time": time, "type": kind, "said": fields })
    };
    let fact = |HistoryFact { name, time, value, label, is_current }: &HistoryFact| {
        let kind = standard.kinds.find_kind(name);
        let words = kind.map(|kind| describe::describe_fact(standard, kind));
        let value = value.as_ref().map(format_value);
        json!({
            "fact": name, "words": words, "time": time, "value": value, "word": label,
            "stands": is_current,
        })
    };
    let mut object = Map::new();
    insert_case_name(history.name.as_ref(), &mut object);
    object.insert("cases_of_subject".to_owned(), history.cases_of_subject.into());
    object.insert("as_of".to_owned(), json!(history.as_of));
    object.insert("open".to_owned(), history.open.into());
    object.insert("attributes".to_owned(), attributes_json(&history.attributes));
    object.insert("events".to_owned(), history.events.iter().map(event).collect());
    object.insert("facts".to_owned(), history.facts.iter().map(fact).collect());
    let leg = |leg: &HistoryLeg| {
        let facts: Vec<Value> = leg.facts.iter().map(fact).collect();
        json!({ "attributes": attributes_json(&leg.attributes), "facts": facts })
    };
    object.insert("legs".to_owned(), history.legs.iter().map(leg).collect());
    object.insert(
        "commitments".to_owned(),
        history.clocks.iter().map(|clock| clock_json(standard, clock)).collect(),
    );
    Value::Object(object)
}

fn clock_json(standard: &Standard, clock: &HistoryClock) -> Value {
    let report = &clock.report;
    let stopped_since =
        if let ClockState::Stopped(since) = report.state { Some(since) } else { None };
    let void_by = if let ClockState::Void(kind) = report.state {
        Some(standard.kinds.name(kind))
    } else {
        None
    };
    let stop = |stop: &WorkInterruption| {
        json!({
            "begin": stop.begin, "end": stop.end, "closed": stop.closed,
            "reason": stop.reason, "liable": stop.liable,
            "does": pause_effect(stop),
        })
    };
    json!({
        "commitment": standard.commitments.get(report.commitment).map(|known| &known.name),
        "course": report.state.name(),
        "from": report.from, "until": report.until, "deadline": report.deadline,
        "stands_since": stopped_since,
        "void_by": void_by,
        "liable": clock.liable,
        "unreadable": report.unreadable,
        "allowed_seconds": report.allowed_ms.map(to_seconds),
        "used_seconds": to_seconds(report.used_ms),
        "gross_seconds": to_seconds(report.gross_ms), "net_seconds": to_seconds(report.net_ms),
        "pauses": clock.stops.iter().map(stop).collect::<Vec<_>>(),
        "warned": clock.warned,
    })
}

/// Returns the effect of a pause on a clock: `excused`, `counted` or `ignored`.
#[must_use]
pub fn pause_effect(stop: &WorkInterruption) -> &'static str {
    match stop.effect {
        crate::domain::facts::commitment_clock::PauseEffect::Excused => "excused",
        crate::domain::facts::commitment_clock::PauseEffect::Counted => "counted",
        crate::domain::facts::commitment_clock::PauseEffect::Ignored => "ignored",
    }
}

/// Formats open cases as JSON, those with the least time left first.
#[must_use]
pub fn open_cases_json(open: &OpenCases) -> Value {
    let standard = &*open.standard;
    let case = |case: &OpenCase| {
        let mut object = Map::new();
        insert_case_name(case.name.as_ref(), &mut object);
        let commitment = &standard.commitments[case.commitment];
        let fields: [(&str, Value); 12] = [
            ("family", json!(standard.schema.families.get(usize::from(commitment.family.0)))),
            ("commitment", json!(commitment.name)),
            ("risk", json!(case.risk.name())),
            ("since", json!(case.started_at)),
            ("stands_since", json!(case.stopped_since)),
            ("deadline", json!(case.deadline)),
            ("left_seconds", json!(case.left_ms.map(to_seconds))),
            ("counting", json!(case.is_counting)),
            ("used", json!(case.used_share.map(|used| (used * 1e4).round() / 1e4))),
            ("attributes", attributes_json(&case.attributes)),
            ("warned", json!(case.warnings)),
            ("unreadable", json!(case.unreadable)),
        ];
        object.extend(fields.map(|(key, value)| (key.to_owned(), value)));
        Value::Object(object)
    };
    json!({
        "as_of": open.as_of,
        "count": open.count,
        "more": open.count - open.cases.len(),
        "cases": open.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

fn attributes_json(attributes: &[(String, String)]) -> Value {
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<Map<_, _>>()
        .into()
}
