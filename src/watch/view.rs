//! What stands where: the headline of everything or of one center, and its places, those in trouble first; and what must be asked
//! for to know it. Pure.

use super::latest_values::{LatestBoard, LatestReading, WatchScope};
use super::messages::{Language, Messages};
use super::number_format::{format_target, format_value};
use super::standard_info::{ServedIndicator, ServedStandard};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the headline shows where the standard knows it and nothing was chosen.
const DEFAULT_INDICATORS: [&str; 9] = [
    "answer_rate",
    "service_level_20s",
    "abandonment_rate",
    "calls_waiting",
    "longest_wait_now",
    "hall_called_in_time",
    "repair_timeliness_due",
    "repairs_overdue",
    "one_shot_resolution",
];
/// How many indicators of a standard with other names are shown.
const INDICATORS_MAX: usize = 8;
/// What happens too seldom for half an hour, by the beginning of its name.
const DAILY_PREFIXES: [&str; 9] = [
    "repair",
    "install",
    "move",
    "complaint",
    "reopen",
    "one_shot",
    "satisfaction",
    "time_to_restore",
    "survey",
];

/// What was chosen on the command line.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// Names of indicators; the usual ones if empty.
    pub indicators: Vec<String>,
    /// The window of all; the usual one of each if absent.
    pub window: Option<String>,
    /// The language.
    pub language: Language,
}

/// How a reading stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The target is met.
    Met,
    /// It is met, but barely.
    Warning,
    /// It is not met.
    Breached,
    /// Too few cases to judge.
    SmallSample,
    /// The sources are silent.
    Stale,
    /// There is nothing to judge, or no target.
    Neutral,
}

/// One line of the headline.
#[derive(Clone, PartialEq, Debug)]
pub struct HeadlineRow {
    /// The indicator's title.
    pub title: String,
    /// The name of the window.
    pub window: String,
    /// Its value.
    pub value: String,
    /// Its target; empty without one.
    pub target: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Why the value should not be trusted as it is; empty if it can be.
    pub note: &'static str,
    /// How it went.
    pub trend: String,
}

/// A center or a queue.
#[derive(Clone, PartialEq, Debug)]
pub struct PlaceSummary {
    /// Its name.
    pub name: String,
    /// How many targets it misses, and how many it is near to.
    pub breach_counts: (usize, usize),
    /// What it misses or is near to, the worst first.
    pub breaches: Vec<(Verdict, String)>,
}

/// All that is shown of a board.
#[derive(Clone, PartialEq, Debug)]
pub struct BoardView {
    /// The title of the organisation's standard.
    pub organization: String,
    /// Whose headline it is.
    pub scope_title: String,
    /// The headline.
    pub lines: Vec<HeadlineRow>,
    /// What the places are.
    pub caption: &'static str,
    /// The places, those in trouble first.
    pub places: Vec<PlaceSummary>,
}

impl Verdict {
    /// A sign that tells it apart without colour.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Verdict::Met => "✓",
            Verdict::Warning => "▲",
            Verdict::Breached => "✕",
            Verdict::SmallSample => "○",
            Verdict::Stale => "◇",
            Verdict::Neutral => " ",
        }
    }

    fn from_reading(reading: Option<&LatestReading>) -> Verdict {
        match reading.map(|reading| (reading.state.as_str(), reading.level.as_str(), reading.value))
        {
            Some(("stale", ..)) => Verdict::Stale,
            None | Some(("no_traffic" | "no_population", ..) | (_, _, None)) => Verdict::Neutral,
            Some(("small_sample", ..)) => Verdict::SmallSample,
            Some((_, "met", _)) => Verdict::Met,
            Some((_, "warning", _)) => Verdict::Warning,
            Some((_, "breached", _)) => Verdict::Breached,
            Some(_) => Verdict::Neutral,
        }
    }
}

/// What is shown of a board for all, or for one center.
#[must_use]
pub fn board_view(
    board: &LatestBoard,
    standard: &ServedStandard,
    choice: &WatchOptions,
    center: Option<&str>,
) -> BoardView {
    let words = choice.language.messages();
    let scope: WatchScope =
        center.map(|center| ("center".to_owned(), center.to_owned())).into_iter().collect();
    let shown: Vec<(&ServedIndicator, String)> = chosen_indicators(standard, choice)
        .into_iter()
        .map(|indicator| (indicator, chosen_window(indicator, standard, choice)))
        .collect();
    let lines = shown
        .iter()
        .map(|(indicator, window)| headline_row(board, indicator, &scope, window, choice))
        .collect();
    let (dimension, caption) =
        if center.is_some() { ("queue", words.queues) } else { ("center", words.centers) };
    let mut places: Vec<PlaceSummary> = board
        .dimension_members(dimension, &scope)
        .into_iter()
        .map(|name| place_summary(board, dimension, name, &scope, &shown, choice))
        .collect();
    // Names come in their order, which stays among equals.
    places.sort_by_key(|place| std::cmp::Reverse(place.breach_counts));
    let whose = center.unwrap_or(words.all_centers).to_owned();
    BoardView {
        organization: standard.title(choice.language.name()).to_owned(),
        scope_title: whose,
        lines,
        caption,
        places,
    }
}

/// The indicators that are shown, in their order.
#[must_use]
pub fn chosen_indicators<'s>(
    standard: &'s ServedStandard,
    choice: &WatchOptions,
) -> Vec<&'s ServedIndicator> {
    let known = |names: &mut dyn Iterator<Item = &str>| {
        names.filter_map(|name| standard.indicator(name)).collect::<Vec<_>>()
    };
    if !choice.indicators.is_empty() {
        return known(&mut choice.indicators.iter().map(String::as_str));
    }
    let usual = known(&mut DEFAULT_INDICATORS.into_iter());
    if usual.len() >= 3 {
        return usual;
    }
    let mut own: Vec<&ServedIndicator> = standard.indicators.iter().collect();
    own.sort_by_key(|indicator| indicator.target.is_none());
    own.truncate(INDICATORS_MAX);
    own
}

/// The window in which an indicator is shown.
#[must_use]
pub fn chosen_window(
    indicator: &ServedIndicator,
    standard: &ServedStandard,
    choice: &WatchOptions,
) -> String {
    let has = |name: &str| standard.windows.iter().any(|window| window == name);
    let seldom = DAILY_PREFIXES.iter().any(|begin| indicator.name.starts_with(begin));
    match &choice.window {
        _ if indicator.is_about_now() => "now".to_owned(),
        Some(window) => window.clone(),
        None if seldom && has("today") => "today".to_owned(),
        None if has("30m") => "30m".to_owned(),
        None => standard.windows.first().cloned().unwrap_or_default(),
    }
}

/// What is wanted of the live board to show this, as the live protocol says it.
#[must_use]
pub fn subscription_json(standard: &ServedStandard, choice: &WatchOptions) -> Value {
    let shown = chosen_indicators(standard, choice);
    let windows: BTreeSet<String> =
        shown.iter().map(|indicator| chosen_window(indicator, standard, choice)).collect();
    // Names that the standard does not know are the service's to refuse: it says which come near.
    let names: Vec<&str> = match choice.indicators.is_empty() {
        true => shown.iter().map(|indicator| indicator.name.as_str()).collect(),
        false => choice.indicators.iter().map(String::as_str).collect(),
    };
    json!({ "indicators": names, "windows": windows })
}

fn headline_row(
    board: &LatestBoard,
    indicator: &ServedIndicator,
    scope: &WatchScope,
    window: &str,
    choice: &WatchOptions,
) -> HeadlineRow {
    let words = choice.language.messages();
    let reading = board.get(&indicator.name, scope, window);
    let aim = reading.map_or(indicator.target, |reading| reading.target);
    let shown = indicator.with_target(aim);
    HeadlineRow {
        title: indicator.title(choice.language.name()).to_owned(),
        window: window.to_owned(),
        value: format_value(&shown, reading.and_then(|reading| reading.value), words),
        target: format_target(indicator, aim, words),
        verdict: Verdict::from_reading(reading),
        note: reading.map_or("", |reading| state_note(&reading.state, words)),
        trend: board
            .trend(&indicator.name, scope, window)
            .map(super::sparkline::Sparkline::bars)
            .unwrap_or_default(),
    }
}

fn state_note(state: &str, words: &Messages) -> &'static str {
    match state {
        "stale" => words.stale,
        "no_traffic" => words.no_traffic,
        "small_sample" => words.small_sample,
        "provisional" => words.provisional,
        "no_population" => words.no_population,
        _ => "",
    }
}

fn place_summary(
    board: &LatestBoard,
    dimension: &str,
    name: &str,
    within: &WatchScope,
    shown: &[(&ServedIndicator, String)],
    choice: &WatchOptions,
) -> PlaceSummary {
    let mut scope = within.clone();
    scope.insert(dimension.to_owned(), name.to_owned());
    let line = |(indicator, window): &(&ServedIndicator, String)| {
        headline_row(board, indicator, &scope, window, choice)
    };
    let lines: Vec<HeadlineRow> = shown.iter().map(line).collect();
    let of = |verdict: Verdict| {
        let those = lines.iter().filter(move |line| line.verdict == verdict);
        those
            .map(move |line| (verdict, format!("{} {}", line.title, line.value)))
            .collect::<Vec<_>>()
    };
    let (missed, near) = (of(Verdict::Breached), of(Verdict::Warning));
    PlaceSummary {
        name: name.to_owned(),
        breach_counts: (missed.len(), near.len()),
        breaches: [missed, near].concat(),
    }
}
