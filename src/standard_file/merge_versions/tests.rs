//! Tests of compatible and incompatible versions.

use crate::domain::standard::scope::Scope;
use crate::domain::standard::{DeadlineRule, Standard};
use crate::domain::time::timestamp::{HOUR, Timestamp};
use crate::standard_file::parse_versions;

/// Returns the name and content of a version file with the lines of `body`.
fn version_file(version: &str, date: &str, body: &str) -> (String, String) {
    let text = format!(
        "name = \"x\"\nversion = \"{version}\"\ndate_of_effect = {date}\ntitle = {{ en = \"X\", zh = \"X\" }}\ntime_zone = \"Asia/Shanghai\"\n\
         windows = [\"today\"]\norders = [\"repair\"]\n{body}\n"
    );
    (format!("{version}.toml"), text)
}

const ANSWERS_INDICATOR: &str = "[indicator.answers]\ntitle = { en = \"A\", zh = \"A\" }\nratio.good = [\"call.answered\"]\nratio.of = [\"call.offered\"]";

fn repair_tables(dimensions: &str, within: &str, extra: &str, target: &str) -> String {
    format!(
        "dimensions = [{dimensions}]\n[calendar.field]\nweek = {{ daily = [\"08:00-18:00\"] }}\n[commitment.repair]\nfrom = \"repair.opened\"\n\
         until = \"repair.resolved\"\nvoid = [\"repair.cancelled\"]\ndeadline = [{{ where = {{ tier = \"vip\" }}, within = \"{within}\", \
         calendar = \"field\" }}, {{ within = \"9h\" }}]\n{extra}\n{ANSWERS_INDICATOR}\ntarget = {{ at_least = {target} }}"
    )
}

fn parse_files(files: &[(String, String)]) -> Result<Standard, String> {
    parse_versions(files)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Returns midnight of a day in Shanghai.
fn start_of_day(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{text}T00:00:00+08:00")).expect("valid time")
}

#[test]
fn version_applies_from_its_date_in_any_file_order() {
    let one =
        version_file("1", "2026-01-01", &repair_tables("\"tier\", \"center\"", "4h", "", "0.8"));
    let two =
        version_file("2", "2026-07-01", &repair_tables("\"center\", \"tier\"", "2h", "", "0.9"));
    let standard = parse_files(&[one.clone(), two.clone()]).expect("compatible versions");
    let versions: Vec<(&str, Timestamp)> =
        standard.versions.iter().map(|version| (version.version.as_str(), version.since)).collect();
    assert_eq!(versions, [("2", start_of_day("2026-07-01")), ("1", Timestamp(i64::MIN))]);
    assert_eq!(
        (standard.version.as_str(), &standard.schema.dimensions[..]),
        ("2", &["center".to_owned(), "tier".to_owned()][..])
    );
    let before = Some(start_of_day("2026-07-01").plus_millis(-1));
    let target = |standard: &Standard, at| {
        standard.indicators[0].overall_target_at(at).map(|target| target.value)
    };
    assert_eq!(
        [target(&standard, before), target(&standard, Some(start_of_day("2026-07-01")))],
        [Some(0.8), Some(0.9)]
    );
    let terms = &standard.commitments[0].terms;
    assert_eq!((terms[0].since, terms[1].since), (start_of_day("2026-07-01"), Timestamp(i64::MIN)));
    assert_eq!(
        (terms[0].choices[0].deadline, terms[1].choices[0].deadline),
        (DeadlineRule::Within(2 * HOUR, Some(0)), DeadlineRule::Within(4 * HOUR, Some(1)))
    );
    assert_eq!(
        terms[1].choices[0].conditions,
        [(1, vec!["vip".to_owned()])],
        "index of `tier` in the newest version"
    );
    assert_eq!(standard.calendars.len(), 2);
    let reordered = parse_files(&[two, one]).expect("compatible versions");
    assert_eq!((reordered.versions, reordered.commitments.len()), (standard.versions, 1));
}

#[test]
fn end_of_an_older_calendar_is_no_warning() {
    let file = |version: &str, date: &str, holidays: &str| {
        let tables = repair_tables("\"center\", \"tier\"", "2h", "", "0.9");
        let week = tables.find("\nweek = ").expect("a calendar") + 1;
        let tables = format!("{}holidays = [{holidays}]\n{}", &tables[..week], &tables[week..]);
        version_file(version, date, &tables)
    };
    let files = [file("1", "2026-01-01", "2026-10-01"), file("2", "2027-01-01", "2027-10-01")];
    let standard = parse_files(&files).expect("compatible versions");
    assert_eq!(standard.calendars.len(), 2);
    let ends: Vec<String> = standard.calendar_ends().map(|(_, end)| end.to_string()).collect();
    assert_eq!(ends, [start_of_day("2028-01-01").to_string()]);
}

#[test]
fn version_without_commitment_has_no_terms_or_target() {
    let one = version_file("1", "2026-01-01", &format!("dimensions = []\n{ANSWERS_INDICATOR}"));
    let two = version_file("2", "2026-07-01", &repair_tables("\"tier\"", "2h", "", "0.9"));
    let standard = parse_files(&[one, two]).expect("compatible versions");
    assert!(standard.commitments[0].terms[1].choices.is_empty());
    assert_eq!(standard.indicators[0].overall_target_at(Some(start_of_day("2026-06-30"))), None);
}

#[test]
fn single_version_applies_to_all_the_past() {
    let standard = parse_files(&[version_file(
        "2",
        "2026-07-01",
        &repair_tables("\"tier\"", "2h", "", "0.9"),
    )])
    .expect("valid version");
    assert_eq!(standard.versions[0].since, Timestamp(i64::MIN));
    assert_eq!(standard.commitments[0].terms[0].since, Timestamp(i64::MIN));
    assert!(standard.indicators[0].overall_target_at(None).is_some());
}

#[test]
fn reports_incompatible_versions_with_position_and_remedy() {
    let one = || version_file("1", "2026-01-01", &repair_tables("\"tier\"", "4h", "", "0.8"));
    let with = |date: &str, body: &str| version_file("2", date, body);
    let (file, text) = one();
    let other_name = (
        format!("other-{file}"),
        text.replace("name = \"x\"", "name = \"y\"").replace("version = \"1\"", "version = \"3\""),
    );
    let undated = with("2026-07-01", &repair_tables("\"tier\"", "2h", "", "0.9"));
    let undated = (undated.0, undated.1.replace("date_of_effect = 2026-07-01\n", "\n"));
    let duration = ANSWERS_INDICATOR.replace(
        "ratio.good = [\"call.answered\"]\nratio.of = [\"call.offered\"]",
        "duration = [\"call.answered\"]",
    );
    let family = repair_tables("\"tier\"", "2h", "", "0.9");
    for (other, message) in [
        (other_name, "other-1.toml:1:8: `y` differs from `x` of `1.toml`"),
        (
            ("again.toml".to_owned(), one().1.replace("2026-01-01", "2026-02-01")),
            "again.toml:2:11: `1.toml` is also version `1`",
        ),
        (
            with("2026-01-01", &repair_tables("\"tier\"", "2h", "", "0.9")),
            "2.toml:3:18: `1.toml` also takes effect on 2026-01-01",
        ),
        (undated, "each of several versions needs a first day"),
        (
            with(
                "2026-07-01",
                &repair_tables("\"tier\"", "2h", "", "0.9")
                    .replace("until = \"repair.resolved\"", "until = \"repair.arrived\""),
            ),
            "2.toml:13:9: in version 1 the `until` of `repair` was `repair.resolved`, now it is \
             `repair.arrived`",
        ),
        (
            with(
                "2026-07-01",
                &repair_tables("\"tier\"", "2h", "", "0.9")
                    .replace("\"tier\"", "\"grade\"")
                    .replace("tier =", "grade ="),
            ),
            "version 2 lacks the dimension `tier`, which selects a deadline here",
        ),
        (
            with("2026-07-01", &format!("dimensions = [\"tier\"]\n{duration}")),
            "in version 1 the unit of `answers` was `ratio`, now it is `seconds`",
        ),
        (
            with("2026-07-01", &family.replace("at_least = 0.9", "at_last = 0.9")),
            "unknown key `at_last`",
        ),
    ] {
        let problems = parse_files(&[one(), other]).expect_err("incompatible versions");
        assert!(problems.contains(message), "{problems}\ndoes not contain\n{message}");
    }
}

#[test]
fn targets_of_each_version_keep_their_scopes_and_dates() {
    let targets = |dimensions: &str, low: f64, high: f64| {
        format!(
            "dimensions = [{dimensions}]\nscopes = [[\"tier\"], [\"center\"]]\n{ANSWERS_INDICATOR}\n\
             target = {{ at_least = {low} }}\ntargets = [{{ where = {{ center = \"hefei\" }}, \
             at_least = {high}, from = 2026-08-01 }}]"
        )
    };
    let one = version_file("1", "2026-01-01", &targets("\"tier\", \"center\"", 0.5, 0.6));
    let two = version_file("2", "2026-10-01", &targets("\"center\", \"tier\"", 0.7, 0.8));
    let standard = parse_files(&[one, two]).expect("compatible versions");
    let target = |value: &str, day: &str| {
        let center = standard.scopes.iter().position(|scope| scope[..] == [0]).expect("a scope");
        let scope = Scope { kind: center, values: vec![value.into()] };
        let at = Some(start_of_day(day));
        standard.target_in_scope(&standard.indicators[0], &scope, at).map(|target| target.value)
    };
    assert_eq!(
        ["2026-07-31", "2026-08-01", "2026-10-01"].map(|day| target("hefei", day)),
        [Some(0.5), Some(0.6), Some(0.8)]
    );
    assert_eq!(
        ["2026-07-31", "2026-08-01", "2026-10-01"].map(|day| target("wuhu", day)),
        [Some(0.5), Some(0.5), Some(0.7)]
    );
    let lost = version_file(
        "3",
        "2026-11-01",
        &format!("dimensions = [\"tier\"]\nscopes = [[\"tier\"]]\n{ANSWERS_INDICATOR}"),
    );
    let old = version_file("2", "2026-10-01", &targets("\"center\", \"tier\"", 0.7, 0.8));
    let problems = parse_files(&[old, lost]).expect_err("a dimension is missing");
    assert!(
        problems.contains("lacks the dimension `center`, which selects a target"),
        "{problems}"
    );
}
