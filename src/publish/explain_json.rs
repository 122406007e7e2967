//! Explanations for people's programs, as `/v1/explain`, `/v1/cases` and `replay` write them; and what may be asked for.

use super::reading_filter::{self, unknown_name};
use crate::access::grant::GrantedView;
use crate::describe;
use crate::domain::cases::case_names::CaseName;
use crate::domain::explain::case_history::{
    CaseHistory, HistoryClock, HistoryEvent, HistoryFact, HistoryValue as Said, WorkInterruption,
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

/// The reading that is asked for by names. Without a window it is the first of the standard, or now.
///
/// # Errors
/// A sentence about the first name that the standard does not have.
pub fn resolve_explanation_request(
    standard: &Standard,
    indicator: &str,
    fixed: &[(String, String)],
    window: Option<&str>,
    limit: usize,
) -> Result<ExplanationRequest, String> {
    let place = reading_filter::resolve_indicator(indicator, standard)?;
    let now = standard.indicators[place].formula.is_current_state();
    let windows = || standard.windows.iter().map(Window::to_string);
    let window = match window {
        None | Some(Window::NOW) if now => None,
        Some(name) if now => {
            return Err(format!(
                "`{indicator}` is about now; leave the window `{}` out",
                truncate_for_message(name)
            ));
        }
        None => Some(0),
        // A window is known by its length, whatever it is called.
        Some(name) => {
            let same = Window::parse(name).map_or(name.to_owned(), |window| window.to_string());
            Some(
                windows()
                    .position(|known| known == same)
                    .ok_or_else(|| unknown_name("window", name, windows()))?,
            )
        }
    };
    Ok(ExplanationRequest {
        indicator: place,
        scope: resolve_scope(standard, fixed)?,
        window,
        limit: limit.min(LISTED_CASES_MAX),
    })
}

/// The scope with these values of dimensions.
pub(super) fn resolve_scope(
    standard: &Standard,
    fixed: &[(String, String)],
) -> Result<Scope, String> {
    let mut wanted: Vec<(usize, &str)> = Vec::new();
    for (name, value) in fixed {
        let place = reading_filter::resolve_dimension(name, standard)?;
        if wanted.iter().any(|(known, _)| *known == place) {
            return Err(format!(
                "`{}` is there twice; a scope has one value of each dimension",
                truncate_for_message(name)
            ));
        }
        wanted.push((place, value));
    }
    let value = |place: &usize| {
        wanted.iter().find(|(known, _)| known == place).map(|(_, value)| Box::from(*value))
    };
    for (kind, dimensions) in standard
        .scopes
        .iter()
        .enumerate()
        .filter(|(_, dimensions)| dimensions.len() == wanted.len())
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
    let (asked, known): (Vec<usize>, Vec<String>) = (
        wanted.iter().map(|(place, _)| *place).collect(),
        standard.scopes.iter().map(named).collect(),
    );
    Err(format!("the standard has no scope by {}; it has: {}", named(&asked), known.join(", ")))
}

/// The open cases that are asked for by names. Without a risk it is those overdue or due soon.
///
/// # Errors
/// A sentence about the first name that nobody knows.
pub fn resolve_open_case_request(
    standard: &Standard,
    risks: &[String],
    family: Option<&str>,
    commitment: Option<&str>,
    fixed: &[(String, String)],
    limit: usize,
) -> Result<OpenCaseQuery, String> {
    let mut wanted = OpenCaseQuery {
        risks: Vec::new(),
        family: None,
        commitment: None,
        conditions: Vec::new(),
        limit: limit.min(LISTED_CASES_MAX),
    };
    for name in risks {
        match DeadlineRisk::ALL.iter().find(|risk| risk.name() == name) {
            Some(risk) => wanted.risks.push(*risk),
            None if name == "all" => wanted.risks.extend(DeadlineRisk::ALL),
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
        wanted.risks = vec![DeadlineRisk::Overdue, DeadlineRisk::DueSoon];
    }
    if let Some(name) = commitment {
        let names = || standard.commitments.iter().map(|commitment| commitment.name.clone());
        wanted.commitment = Some(
            names()
                .position(|known| known == name)
                .ok_or_else(|| unknown_name("commitment", name, names()))?,
        );
    }
    if let Some(name) = family {
        let families = &standard.schema.families;
        let place = families.iter().position(|known| known == name);
        let place = place.ok_or_else(|| unknown_name("family", name, families.iter().cloned()))?;
        wanted.family = u8::try_from(place).ok().map(crate::domain::events::event::CaseFamily);
    }
    for (name, value) in fixed {
        let place = reading_filter::resolve_dimension(name, standard)?;
        match wanted.conditions.iter_mut().find(|(known, _)| *known == place) {
            Some((_, values)) => values.push(value.clone()),
            None => wanted.conditions.push((place, vec![value.clone()])),
        }
    }
    Ok(wanted)
}

/// The same, but only of cases that the view shows.
#[must_use]
pub fn restrict_open_case_request(
    mut wanted: OpenCaseQuery,
    view: &GrantedView,
    standard: &Standard,
) -> OpenCaseQuery {
    for (name, seen) in &view.0 {
        // A dimension that the standard does not have has no value to be seen.
        let place = reading_filter::resolve_dimension(name, standard).ok();
        let values: Vec<String> = seen.iter().filter(|_| place.is_some()).cloned().collect();
        match wanted.conditions.iter_mut().find(|(known, _)| Some(*known) == place) {
            Some((_, asked)) => asked.retain(|value| values.contains(value)),
            None => wanted.conditions.push((place.unwrap_or_default(), values)),
        }
    }
    wanted
}

/// The same without what a view of a part hides beside the scope itself: cases of which nobody said whose they are, and the
/// names of contacts that repeated one, which may have come in elsewhere.
#[must_use]
pub fn redact_explanation(mut explained: Explanation, view: &GrantedView) -> Explanation {
    if view.is_unrestricted() {
        return explained;
    }
    let Explanation { good, of, excluded: left_out, .. } = &mut explained;
    left_out.retain(|left_out| !matches!(left_out.reason, ExclusionReason::NoDimension(_)));
    let sides = good.iter_mut().chain([of]).flat_map(|side| &mut side.cases);
    for example in sides.chain(left_out.iter_mut().flat_map(|left_out| &mut left_out.cases)) {
        if let Some((by, _)) = &mut example.repeated_by {
            *by = None;
        }
    }
    explained
}

/// Whether a case with this history may be seen.
#[must_use]
pub fn is_history_visible(view: &GrantedView, history: &CaseHistory) -> bool {
    view.is_visible(|| {
        history.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    })
}

/// A reading with the cases behind it.
#[must_use]
pub fn explanation_json(explained: &Explanation) -> Value {
    let Explanation { board, request: asked, begin, good, of, excluded: left_out } = explained;
    let standard = &*board.standard;
    let indicator = &standard.indicators[asked.indicator];
    let dimensions = standard.scopes[asked.scope.kind].iter().zip(&asked.scope.values);
    let scope: Map<String, Value> = dimensions
        .map(|(place, value)| (standard.schema.dimensions[*place].clone(), Value::from(&**value)))
        .collect();
    let window =
        asked.window.map_or(Window::NOW.to_owned(), |window| standard.windows[window].to_string());
    let reading = explained
        .reading()
        .and_then(|reading| serde_json::to_value(board.reading_json(reading)).ok());
    let left_out: Vec<Value> = left_out
        .iter()
        .map(|ExcludedCases { reason, label: word, count, cases }| {
            json!({
                "reason": describe::describe_reason(standard, indicator, *reason, word.as_deref()),
                "count": count,
                "cases": examples_json(standard, cases),
                "more": count - cases.len() as i64,
            })
        })
        .collect();
    json!({
        "indicator": indicator.name,
        "title": indicator.title,
        "formula": describe::describe_indicator(standard, indicator),
        "unit": indicator.unit(),
        "scope": scope,
        "window": { "name": window, "begin": begin, "end": board.as_of },
        "as_of": board.as_of,
        "reading": reading,
        "good": good.as_ref().map(|good| side_json(standard, good)),
        "of": side_json(standard, of),
        "left_out": left_out,
    })
}

fn side_json(standard: &Standard, side: &FormulaSide) -> Value {
    let tally = |(tally, count): &(crate::domain::standard::FactTally, i64)| json!({ "fact": standard.kinds.name(tally.kind), "words": describe::describe_tallies(standard, std::slice::from_ref(tally)), "count": count });
    json!({
        "count": side.count,
        "parts": side.tallies.iter().map(tally).collect::<Vec<_>>(),
        "cases": examples_json(standard, &side.cases),
        "more": side.unlisted_count(),
        "not_remembered": side.forgotten_count(),
    })
}

fn examples_json(standard: &Standard, cases: &[FactExample]) -> Vec<Value> {
    let example = |one: &FactExample| {
        let duration = standard.kinds.fact_measure(one.kind) == FactMeasure::Duration;
        let mut written = Map::new();
        insert_case_name(one.name.as_ref(), &mut written);
        written.insert("fact".to_owned(), standard.kinds.name(one.kind).into());
        written.insert("time".to_owned(), json!(one.time));
        written.insert(
            "value".to_owned(),
            if duration { json!(one.value.map(to_seconds)) } else { json!(one.value) },
        );
        if let Some((by, time)) = &one.repeated_by {
            let mut repeated = Map::new();
            insert_case_name(by.as_ref(), &mut repeated);
            repeated.insert("time".to_owned(), json!(time));
            written.insert("repeated_by".to_owned(), repeated.into());
        }
        Value::Object(written)
    };
    cases.iter().map(example).collect()
}

fn insert_case_name(name: Option<&CaseName>, written: &mut Map<String, Value>) {
    written.insert("source".to_owned(), json!(name.map(|name| &name.source)));
    written.insert("subject".to_owned(), json!(name.map(|name| &name.subject)));
}

fn to_seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

/// One case with its history.
#[must_use]
pub fn history_json(history: &CaseHistory) -> Value {
    let standard = &*history.standard;
    let said = |value: &Said| match value {
        Said::Text(text) => json!(text),
        Said::Number(number) => json!(number),
        Said::Duration(millis) => json!(to_seconds(*millis)),
        Said::Time(time) => json!(time),
    };
    let event = |HistoryEvent { time, kind, fields }: &HistoryEvent| {
        let fields: Map<String, Value> =
            fields.iter().map(|(name, value)| (name.clone(), said(value))).collect();
        json!({ "time": time, "type": kind, "said": fields })
    };
    let fact =
        |HistoryFact { name, time, value, label: word, is_current: stands }: &HistoryFact| {
            let words =
                standard.kinds.find_kind(name).map(|kind| describe::describe_fact(standard, kind));
            json!({ "fact": name, "words": words, "time": time, "value": value.as_ref().map(said), "word": word, "stands": stands })
        };
    let mut written = Map::new();
    insert_case_name(history.name.as_ref(), &mut written);
    written.insert("as_of".to_owned(), json!(history.as_of));
    written.insert("open".to_owned(), history.open.into());
    written.insert("attributes".to_owned(), attributes_json(&history.attributes));
    written.insert("events".to_owned(), history.events.iter().map(event).collect());
    written.insert("facts".to_owned(), history.facts.iter().map(fact).collect());
    written.insert(
        "commitments".to_owned(),
        history.clocks.iter().map(|one| clock_json(standard, one)).collect(),
    );
    Value::Object(written)
}

fn clock_json(standard: &Standard, clock: &HistoryClock) -> Value {
    let told = &clock.report;
    let stands = if let ClockState::Stopped(since) = told.state { Some(since) } else { None };
    let void_by = if let ClockState::Void(kind) = told.state {
        Some(standard.kinds.name(kind))
    } else {
        None
    };
    let stop = |stop: &WorkInterruption| {
        json!({
            "begin": stop.begin,
            "end": stop.end,
            "closed": stop.closed,
            "reason": stop.reason,
            "liable": stop.liable,
            "does": pause_effect(stop),
        })
    };
    json!({
        "commitment": standard.commitments.get(told.commitment).map(|commitment| &commitment.name),
        "course": told.state.name(),
        "from": told.from,
        "until": told.until,
        "deadline": told.deadline,
        "stands_since": stands,
        "void_by": void_by,
        "liable": clock.liable,
        "allowed_seconds": told.allowed_ms.map(to_seconds),
        "used_seconds": to_seconds(told.used_ms),
        "gross_seconds": to_seconds(told.gross_ms),
        "net_seconds": to_seconds(told.net_ms),
        "pauses": clock.stops.iter().map(stop).collect::<Vec<_>>(),
        "warned": clock.warned,
    })
}

/// What a pause does to a clock: `excused`, `counted` or `ignored`.
#[must_use]
pub fn pause_effect(stop: &WorkInterruption) -> &'static str {
    match stop.effect {
        crate::domain::facts::commitment_clock::PauseEffect::Excused => "excused",
        crate::domain::facts::commitment_clock::PauseEffect::Counted => "counted",
        crate::domain::facts::commitment_clock::PauseEffect::Ignored => "ignored",
    }
}

/// Open cases, those with the least time left first.
#[must_use]
pub fn open_cases_json(open: &OpenCases) -> Value {
    let standard = &*open.standard;
    let case = |case: &OpenCase| {
        let mut written = Map::new();
        insert_case_name(case.name.as_ref(), &mut written);
        let commitment = &standard.commitments[case.commitment];
        let rest: [(&str, Value); 10] = [
            ("family", json!(standard.schema.families.get(usize::from(commitment.family.0)))),
            ("commitment", json!(commitment.name)),
            ("risk", json!(case.risk.name())),
            ("since", json!(case.started_at)),
            ("stands_since", json!(case.stopped_since)),
            ("deadline", json!(case.deadline)),
            ("left_seconds", json!(case.left_ms.map(to_seconds))),
            ("used", json!(case.used_share.map(|used| (used * 1e4).round() / 1e4))),
            ("attributes", attributes_json(&case.attributes)),
            ("warned", json!(case.warnings)),
        ];
        written.extend(rest.map(|(key, value)| (key.to_owned(), value)));
        Value::Object(written)
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
