//! The board that the oracle expects: every fact of every case put into each scope and window that covers it, one by one.

use super::calendar::{CaseZone, DAY, HOUR, MINUTE, first_instant_of, local_time};
use super::case_facts::CaseMeaning;
use super::indicators::{OracleFormula, OracleIndicator};
use jiff::civil::Weekday;
use std::collections::{BTreeMap, BTreeSet};

/// The windows of the standard by their names on the board.
const WINDOW_NAMES: [&str; 9] =
    ["5m", "30m", "1h", "24h", "interval15", "interval30", "today", "week", "month"];

/// The name of readings about now.
const NOW_WINDOW: &str = "now";

/// A window of the standard, or now.
pub(crate) fn window_named(name: &str) -> &'static str {
    WINDOW_NAMES
        .into_iter()
        .chain([NOW_WINDOW])
        .find(|known| *known == name)
        .unwrap_or_else(|| panic!("no such window: {name}"))
}

/// Where a window begins when `now` is reached: a rolling one at a multiple of its step, one of the calendar where the local
/// clock says so.
fn window_start(window: &str, now: i64, zone: CaseZone) -> i64 {
    let today = local_time(now, zone).date();
    let rolling = |length: i64, step: i64| (now - length).div_euclid(step) * step;
    // Clocks here are whole hours off, and change by whole hours.
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

/// What a reading is made of.
#[derive(Clone, Default, Debug)]
pub(crate) struct ExpectedReading {
    pub(crate) good: i64,
    pub(crate) of: i64,
    pub(crate) values: Vec<i64>,
    pub(crate) oldest: Option<i64>,
}

/// Indicator, scope as in `center=berlin tier=vip`, window.
pub(crate) type ReadingKey = (usize, String, &'static str);

/// What is expected of a board.
#[derive(Debug)]
pub(crate) struct ExpectedBoard {
    /// The readings that are made of something.
    pub(crate) readings: BTreeMap<ReadingKey, ExpectedReading>,
    /// Indicators and scopes of which there must be readings, and no others.
    pub(crate) present_scopes: BTreeSet<(usize, String)>,
}

/// Indicators by the name of a fact that they pick: which, which of its picks, and whether it is one of a numerator.
pub(crate) type PicksByFact = BTreeMap<(String, String), Vec<(usize, usize, bool)>>;

/// Which indicators pick which facts.
pub(crate) fn index_picks(indicators: &[OracleIndicator]) -> PicksByFact {
    let mut picked = PicksByFact::new();
    for (number, indicator) in indicators.iter().enumerate() {
        let goods =
            if let OracleFormula::Ratio(good, _) = &indicator.formula { good.len() } else { 0 };
        for (place, pick) in indicator.all_picks().into_iter().enumerate() {
            let (family, fact) = pick.fact_name();
            picked.entry((family.to_owned(), fact.to_owned())).or_default().push((
                number,
                place,
                place < goods,
            ));
        }
    }
    picked
}

/// The scopes a case belongs to.
fn case_scopes(case: &CaseMeaning) -> Vec<String> {
    let [center, class, tier, _] = case.attributes;
    let scopes = [
        Some(String::new()),
        center.map(|center| format!("center={center}")),
        class.map(|class| format!("class={class}")),
        center.zip(tier).map(|(center, tier)| format!("center={center} tier={tier}")),
    ];
    scopes.into_iter().flatten().collect()
}

/// The board of these cases when `now` is reached. `families` says of which families each indicator speaks.
pub(crate) fn expected_board(
    cases: &[CaseMeaning],
    now: i64,
    indicators: &[OracleIndicator],
    families: &[Vec<&str>],
    picked: &PicksByFact,
) -> ExpectedBoard {
    let mut made: BTreeMap<ReadingKey, ExpectedReading> = BTreeMap::new();
    let mut there: BTreeSet<(usize, String)> =
        (0..indicators.len()).map(|number| (number, String::new())).collect();
    let begins = [CaseZone::Shanghai, CaseZone::Berlin]
        .map(|zone| WINDOW_NAMES.map(|window| window_start(window, now, zone)));
    for case in cases {
        let scopes = case_scopes(case);
        for (number, families) in families.iter().enumerate() {
            if families.iter().any(|family| case.families.contains(family)) {
                there.extend(scopes.iter().map(|scope| (number, scope.clone())));
            }
        }
        let begins = &begins[case.case_zone() as usize];
        for fact in &case.facts {
            let name = (fact.name.0.to_owned(), fact.name.1.to_owned());
            for &(number, place, good) in picked.get(&name).into_iter().flatten() {
                let indicator = &indicators[number];
                if !indicator.all_picks()[place].matches_fact(fact, &case.attributes) {
                    continue;
                }
                let stands =
                    matches!(indicator.formula, OracleFormula::Level(_) | OracleFormula::Oldest(_));
                let windows: Vec<&'static str> = match stands {
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
                    let made = made.entry((number, scope.clone(), window)).or_default();
                    *(if good { &mut made.good } else { &mut made.of }) += 1;
                    if !good {
                        made.values.extend(fact.value);
                    }
                    made.oldest =
                        Some(made.oldest.map_or(fact.time, |oldest| oldest.min(fact.time)));
                }
            }
        }
    }
    ExpectedBoard { readings: made, present_scopes: there }
}
