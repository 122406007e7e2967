//! What stands where: the headline of everything or of one center, and its places, those in trouble first; and what must be asked
//! for to know it. Pure.

use super::board::{Board, Reading, Scope};
use super::figure::{figure, target};
use super::standard::{Indicator, Standard};
use super::words::{Language, Words};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the headline shows where the standard knows it and nothing was chosen.
const USUAL: [&str; 9] = [
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
const OTHERS: usize = 8;
/// What happens too seldom for half an hour, by the beginning of its name.
const OF_A_DAY: [&str; 9] = ["repair", "install", "move", "complaint", "reopen", "one_shot", "satisfaction", "time_to_restore", "survey"];

/// What was chosen on the command line.
#[derive(Clone, Debug, Default)]
pub struct Choice {
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
    Near,
    /// It is not met.
    Missed,
    /// Too few cases to judge.
    Few,
    /// The sources are silent.
    Stale,
    /// There is nothing to judge, or no target.
    Plain,
}

/// One line of the headline.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
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
pub struct Place {
    /// Its name.
    pub name: String,
    /// How many targets it misses, and how many it is near to.
    pub trouble: (usize, usize),
    /// What it misses or is near to, the worst first.
    pub what: Vec<(Verdict, String)>,
}

/// All that is shown of a board.
#[derive(Clone, PartialEq, Debug)]
pub struct View {
    /// The title of the organisation's standard.
    pub organisation: String,
    /// Whose headline it is.
    pub whose: String,
    /// The headline.
    pub lines: Vec<Line>,
    /// What the places are.
    pub caption: &'static str,
    /// The places, those in trouble first.
    pub places: Vec<Place>,
}

impl Verdict {
    /// A sign that tells it apart without colour.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Verdict::Met => "✓",
            Verdict::Near => "▲",
            Verdict::Missed => "✕",
            Verdict::Few => "○",
            Verdict::Stale => "◇",
            Verdict::Plain => " ",
        }
    }

    fn of(reading: Option<&Reading>) -> Verdict {
        match reading.map(|reading| (reading.state.as_str(), reading.level.as_str(), reading.value)) {
            Some(("stale", ..)) => Verdict::Stale,
            None | Some(("no_traffic" | "no_population", ..) | (_, _, None)) => Verdict::Plain,
            Some(("small_sample", ..)) => Verdict::Few,
            Some((_, "met", _)) => Verdict::Met,
            Some((_, "warning", _)) => Verdict::Near,
            Some((_, "breached", _)) => Verdict::Missed,
            Some(_) => Verdict::Plain,
        }
    }
}

/// What is shown of a board for all, or for one center.
#[must_use]
pub fn view(board: &Board, standard: &Standard, choice: &Choice, center: Option<&str>) -> View {
    let words = choice.language.words();
    let scope: Scope = center.map(|center| ("center".to_owned(), center.to_owned())).into_iter().collect();
    let shown: Vec<(&Indicator, String)> =
        choose(standard, choice).into_iter().map(|indicator| (indicator, window(indicator, standard, choice))).collect();
    let lines = shown.iter().map(|(indicator, window)| line(board, indicator, &scope, window, choice)).collect();
    let (dimension, caption) = if center.is_some() { ("queue", words.queues) } else { ("center", words.centers) };
    let mut places: Vec<Place> =
        board.members(dimension, &scope).into_iter().map(|name| place(board, dimension, name, &scope, &shown, choice)).collect();
    // Names come in their order, which stays among equals.
    places.sort_by_key(|place| std::cmp::Reverse(place.trouble));
    let whose = center.unwrap_or(words.everything).to_owned();
    View { organisation: standard.title(choice.language.name()).to_owned(), whose, lines, caption, places }
}

/// The indicators that are shown, in their order.
#[must_use]
pub fn choose<'s>(standard: &'s Standard, choice: &Choice) -> Vec<&'s Indicator> {
    let known = |names: &mut dyn Iterator<Item = &str>| names.filter_map(|name| standard.indicator(name)).collect::<Vec<_>>();
    if !choice.indicators.is_empty() {
        return known(&mut choice.indicators.iter().map(String::as_str));
    }
    let usual = known(&mut USUAL.into_iter());
    if usual.len() >= 3 {
        return usual;
    }
    let mut own: Vec<&Indicator> = standard.indicators.iter().collect();
    own.sort_by_key(|indicator| indicator.target.is_none());
    own.truncate(OTHERS);
    own
}

/// The window in which an indicator is shown.
#[must_use]
pub fn window(indicator: &Indicator, standard: &Standard, choice: &Choice) -> String {
    let has = |name: &str| standard.windows.iter().any(|window| window == name);
    let seldom = OF_A_DAY.iter().any(|begin| indicator.name.starts_with(begin));
    match &choice.window {
        _ if indicator.is_of_now() => "now".to_owned(),
        Some(window) => window.clone(),
        None if seldom && has("today") => "today".to_owned(),
        None if has("30m") => "30m".to_owned(),
        None => standard.windows.first().cloned().unwrap_or_default(),
    }
}

/// What is wanted of the live board to show this, as the live protocol says it.
#[must_use]
pub fn subscription(standard: &Standard, choice: &Choice) -> Value {
    let shown = choose(standard, choice);
    let windows: BTreeSet<String> = shown.iter().map(|indicator| window(indicator, standard, choice)).collect();
    // Names that the standard does not know are the service's to refuse: it says which come near.
    let names: Vec<&str> = match choice.indicators.is_empty() {
        true => shown.iter().map(|indicator| indicator.name.as_str()).collect(),
        false => choice.indicators.iter().map(String::as_str).collect(),
    };
    json!({ "indicators": names, "windows": windows })
}

fn line(board: &Board, indicator: &Indicator, scope: &Scope, window: &str, choice: &Choice) -> Line {
    let words = choice.language.words();
    let reading = board.get(&indicator.name, scope, window);
    let aim = reading.map_or(indicator.target, |reading| reading.target);
    let shown = indicator.aiming_at(aim);
    Line {
        title: indicator.title(choice.language.name()).to_owned(),
        window: window.to_owned(),
        value: figure(&shown, reading.and_then(|reading| reading.value), words),
        target: target(indicator, aim, words),
        verdict: Verdict::of(reading),
        note: reading.map_or("", |reading| note(&reading.state, words)),
        trend: board.trend(&indicator.name, scope, window).map(super::trend::Trend::bars).unwrap_or_default(),
    }
}

fn note(state: &str, words: &Words) -> &'static str {
    match state {
        "stale" => words.stale,
        "no_traffic" => words.no_traffic,
        "small_sample" => words.few,
        "provisional" => words.provisional,
        "no_population" => words.no_population,
        _ => "",
    }
}

fn place(board: &Board, dimension: &str, name: &str, within: &Scope, shown: &[(&Indicator, String)], choice: &Choice) -> Place {
    let mut scope = within.clone();
    scope.insert(dimension.to_owned(), name.to_owned());
    let line = |(indicator, window): &(&Indicator, String)| line(board, indicator, &scope, window, choice);
    let lines: Vec<Line> = shown.iter().map(line).collect();
    let of = |verdict: Verdict| {
        let those = lines.iter().filter(move |line| line.verdict == verdict);
        those.map(move |line| (verdict, format!("{} {}", line.title, line.value))).collect::<Vec<_>>()
    };
    let (missed, near) = (of(Verdict::Missed), of(Verdict::Near));
    Place { name: name.to_owned(), trouble: (missed.len(), near.len()), what: [missed, near].concat() }
}
