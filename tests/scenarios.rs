//! Runs the text scenarios in `tests/scenarios`: events and the readings expected at given times.
//! The first line of a file describes its subject.
//!
//! ```text
//! # what this scenario shows
//! standard: built-in                                   or files in tests/standards, as versions
//! stale: never                                         readings never become stale
//! horizon: standard                                    the standard's retention; default unlimited
//! 10:00:00 call c-1 offered center=hefei               time, family, case, verb, data
//! 10:00:05 call c-1 answered
//! 09:00    repair r-1 opened due=+4h                   a late event; due 4 h after its time
//! expect 10:05:00 answer_rate{center=hefei} 30m 1/1 met
//! scenario: another scenario on the same subject       starts over with the same settings
//! refused day-3 09:00 call c-2 answered                an event rejected as too late
//! remembered 10:05:00 1                                number of remembered cases
//! expect 10:05:00 answer_rate 30m.interval [0.2065,1.0]   one field of the reading's JSON
//! expect 10:05:00 rank:answer_rate{center} today 1 hefei 0.95, - wuhu   the ranking of scopes
//! alerts: watched                                      evaluates alerts every 10 s
//! alert 10:05:00 answer_rate_low{center=hefei} firing 0.5, fired 1   state, number of incidents
//! alert 10:05:00 repair_deadline/4h{r-1} firing, fired 1   the same for a grade of an order
//! ```
//!
//! Lines are processed in order, so a late event is one that comes late in the file. Times are
//! local to `zone` (default Asia/Shanghai) on `date` (default 2026-03-02), with an offset as in
//! `day+1 00:00:10`. `id=` sets the id of an event, for duplicates, and `source=` its source.
//!
//! Every expected reading is also compared with a second engine. It has no horizon and receives all
//! accepted events in reverse order.
//!
//! `UPDATE_EXPECT=1 cargo test --test scenarios` writes the actual readings into the files.

#[path = "scenarios/service_levels.rs"]
mod service_levels;

use firstline::domain::alerts::evaluation::{AlertEvaluator, EVALUATION_INTERVAL_MS};
use firstline::domain::alerts::incident::Incident;
use firstline::domain::board::reading::{
    Board, PartReading, Reading, ReadingComponents, ReadingState,
};
use firstline::domain::events::batch::Batch;
use firstline::domain::monitor::{EventRefusal, Monitor};
use firstline::domain::standard::Standard;
use firstline::domain::time::timestamp::{HOUR, Timestamp};
use firstline::domain::time::window::Window;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::ranking_json::Ranking;
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard, parse_versions};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// State of a running scenario.
struct ScenarioRun {
    standard: Arc<Standard>,
    date: jiff::civil::Date,
    zone: jiff::tz::TimeZone,
    decoder: EventDecoder,
    monitor: Monitor,
    /// True if the engine has a retention horizon. Its clock then follows the events.
    has_horizon: bool,
    /// Alert evaluator, if the scenario has `alerts: watched`.
    alerts: Option<AlertEvaluator>,
    /// Accepted events, the newest first.
    events_newest_first: Vec<Vec<u8>>,
}

impl ScenarioRun {
    fn new() -> ScenarioRun {
        let mut run = ScenarioRun {
            standard: built_in_standard(),
            date: jiff::civil::date(2026, 3, 2),
            zone: jiff::tz::TimeZone::get("Asia/Shanghai").expect("a bundled zone"),
            decoder: EventDecoder::new(Arc::default(), HashKeys::default()),
            monitor: Monitor::new(built_in_standard(), None),
            has_horizon: false,
            alerts: None,
            events_newest_first: Vec::new(),
        };
        run.reset(built_in_standard());
        run
    }

    fn reset(&mut self, standard: Arc<Standard>) {
        self.decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default())
            .with_case_names(true);
        self.alerts = self.alerts.take().map(|_| AlertEvaluator::default());
        self.monitor = Monitor::new(standard.clone(), self.has_horizon.then_some(standard.horizon));
        self.events_newest_first.clear();
        self.standard = standard;
    }

    /// Runs a line. Returns the expected and actual values of an expectation.
    ///
    /// # Errors
    ///
    /// If the line is malformed or an event is accepted or rejected unexpectedly.
    fn run_line(&mut self, number: usize, line: &str) -> Result<Option<Expectation>, String> {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if let Some((key, value)) = line.split_once(": ") {
            return self.apply_setting(key, value.trim()).map(|()| None);
        }
        let mut words = line.split_whitespace().peekable();
        let keyword = words
            .next_if(|word| ["alert", "expect", "refused", "remembered"].contains(word))
            .unwrap_or_default();
        let day = words.next_if(|word| word.starts_with("day")).unwrap_or("day+0");
        let time = self.parse_time(day, words.next().unwrap_or_default())?;
        self.evaluate_until(time);
        match keyword {
            "alert" => self.expect_alert(time, words).map(Some),
            "expect" => self.expect_reading(time, words).map(Some),
            "remembered" => self.expect_remembered(time, words).map(Some),
            _ => self.run_event(number, time, words, keyword == "refused").map(|()| None),
        }
    }

    fn apply_setting(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "scenario" if value.is_empty() => {
                return Err("`scenario` needs a description".to_owned());
            }
            "scenario" => self.reset(self.standard.clone()),
            "standard" if value == "built-in" => self.reset(built_in_standard()),
            "standard" => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/standards");
                let text = |name: &str| {
                    fs::read_to_string(folder.join(name))
                        .map_err(|error| format!("{name}: {error}"))
                };
                let files = value
                    .split_whitespace()
                    .map(|name| Ok((name.to_owned(), text(name)?)))
                    .collect::<Result<Vec<_>, String>>()?;
                let standard =
                    parse_versions(&files).map_err(|problems| format!("{problems:?}"))?;
                self.reset(Arc::new(standard));
            }
            // Scenarios with hours between events would otherwise expect `stale` in every line.
            "stale" if value == "never" => {
                let mut standard = (*self.standard).clone();
                standard.stale_after_ms = None;
                standard.sources.clear();
                self.reset(Arc::new(standard));
            }
            "horizon" if value == "standard" => {
                self.has_horizon = true;
                self.reset(self.standard.clone());
            }
            "alerts" if value == "watched" => {
                self.alerts = Some(AlertEvaluator::default());
                self.reset(self.standard.clone());
            }
            "date" => self.date = value.parse().map_err(|error| format!("{error}"))?,
            "zone" => {
                self.zone = jiff::tz::TimeZone::get(value).map_err(|error| error.to_string())?;
            }
            _ => return Err(format!("unknown setting `{key}`")),
        }
        Ok(())
    }

    /// Parses a day such as `day+1` and a local time: `10:00`, `10:00:05` or `10:00:05.250`.
    fn parse_time(&self, day: &str, clock: &str) -> Result<Timestamp, String> {
        let wrong = || format!("`{day} {clock}` is not a time; write `10:00:05` or `day+1 10:00`");
        let days: i64 =
            day.strip_prefix("day").and_then(|days| days.parse().ok()).ok_or_else(wrong)?;
        let clock: jiff::civil::Time = clock.parse().map_err(|_| wrong())?;
        let date = self.date.checked_add(jiff::Span::new().days(days)).map_err(|_| wrong())?;
        let zoned = date.to_datetime(clock).to_zoned(self.zone.clone()).map_err(|_| wrong())?;
        Ok(Timestamp(zoned.timestamp().as_millisecond()))
    }

    fn run_event<'w>(
        &mut self,
        number: usize,
        time: Timestamp,
        mut words: impl Iterator<Item = &'w str>,
        refused: bool,
    ) -> Result<(), String> {
        let (Some(family), Some(subject), Some(verb)) = (words.next(), words.next(), words.next())
        else {
            return Err("an event needs: time, family, case, verb, data".to_owned());
        };
        let (mut id, mut source, mut data) =
            (format!("line {number}"), "/scenario", serde_json::Map::new());
        for word in words {
            let (key, value) =
                word.split_once('=').ok_or_else(|| format!("`{word}` should be `name=value`"))?;
            match (key, value.parse::<f64>()) {
                ("id", _) => id = value.to_owned(),
                ("source", _) => source = value,
                ("due" | "appointment", _) => {
                    _ = data
                        .insert(key.to_owned(), self.parse_due(time, value)?.to_string().into());
                }
                (_, Ok(seconds)) => _ = data.insert(key.to_owned(), seconds.into()),
                (_, Err(_)) => _ = data.insert(key.to_owned(), value.into()),
            }
        }
        let event = serde_json::json!({
            "specversion": "1.0", "source": source, "id": id, "type": format!("{family}.{verb}"), "subject": subject,
            "time": time.to_string(), "data": data,
        });
        let event = event.to_string().into_bytes();
        let batch = self.decode_event(&event)?;
        if self.has_horizon {
            self.monitor.tick(time);
        }
        match (self.monitor.apply_batch(&batch).refused.first(), refused) {
            (None, false) => self.events_newest_first.insert(0, event),
            (Some((_, EventRefusal::Late)), true) => {}
            (None, true) => {
                return Err("the event was accepted, expected it to be refused".to_owned());
            }
            (Some((_, refusal)), _) => return Err(format!("the event was refused: {refusal}")),
        }
        Ok(())
    }

    fn decode_event(&mut self, event: &[u8]) -> Result<Batch, String> {
        self.decoder.decode_json(event).map_err(|rejection| rejection.reason)?;
        Ok(self.decoder.take_batch())
    }

    /// Parses `+4h` after the event, a time on the first day, or `day+1@12:00`.
    fn parse_due(&self, time: Timestamp, text: &str) -> Result<Timestamp, String> {
        match text.strip_prefix('+') {
            Some(span) => firstline::toml_document::parse_duration(span)
                .map(|millis| time.plus_millis(millis)),
            None => match text.split_once('@') {
                Some((day, clock)) => self.parse_time(day, clock),
                None => self.parse_time("day+0", text),
            },
        }
    }

    /// Evaluates alerts at every interval up to `until`, if alerts are watched.
    fn evaluate_until(&mut self, until: Timestamp) {
        let (Some(alerts), Some(mut at)) = (&mut self.alerts, self.monitor.now()) else { return };
        loop {
            at = Timestamp((at.0.div_euclid(EVALUATION_INTERVAL_MS) + 1) * EVALUATION_INTERVAL_MS);
            if at > until {
                return;
            }
            self.monitor.tick(at);
            self.monitor.evaluate_alerts(alerts);
        }
    }

    /// Compares the state of an alert and its number of incidents.
    fn expect_alert<'w>(
        &mut self,
        time: Timestamp,
        mut words: impl Iterator<Item = &'w str>,
    ) -> Result<Expectation, String> {
        self.monitor.tick(time);
        let Some(what) = words.next() else {
            return Err("an alert needs: alert, time, policy{scope}, state".to_owned());
        };
        let expected = words.collect::<Vec<_>>().join(" ");
        let (policy, scope) = what.trim_end_matches('}').split_once('{').unwrap_or((what, ""));
        let (policy, grade) =
            policy.split_once('/').map_or((policy, None), |(policy, grade)| (policy, Some(grade)));
        if !self.standard.policies.iter().any(|known| known.name == policy) {
            return Err(format!("the standard has no alert `{policy}`"));
        }
        let alerts = self.alerts.as_ref().ok_or("`alerts: watched` must come first")?;
        let scope_text = |scope: &[(String, String)]| {
            scope
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let matches = |incident: &Incident| {
            let incident_scope = incident
                .case
                .as_ref()
                .map_or_else(|| scope_text(&incident.subject.scope), |name| name.subject.clone());
            incident.subject.policy == policy
                && incident.subject.grade.as_deref() == grade
                && incident_scope == scope
        };
        let fired: Vec<_> =
            alerts.incident_log().incidents().filter(|incident| matches(incident)).collect();
        let pending = alerts
            .overview(&self.standard)
            .pending
            .into_iter()
            .any(|one| one.subject.policy == policy && scope_text(&one.subject.scope) == scope);
        let mut got = match fired.iter().find(|incident| incident.ended_at.is_none()) {
            Some(incident) => {
                let value = incident
                    .figures
                    .as_ref()
                    .and_then(|figures| figures.last)
                    .map(|value| format!(" {value}"));
                format!("firing{}", value.unwrap_or_default())
            }
            None if pending => "pending".to_owned(),
            None => "quiet".to_owned(),
        };
        if !fired.is_empty() {
            got += &format!(", fired {}", fired.len());
        }
        Ok(Expectation { expected, got })
    }

    fn expect_remembered<'w>(
        &mut self,
        time: Timestamp,
        words: impl Iterator<Item = &'w str>,
    ) -> Result<Expectation, String> {
        self.monitor.tick(time);
        Ok(Expectation {
            expected: words.collect::<Vec<_>>().join(" "),
            got: self.monitor.case_count().to_string(),
        })
    }

    fn expect_reading<'w>(
        &mut self,
        time: Timestamp,
        mut words: impl Iterator<Item = &'w str>,
    ) -> Result<Expectation, String> {
        if self.monitor.now().is_some_and(|now| now > time) {
            return Err(
                "the engine is already at a later time; write expectations in order of time"
                    .to_owned(),
            );
        }
        let (Some(what), Some(window)) = (words.next(), words.next()) else {
            return Err(
                "an expectation needs: expect, time, indicator{scope}, window, value".to_owned()
            );
        };
        let expected = words.collect::<Vec<_>>().join(" ");
        self.monitor.tick(time);
        let got = reading_text(&self.monitor.compute_board(), what, window)?;
        let mut reversed = Monitor::new(self.standard.clone(), None);
        for event in self.events_newest_first.clone() {
            let batch = self.decode_event(&event)?;
            reversed.apply_batch(&batch);
        }
        reversed.tick(time);
        let got_reversed = reading_text(&reversed.compute_board(), what, window)?;
        // Staleness depends on the order of arrival.
        if got_reversed != got && !(got.contains("stale") || got_reversed.contains("stale")) {
            return Err(format!(
                "the reading is `{got_reversed}` in reverse order, `{got}` in order"
            ));
        }
        Ok(Expectation { expected, got })
    }
}

struct Expectation {
    expected: String,
    got: String,
}

fn built_in_standard() -> Arc<Standard> {
    Arc::new(
        parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}")),
    )
}

/// Formats the reading of `indicator{scope}` in a window.
fn reading_text(board: &Board, what: &str, window: &str) -> Result<String, String> {
    if let Some(what) = what.strip_prefix("rank:") {
        return ranking_text(board, what, window);
    }
    let (window, part) =
        window.split_once('.').map_or((window, None), |(window, part)| (window, Some(part)));
    let (indicator, scope) = what.trim_end_matches('}').split_once('{').unwrap_or((what, ""));
    if !board.standard.indicators.iter().any(|known| known.name == indicator) {
        return Err(format!("the standard has no indicator `{indicator}`"));
    }
    // The board names windows by their normalized length, as in `168h` for `7d`.
    let window = Window::parse(window).map_or(window.to_owned(), |window| window.to_string());
    let matches = |reading: &&Reading| {
        let reading_scope = board
            .scope_values(&reading.key)
            .map(|(dimension, value)| format!("{dimension}={value}"))
            .collect::<Vec<_>>()
            .join(",");
        board.standard.indicators[reading.key.indicator].name == indicator
            && reading_scope == scope
            && board.window_name(&reading.key) == window
    };
    Ok(match (board.readings.iter().find(matches), part) {
        (None, _) => "absent".to_owned(),
        (Some(reading), None) => describe_reading(reading),
        (Some(reading), Some(part)) => {
            let json = serde_json::to_value(board.reading_json(reading))
                .map_err(|error| error.to_string())?;
            json.get(part).map_or_else(|| "absent".to_owned(), ToString::to_string)
        }
    })
}

/// Formats the ranking by `indicator{dimension}` in a window from best to worst: rank, scope values
/// and value of each.
fn ranking_text(board: &Board, what: &str, window: &str) -> Result<String, String> {
    let (indicator, by) = what
        .trim_end_matches('}')
        .split_once('{')
        .ok_or("a ranking needs: rank:indicator{dimension}")?;
    let by: Vec<String> = by.split(',').map(String::from).collect();
    let ranking = Ranking::new(indicator, &by, Some(window), None, &board.standard)?;
    let entries = ranking
        .rank_scopes(board, &firstline::access::grant::GrantedView::default())
        .into_iter()
        .map(|ranked| {
            let scope = ranked.scope.values().copied().collect::<Vec<_>>().join("/");
            let value = ranked.value.map_or_else(
                || ranked.state.to_owned(),
                |value| round_to_four_decimals(value).to_string(),
            );
            let gap = ranked
                .gap
                .filter(|gap| *gap > 0.0)
                .map_or(String::new(), |gap| format!(" gap {}", round_to_four_decimals(gap)));
            format!(
                "{} {scope} {value}{gap}",
                ranked.rank.map_or("-".to_owned(), |rank| rank.to_string())
            )
        });
    Ok(entries.collect::<Vec<_>>().join(", "))
}

fn round_to_four_decimals(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn describe_reading(reading: &Reading) -> String {
    let value = match (&*reading.displayed_components(), reading.value) {
        (ReadingComponents::Ratio { good, of }, _) => format!("{good}/{of}"),
        (ReadingComponents::Rate { count, population: None }, _) => format!("{count} of ?"),
        (_, None) => "-".to_owned(),
        (ReadingComponents::Duration(durations), Some(mean)) => {
            format!("mean {} of {}", format_duration(mean), durations.of)
        }
        (
            ReadingComponents::Benchmark { period: Some(period) }
            | ReadingComponents::BenchmarkRatio { period: Some(period), .. },
            Some(value),
        ) => format!("{} of {period}", round_to_four_decimals(value)),
        (ReadingComponents::Benchmark { .. } | ReadingComponents::BenchmarkRatio { .. }, _) => {
            unreachable!("a value has a period")
        }
        (ReadingComponents::Count | ReadingComponents::Level, Some(value)) => format!("{value}"),
        (ReadingComponents::MissCount { of }, Some(value)) => format!("{value} of {of}"),
        (ReadingComponents::MeanLevel { time, elapsed }, Some(value)) => {
            format!(
                "{} of {}/{}",
                round_to_four_decimals(value),
                format_duration(*time),
                format_duration(*elapsed)
            )
        }
        (ReadingComponents::Oldest { .. }, Some(age)) => format_duration(age),
        (ReadingComponents::Score { of }, Some(value)) => format!("{value} of {of}"),
        (ReadingComponents::Share { part, whole, .. }, Some(value)) => {
            format!(
                "{} of {}/{}",
                round_to_four_decimals(value),
                format_duration(*part),
                format_duration(*whole)
            )
        }
        (ReadingComponents::Rate { count, population: Some(users) }, Some(value)) => {
            format!("{} of {count}/{users}", round_to_four_decimals(value))
        }
        (ReadingComponents::Difference { first, second }, Some(value)) => {
            let shown = |value: &Option<f64>| {
                value.map_or("-".to_owned(), |value| round_to_four_decimals(value).to_string())
            };
            format!("{} of {}-{}", round_to_four_decimals(value), shown(first), shown(second))
        }
        (ReadingComponents::Weighted { parts }, Some(value)) => {
            let points = |part: &PartReading| {
                part.points
                    .map_or("-".to_owned(), |points| round_to_four_decimals(points).to_string())
            };
            let points: Vec<String> = parts.iter().map(points).collect();
            format!("{} of {}", round_to_four_decimals(value), points.join("/"))
        }
        (ReadingComponents::EstimatedWait { waiting, handling, agents, .. }, Some(value)) => {
            format!(
                "{} of ({waiting}+1)*{}/{agents}",
                format_duration(value),
                handling.map_or("-".to_owned(), format_duration)
            )
        }
    };
    let level = reading.level.name();
    let states = reading.states.iter().filter(|state| *state != ReadingState::Ok);
    let state: String = states.map(|state| format!(" {}", state.name())).collect();
    let level = if level == "none" || reading.target.is_none() {
        String::new()
    } else {
        format!(" {level}")
    };
    format!("{value}{state}{level}")
}

/// Formats seconds as in `35s`, `1h30m` or `2.5s`.
fn format_duration(seconds: f64) -> String {
    let millis = (seconds * 1_000.0).round() as i64;
    let sign = if millis < 0 { "-" } else { "" };
    let mut rest = millis.abs();
    let mut text = String::new();
    for (unit, length) in [("h", HOUR), ("m", HOUR / 60)] {
        if rest >= length {
            text += &format!("{}{unit}", rest / length);
            rest %= length;
        }
    }
    if rest > 0 || text.is_empty() {
        text += &format!("{}s", rest as f64 / 1_000.0);
    }
    format!("{sign}{text}")
}

#[test]
fn scenarios_match_expected_readings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the scenario folder is readable")
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "no scenarios in {}", folder.display());
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("scenario files are readable");
        let name = path
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .expect("scenarios are inside the repository")
            .display()
            .to_string();
        if !text.starts_with("# ") {
            wrong.push(format!("{name}:1: the first line must be `# ` and a description"));
        }
        let (mut run, mut written) = (ScenarioRun::new(), String::new());
        for (index, line) in text.lines().enumerate() {
            let mut new = line.to_owned();
            match run.run_line(index + 1, line) {
                Err(error) => wrong.push(format!("{name}:{}: {error}", index + 1)),
                Ok(Some(Expectation { expected, got })) if expected != got => {
                    if update {
                        let before =
                            line.strip_suffix(expected.as_str()).unwrap_or(line).trim_end();
                        new = format!("{before} {got}");
                    } else {
                        wrong.push(format!(
                            "{name}:{}: expected `{expected}`, got `{got}`",
                            index + 1
                        ));
                    }
                }
                Ok(_) => {}
            }
            written += &(new + "\n");
        }
        if update && written != text {
            fs::write(&path, written).expect("scenario files are writable");
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n`UPDATE_EXPECT=1 cargo test --test scenarios` accepts the actual readings",
        wrong.join("\n")
    );
}
