//! The board that the oracle expects: every fact of every case put into each scope and window that covers it, one by one.

use super::hours::{DAY, HOUR, MINUTE, Zone, midnight, shown};
use super::indicators::{Formula, Indicator};
use super::meaning::Meaning;
use jiff::civil::Weekday;
use std::collections::{BTreeMap, BTreeSet};

/// The windows of the standard by their names on the board.
const WINDOWS: [&str; 9] = ["5m", "30m", "1h", "24h", "interval15", "interval30", "today", "week", "month"];

/// The name of readings about now.
const NOW: &str = "now";

/// A window of the standard, or now.
pub(crate) fn window_named(name: &str) -> &'static str {
    WINDOWS.into_iter().chain([NOW]).find(|known| *known == name).unwrap_or_else(|| panic!("no such window: {name}"))
}

/// Where a window begins when `now` is reached: a rolling one at a multiple of its step, one of the calendar where the local
/// clock says so.
fn begin(window: &str, now: i64, zone: Zone) -> i64 {
    let today = shown(now, zone).date();
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
        "today" => midnight(today, zone),
        "week" => {
            let mut day = today;
            while day.weekday() != Weekday::Monday {
                day = day.yesterday().expect("a day before");
            }
            midnight(day, zone)
        }
        "month" => midnight(today.first_of_month(), zone),
        _ => panic!("no such window: {window}"),
    }
}

/// What a reading is made of.
#[derive(Clone, Default, Debug)]
pub(crate) struct Made {
    pub(crate) good: i64,
    pub(crate) of: i64,
    pub(crate) values: Vec<i64>,
    pub(crate) oldest: Option<i64>,
}

/// Indicator, scope as in `center=berlin tier=vip`, window.
pub(crate) type Key = (usize, String, &'static str);

/// What is expected of a board.
#[derive(Debug)]
pub(crate) struct Expected {
    /// The readings that are made of something.
    pub(crate) made: BTreeMap<Key, Made>,
    /// Indicators and scopes of which there must be readings, and no others.
    pub(crate) there: BTreeSet<(usize, String)>,
}

/// Indicators by the name of a fact that they pick: which, which of its picks, and whether it is one of a numerator.
pub(crate) type Picked = BTreeMap<(String, String), Vec<(usize, usize, bool)>>;

/// Which indicators pick which facts.
pub(crate) fn picked(indicators: &[Indicator]) -> Picked {
    let mut picked = Picked::new();
    for (number, indicator) in indicators.iter().enumerate() {
        let goods = if let Formula::Ratio(good, _) = &indicator.formula { good.len() } else { 0 };
        for (place, pick) in indicator.picks().into_iter().enumerate() {
            let (family, fact) = pick.name();
            picked.entry((family.to_owned(), fact.to_owned())).or_default().push((number, place, place < goods));
        }
    }
    picked
}

/// The scopes a case belongs to.
fn scopes(case: &Meaning) -> Vec<String> {
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
pub(crate) fn expected(cases: &[Meaning], now: i64, indicators: &[Indicator], families: &[Vec<&str>], picked: &Picked) -> Expected {
    let mut made: BTreeMap<Key, Made> = BTreeMap::new();
    let mut there: BTreeSet<(usize, String)> = (0..indicators.len()).map(|number| (number, String::new())).collect();
    let begins = [Zone::Shanghai, Zone::Berlin].map(|zone| WINDOWS.map(|window| begin(window, now, zone)));
    for case in cases {
        let scopes = scopes(case);
        for (number, families) in families.iter().enumerate() {
            if families.iter().any(|family| case.families.contains(family)) {
                there.extend(scopes.iter().map(|scope| (number, scope.clone())));
            }
        }
        let begins = &begins[case.zone() as usize];
        for fact in &case.facts {
            let name = (fact.name.0.to_owned(), fact.name.1.to_owned());
            for &(number, place, good) in picked.get(&name).into_iter().flatten() {
                let indicator = &indicators[number];
                if !indicator.picks()[place].takes(fact, &case.attributes) {
                    continue;
                }
                let stands = matches!(indicator.formula, Formula::Level(_) | Formula::Oldest(_));
                let windows: Vec<&'static str> = match stands {
                    true => vec![NOW],
                    false => WINDOWS.into_iter().zip(begins).filter(|(_, begin)| fact.time >= **begin).map(|(window, _)| window).collect(),
                };
                for (scope, window) in scopes.iter().flat_map(|scope| windows.iter().map(move |window| (scope, *window))) {
                    let made = made.entry((number, scope.clone(), window)).or_default();
                    *(if good { &mut made.good } else { &mut made.of }) += 1;
                    if !good {
                        made.values.extend(fact.value);
                    }
                    made.oldest = Some(made.oldest.map_or(fact.time, |oldest| oldest.min(fact.time)));
                }
            }
        }
    }
    Expected { made, there }
}
