//! Layout of the board: the headline of all centers or one center, and its places, worst first.
//!
//! It also builds the subscription for these values. All functions are pure.

use super::latest_values::{LatestBoard, LatestReading, WatchScope};
use super::messages::{Language, Messages};
use super::number_format::{format_target, format_value};
use super::standard_info::{ServedIndicator, ServedStandard};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Indicators of the headline by default, if the standard has them.
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
/// Maximum number of displayed indicators for a standard with other names.
const INDICATORS_MAX: usize = 8;
/// Name prefixes of indicators too infrequent for a window of 30 minutes.
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

/// Options of the command line.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// Names of indicators. Empty for the default ones.
    pub indicators: Vec<String>,
    /// Window of all indicators. `None` for the default of each one.
    pub window: Option<String>,
    /// Language of the texts.
    pub language: Language,
}

/// Level of a reading, combined with the state of its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// On target.
    Met,
    /// The warning threshold is crossed, but not the target.
    Warning,
    /// The target is breached.
    Breached,
    /// Too few cases to judge.
    SmallSample,
    /// The sources are silent.
    Stale,
    /// No value or no target.
    Neutral,
}

/// One line of the headline.
#[derive(Clone, PartialEq, Debug)]
pub struct HeadlineRow {
    /// Title of the indicator.
    pub title: String,
    /// Name of the window.
    pub window: String,
    /// Formatted value.
    pub value: String,
    /// Formatted target. Empty without one.
    pub target: String,
    /// Level of the reading.
    pub verdict: Verdict,
    /// Notes on the quality of the value. Empty if it is reliable.
    pub note: String,
    /// True if the value is missing, outdated or known only in part.
    pub is_unsure: bool,
    /// Trend as bars.
    pub trend: String,
}

/// A center or a queue.
#[derive(Clone, PartialEq, Debug)]
pub struct PlaceSummary {
    /// Name of the center or queue.
    pub name: String,
    /// Number of breaches and of warnings.
    pub breach_counts: (usize, usize),
    /// Number of indicators on target.
    pub met: usize,
    /// True if a displayed value is missing, outdated or known only in part.
    pub is_unsure: bool,
    /// Breached indicators, then those with a warning, each with its value.
    pub breaches: Vec<(Verdict, String)>,
}

/// Display content of a board.
#[derive(Clone, PartialEq, Debug)]
pub struct BoardView {
    /// Title of the organization's standard.
    pub organization: String,
    /// Name of the displayed center, or "All centers".
    pub scope_title: String,
    /// Warnings about the board as a whole.
    pub warnings: Vec<String>,
    /// Rows of the headline.
    pub lines: Vec<HeadlineRow>,
    /// Caption above the places.
    pub caption: &'static str,
    /// Centers, or queues of a center, worst first.
    pub places: Vec<PlaceSummary>,
}

impl Verdict {
    /// Returns a sign that distinguishes the level without color.
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
        let Some(reading) = reading else { return Verdict::Neutral };
        match reading.level.as_str() {
            _ if reading.has_state("no_data") => Verdict::Neutral,
            _ if reading.has_state("stale") => Verdict::Stale,
            _ if reading.value.is_none() => Verdict::Neutral,
            _ if reading.has_state("small_sample") => Verdict::SmallSample,
            "met" => Verdict::Met,
            "warning" => Verdict::Warning,
            "breached" => Verdict::Breached,
            _ => Verdict::Neutral,
        }
    }
}

/// Returns the display content for all centers or for one center.
#[must_use]
pub fn board_view(
    board: &LatestBoard,
    standard: &ServedStandard,
    choice: &WatchOptions,
    center: Option<&str>,
) -> BoardView {
    let messages = choice.language.messages();
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
        if center.is_some() { ("queue", messages.queues) } else { ("center", messages.centers) };
    let mut places: Vec<PlaceSummary> = board
        .dimension_members(dimension, &scope)
        .into_iter()
        .map(|name| place_summary(board, dimension, name, &scope, &shown, choice))
        .collect();
    // The sort is stable, so equal places stay in alphabetical order.
    places.sort_by_key(|place| std::cmp::Reverse(place.breach_counts));
    let scope_title = center.unwrap_or(messages.all_centers).to_owned();
    let ended = board.head.iter().flat_map(|head| &head.calendars_ended);
    let warnings = ended.map(|ended| {
        let text = messages.calendar_ended.replacen("{}", &ended.calendar, 1);
        text.replacen("{}", &ended.last_day, 1)
    });
    BoardView {
        organization: standard.title(choice.language.name()).to_owned(),
        scope_title,
        warnings: warnings.collect(),
        lines,
        caption,
        places,
    }
}

/// Returns the displayed indicators in display order.
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
    let defaults = known(&mut DEFAULT_INDICATORS.into_iter());
    if defaults.len() >= 3 {
        return defaults;
    }
    let mut indicators: Vec<&ServedIndicator> = standard.indicators.iter().collect();
    indicators.sort_by_key(|indicator| indicator.target.is_none());
    indicators.truncate(INDICATORS_MAX);
    indicators
}

/// Returns the window in which an indicator is displayed.
#[must_use]
pub fn chosen_window(
    indicator: &ServedIndicator,
    standard: &ServedStandard,
    choice: &WatchOptions,
) -> String {
    let has = |name: &str| standard.windows.iter().any(|window| window == name);
    let is_infrequent = DAILY_PREFIXES.iter().any(|prefix| indicator.name.starts_with(prefix));
    match &choice.window {
        _ if indicator.is_about_now() => "now".to_owned(),
        Some(window) => window.clone(),
        None if is_infrequent && has("today") => "today".to_owned(),
        None if has("30m") => "30m".to_owned(),
        None => standard.windows.first().cloned().unwrap_or_default(),
    }
}

/// Returns the subscription for the displayed values as JSON of the live protocol.
#[must_use]
pub fn subscription_json(standard: &ServedStandard, choice: &WatchOptions) -> Value {
    let shown = chosen_indicators(standard, choice);
    let windows: BTreeSet<String> =
        shown.iter().map(|indicator| chosen_window(indicator, standard, choice)).collect();
    // Unknown names are sent too, because the service answers with similar names.
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
    let messages = choice.language.messages();
    let reading = board.get(&indicator.name, scope, window);
    let target = reading.map_or(indicator.target, |reading| reading.target);
    let shown = indicator.with_target(target);
    HeadlineRow {
        title: indicator.title(choice.language.name()).to_owned(),
        window: window.to_owned(),
        value: format_value(&shown, reading.and_then(|reading| reading.value), messages),
        target: format_target(indicator, target, messages),
        verdict: Verdict::from_reading(reading),
        note: reading.map_or(String::new(), |reading| state_note(reading, messages)),
        is_unsure: reading.is_some_and(|reading| {
            ["no_data", "stale", "partial"].into_iter().any(|state| reading.has_state(state))
        }),
        trend: board
            .trend(&indicator.name, scope, window)
            .map(super::sparkline::Sparkline::bars)
            .unwrap_or_default(),
    }
}

/// Describes the first state, and from when a partial window is known.
fn state_note(reading: &LatestReading, messages: &Messages) -> String {
    let states = [
        ("no_data", messages.never_received),
        ("stale", messages.stale),
        ("no_population", messages.no_population),
        ("no_traffic", messages.no_traffic),
        ("small_sample", messages.small_sample),
        ("provisional", messages.provisional),
    ];
    let first = states.into_iter().find(|(state, _)| reading.has_state(state));
    let first = first.map(|(_, text)| text.to_owned());
    let since = reading.since.as_deref().filter(|_| reading.has_state("partial"));
    let since = since.map(|since| messages.since.replace("{}", since));
    first.into_iter().chain(since).collect::<Vec<_>>().join(", ")
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
    let with_verdict = |verdict: Verdict| {
        let matching = lines.iter().filter(move |line| line.verdict == verdict);
        matching
            .map(move |line| (verdict, format!("{} {}", line.title, line.value)))
            .collect::<Vec<_>>()
    };
    let (breached, warning) = (with_verdict(Verdict::Breached), with_verdict(Verdict::Warning));
    PlaceSummary {
        name: name.to_owned(),
        breach_counts: (breached.len(), warning.len()),
        met: lines.iter().filter(|line| line.verdict == Verdict::Met).count(),
        is_unsure: lines.iter().any(|line| line.is_unsure),
        breaches: [breached, warning].concat(),
    }
}
