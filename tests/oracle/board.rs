//! Board expected by the oracle. Every fact of every case is added to each scope and window that
//! covers it.

use super::calendar::{CaseZone, DAY, HOUR, MINUTE, first_instant_of, local_time};
use super::call_legs::QUEUE;
use super::case_facts::{CaseMeaning, DimensionValues, OracleFact, StateSpan, zone_of};
use super::indicators::{OracleFormula, OracleIndicator, SMALL_SAMPLE};
use super::level_means::{CasePeriod, add_level_means};
use super::targets::ratio_target;
use jiff::civil::Weekday;
use std::collections::{BTreeMap, BTreeSet};

/// Window names as on the board.
const WINDOW_NAMES: [&str; 9] =
    ["5m", "30m", "1h", "24h", "interval15", "interval30", "today", "week", "month"];

/// Window name of gauges.
const NOW_WINDOW: &str = "now";

/// Returns the static name of a window of the standard, or of [`NOW_WINDOW`].
///
/// # Panics
///
/// If there is no such window.
pub(crate) fn window_named(name: &str) -> &'static str {
    WINDOW_NAMES
        .into_iter()
        .chain([NOW_WINDOW])
        .find(|known| *known == name)
        .unwrap_or_else(|| panic!("no such window: {name}"))
}

/// Returns the start of a window at `now`, in milliseconds since 1970. Rolling windows start at a
/// multiple of their step, calendar windows at a local boundary.
fn window_start(window: &str, now: i64, zone: CaseZone) -> i64 {
    let today = local_time(now, zone).date();
    let rolling = |length: i64, step: i64| (now - length).div_euclid(step) * step;
    // UTC offsets of both zones are whole hours at all times.
    let interval = |minutes: i64| now.div_euclid(minutes * MINUTE) * minutes * MINUTE;
    match window {
        "5m" => rolling(5 * MINUTE, 10_000),
        "30m" => rolling(30 * MINUTE, MINUTE),
        "1h" => rolling(HOUR, MINUTE),
        "24h" => rolling(DAY, 15 * MINUTE),
        "interval15" => interval(15),
        "interval30" => interval(30),
        "today" => first_instant_of(today, zone),
        "week" => {
            let mut day = today;
            while day.weekday() != Weekday::Monday {
                day = day.yesterday().expect("a day before");
            }
            first_instant_of(day, zone)
        }
        "month" => first_instant_of(today.first_of_month(), zone),
        _ => panic!("no such window: {window}"),
    }
}

/// Components of an expected reading, before its value is computed.
#[derive(Clone, Default, Debug)]
pub(crate) struct ExpectedReading {
    pub(crate) good: i64,
    pub(crate) of: i64,
    pub(crate) values: Vec<i64>,
    pub(crate) oldest: Option<i64>,
    /// Milliseconds of the part and of the whole of a share.
    pub(crate) times: [i64; 2],
    /// Time-weighted mean of a level.
    pub(crate) level_mean: f64,
    /// Weighted score, and true if a part with a value is a small sample.
    pub(crate) score: Option<(f64, bool)>,
}

/// Index of the indicator, scope as in `center=berlin tier=vip`, and window.
pub(crate) type ReadingKey = (usize, String, &'static str);

#[derive(Debug)]
pub(crate) struct ExpectedBoard {
    /// Readings with at least one fact.
    pub(crate) readings: BTreeMap<ReadingKey, ExpectedReading>,
    /// Indicators and scopes that must have readings.
    pub(crate) present_scopes: BTreeSet<(usize, String)>,
    /// Indicators and scopes that may have readings, because only a leg or only the merged events of
    /// a contact belong to them.
    pub(crate) possible_scopes: BTreeSet<(usize, String)>,
    /// Time from which each indicator is known. `None` if one of its operands was never received.
    pub(crate) known_since: Vec<Option<i64>>,
}

/// Returns when a windowed reading begins in the zone of its scope, `None` for gauges.
pub(crate) fn reading_start(key: &ReadingKey, now: i64) -> Option<i64> {
    let in_berlin = key.1.split(' ').any(|part| part == "center=berlin");
    let zone = if in_berlin { CaseZone::Berlin } else { CaseZone::Shanghai };
    (key.2 != NOW_WINDOW).then(|| window_start(key.2, now, zone))
}

/// Returns the time from which an indicator is known: the latest of the first event times of its
/// received families. `None` if an operand has no received family.
fn known_since(
    indicator: &OracleIndicator,
    families: &[&str],
    first_times: &BTreeMap<&str, i64>,
) -> Option<i64> {
    let (good, of) = families.split_at(indicator.numerator_len());
    let operands = [good, of].into_iter().filter(|operand| !operand.is_empty());
    let since = operands
        .map(|operand| operand.iter().filter_map(|family| first_times.get(family)).copied().max());
    since.collect::<Option<Vec<i64>>>()?.into_iter().max()
}

/// Picks by fact name: index of the indicator, index of the pick, and true if the pick belongs to a
/// numerator.
pub(crate) type PicksByFact = BTreeMap<(String, String), Vec<(usize, usize, bool)>>;

/// Indexes the picks of all indicators by fact name.
pub(crate) fn index_picks(indicators: &[OracleIndicator]) -> PicksByFact {
    let mut picks_by_fact = PicksByFact::new();
    for (number, indicator) in indicators.iter().enumerate() {
        let good_count = indicator.numerator_len();
        for (pick_index, pick) in indicator.all_picks().into_iter().enumerate() {
            let (family, fact) = pick.fact_name();
            picks_by_fact.entry((family.to_owned(), fact.to_owned())).or_default().push((
                number,
                pick_index,
                pick_index < good_count,
            ));
        }
    }
    picks_by_fact
}

/// Scopes in which a fact counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeReach {
    All,
    /// Scopes that count contacts: those without a queue.
    Contacts,
    /// Scopes that count legs: those by queue.
    Legs,
}

/// Returns the scopes with these values.
pub(crate) fn scopes_of(attributes: &DimensionValues, reach: ScopeReach) -> Vec<String> {
    let [center, class, tier, ..] = *attributes;
    let scopes = [
        Some(String::new()),
        center.map(|center| format!("center={center}")),
        class.map(|class| format!("class={class}")),
        center.zip(tier).map(|(center, tier)| format!("center={center} tier={tier}")),
    ];
    let by_queue = attributes[QUEUE].map(|queue| format!("queue={queue}"));
    let contacts = scopes.into_iter().flatten().filter(|_| reach != ScopeReach::Legs);
    contacts.chain(by_queue.filter(|_| reach != ScopeReach::Contacts)).collect()
}

/// Returns true if a scope counts legs.
pub(crate) fn is_leg_scope(scope: &str) -> bool {
    scope.starts_with("queue=")
}

/// Returns the facts of a case, each with the attributes and the reach by which it counts.
pub(crate) fn counted_facts(
    case: &CaseMeaning,
) -> Vec<(&OracleFact, &DimensionValues, ScopeReach)> {
    let of_case = case.facts.iter().map(|fact| match fact.name.0 {
        // The facts of a contact without legs are those of the case.
        "call" if case.legs.is_empty() => (fact, &case.attributes, ScopeReach::All),
        "call" => (fact, &case.attributes, ScopeReach::Contacts),
        _ => (fact, &case.attributes, ScopeReach::All),
    });
    let of_legs = case.legs.iter().flat_map(|leg| {
        leg.facts.iter().map(|fact| {
            let reach = if fact.name.0 == "leg" { ScopeReach::All } else { ScopeReach::Legs };
            (fact, &leg.values, reach)
        })
    });
    let placed = case.placed.iter().map(|(fact, values)| (fact, values, ScopeReach::All));
    of_case.chain(of_legs).chain(placed).collect()
}

/// Computes the board of these cases at `now`. `families` lists the family of each pick of each
/// indicator, and `first_times` the first event time of each received family.
pub(crate) fn expected_board(
    cases: &[(CaseMeaning, Vec<CasePeriod>)],
    now: i64,
    indicators: &[OracleIndicator],
    families: &[Vec<&str>],
    picks_by_fact: &PicksByFact,
    first_times: &BTreeMap<&str, i64>,
) -> ExpectedBoard {
    let mut readings: BTreeMap<ReadingKey, ExpectedReading> = BTreeMap::new();
    let mut present_scopes: BTreeSet<(usize, String)> =
        (0..indicators.len()).map(|number| (number, String::new())).collect();
    let begins = [CaseZone::Shanghai, CaseZone::Berlin]
        .map(|zone| WINDOW_NAMES.map(|window| window_start(window, now, zone)));
    let known = indicators.iter().zip(families);
    let mut known_since: Vec<Option<i64>> =
        known.map(|(indicator, families)| known_since(indicator, families, first_times)).collect();
    let named_begins = begins.map(|begins| WINDOW_NAMES.into_iter().zip(begins).collect());
    let mut possible_scopes = BTreeSet::new();
    for (case, periods) in cases {
        for (number, families) in families.iter().enumerate() {
            let has_family = |family: &&str| case.families.contains(family);
            if !families.iter().any(has_family) {
                continue;
            }
            let add = |into: &mut BTreeSet<(usize, String)>, attributes: &_, reach| {
                into.extend(scopes_of(attributes, reach).into_iter().map(|scope| (number, scope)));
            };
            // A survey shares the case of a call, but not its legs.
            let of_calls =
                families.iter().filter(|family| has_family(family)).all(|family| *family == "call");
            if of_calls && !case.legs.is_empty() {
                add(&mut present_scopes, &case.attributes, ScopeReach::Contacts);
                add(&mut possible_scopes, &case.attributes, ScopeReach::All);
            } else {
                add(&mut present_scopes, &case.attributes, ScopeReach::All);
            }
            for leg in &case.legs {
                add(&mut possible_scopes, &leg.values, ScopeReach::All);
            }
            let held = case.holds.iter().map(|hold| hold.values(&case.attributes));
            let placed = case.placed.iter().map(|(_, values)| *values);
            held.chain(placed)
                .for_each(|values| add(&mut possible_scopes, &values, ScopeReach::All));
        }
        add_state_times(case, &begins, now, indicators, &mut readings);
        add_level_means(
            (case, periods),
            (&named_begins, now),
            (indicators, &known_since),
            &mut readings,
        );
        for (fact, attributes, reach) in counted_facts(case) {
            let begins = &begins[zone_of(attributes) as usize];
            let scopes = scopes_of(attributes, reach);
            let name = (fact.name.0.to_owned(), fact.name.1.to_owned());
            for &(number, pick_index, good) in picks_by_fact.get(&name).into_iter().flatten() {
                let indicator = &indicators[number];
                if indicator.counts_state_time()
                    || indicator.is_mean_level()
                    || !indicator.all_picks()[pick_index].matches_fact(fact, attributes)
                {
                    continue;
                }
                let is_gauge =
                    matches!(indicator.formula, OracleFormula::Level(_) | OracleFormula::Oldest(_));
                let windows: Vec<&'static str> = match is_gauge {
                    true => vec![NOW_WINDOW],
                    false => WINDOW_NAMES
                        .into_iter()
                        .zip(begins)
                        .filter(|(_, begin)| fact.time >= **begin)
                        .map(|(window, _)| window)
                        .collect(),
                };
                for (scope, window) in scopes
                    .iter()
                    .flat_map(|scope| windows.iter().map(move |window| (scope, *window)))
                {
                    let reading = readings.entry((number, scope.clone(), window)).or_default();
                    *(if good { &mut reading.good } else { &mut reading.of }) += 1;
                    if !good {
                        reading.values.extend(fact.value);
                    }
                    reading.times[usize::from(!good)] += fact.value.unwrap_or_default();
                    reading.oldest =
                        Some(reading.oldest.map_or(fact.time, |oldest| oldest.min(fact.time)));
                }
            }
        }
    }
    for (number, indicator) in indicators.iter().enumerate() {
        let OracleFormula::Weighted(parts) = &indicator.formula else { continue };
        let place_of = |name: &str| indicators.iter().position(|known| known.name == name);
        let parts: Vec<(usize, f64)> = parts
            .iter()
            .map(|(name, weight)| (place_of(name).expect("a known name"), *weight))
            .collect();
        known_since[number] = parts.iter().filter_map(|(part, _)| known_since[*part]).max();
        for scopes in [&mut present_scopes, &mut possible_scopes] {
            let of_parts = scopes.iter().filter(|(place, _)| parts.iter().any(|(p, _)| p == place));
            let new: Vec<_> = of_parts.map(|(_, scope)| (number, scope.clone())).collect();
            scopes.extend(new);
        }
        add_weighted_scores((number, &parts), now, &mut readings);
    }
    // A scope has the mean of a level that cases had which left the scope.
    let with_mean = readings.keys().filter(|(number, ..)| indicators[*number].is_mean_level());
    present_scopes.extend(with_mean.map(|(number, scope, _)| (*number, scope.clone())));
    ExpectedBoard { readings, present_scopes, possible_scopes, known_since }
}

/// Adds the scores of ratios, each given by its index and weight.
fn add_weighted_scores(
    (number, parts): (usize, &[(usize, f64)]),
    now: i64,
    readings: &mut BTreeMap<ReadingKey, ExpectedReading>,
) {
    let places: BTreeSet<(String, &'static str)> = readings
        .keys()
        .filter(|(place, ..)| parts.iter().any(|(part, _)| part == place))
        .map(|(_, scope, window)| (scope.clone(), *window))
        .collect();
    let all: f64 = parts.iter().map(|(_, weight)| weight).sum();
    for (scope, window) in places {
        let (mut weight, mut sum, mut is_small) = (0.0, 0.0, false);
        for (part, of_part) in parts {
            let Some(reading) = readings.get(&(*part, scope.clone(), window)) else { continue };
            if reading.of > 0 {
                let ratio = reading.good as f64 / reading.of as f64;
                weight += of_part;
                sum += of_part * (ratio / ratio_target(&scope, now).0).min(1.0);
                is_small |= reading.of < SMALL_SAMPLE;
            }
        }
        if weight >= all / 2.0 {
            let reading = readings.entry((number, scope, window)).or_default();
            reading.score = Some((100.0 * sum / weight, is_small));
        }
    }
}

/// Adds the states of an agent to the shares of time. Each state is split at the start of each window
/// by hand. A window ends with the current millisecond.
fn add_state_times(
    case: &CaseMeaning,
    begins: &[[i64; WINDOW_NAMES.len()]; 2],
    now: i64,
    indicators: &[OracleIndicator],
    readings: &mut BTreeMap<ReadingKey, ExpectedReading>,
) {
    let begins = &begins[zone_of(&case.attributes) as usize];
    for (number, indicator) in
        indicators.iter().enumerate().filter(|(_, indicator)| indicator.counts_state_time())
    {
        let picks = indicator.all_picks();
        for ((place, pick), span) in picks
            .iter()
            .enumerate()
            .flat_map(|pick| case.state_spans.iter().map(move |span| (pick, span)))
        {
            let StateSpan { name, from, until } = *span;
            let fact = OracleFact { name, time: from, value: None, label: None, event_index: 0 };
            if pick.fact_name() != name || !pick.matches_fact(&fact, &case.attributes) {
                continue;
            }
            for (window, begin) in WINDOW_NAMES.into_iter().zip(begins) {
                if until.is_some_and(|until| until < *begin) {
                    continue;
                }
                let inside = until.unwrap_or(now + 1) - from.max(*begin);
                for scope in scopes_of(&case.attributes, ScopeReach::All) {
                    let reading = readings.entry((number, scope, window)).or_default();
                    let is_whole = place >= indicator.numerator_len();
                    reading.times[usize::from(is_whole)] += inside;
                    reading.of += i64::from(is_whole);
                }
            }
        }
    }
}
