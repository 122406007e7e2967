//! Tests of problems in alert policies and of their defaults.

use crate::domain::standard::alert_policy::{AlertMeasure, AlertRule, NoDataAction, Severity};
use crate::standard_file::parse_standard;

const STANDARD_HEAD: &str = r#"
name = "x"
version = "1"
date_of_effect = 2026-01-01
title = { en = "X", zh = "某" }
time_zone = "UTC"
dimensions = ["center", "tier"]
scopes = [[], ["center"]]
windows = ["5m", "1h", "today"]
orders = ["repair"]
[calendar.service]
week = { mon-fri = ["08:00-20:00"] }
[commitment.repair]
from = "repair.opened"
until = "repair.resolved"
within = "48h"
[commitment.call]
from = "call.offered"
until = "call.answered"
within = "20s"
[indicator.answered]
title = { en = "A", zh = "甲" }
ratio = { good = ["call.answered"], of = ["call.offered"] }
target = { at_least = 0.85, warning = 0.9 }
small_sample = 7
[indicator.wait]
title = { en = "W", zh = "乙" }
duration = ["call.answered"]
[indicator.waiting]
title = { en = "N", zh = "丙" }
level = ["call.waiting"]
[alert.a]
title = { en = "A", zh = "甲" }
"#;

#[test]
fn reports_policy_mistakes_with_remedy() {
    for (policy, remedy) in [
        ("severity = \"warning\"", "evaluates nothing"),
        (
            "indicator = \"answered\"\nwindow = \"5m\"\ncommitment = \"repair\"",
            "write two policies",
        ),
        ("indicator = \"anwered\"\nwindow = \"5m\"", "did you mean `answered`?"),
        ("indicator = \"answered\"", "needs a window, as in `window = \"5m\"`"),
        ("indicator = \"answered\"\nwindow = \"30m\"", "`windows` has: 5m, 1h, today"),
        ("indicator = \"waiting\"\nwindow = \"5m\"\nabove = 3", "remove `window`"),
        ("indicator = \"waiting\"", "add the threshold `below` or `above`"),
        ("indicator = \"waiting\"\nabove = 3\nbelow = 1", "not both"),
        ("indicator = \"waiting\"\nabove = 3\nclear = 4", "bad side of 3"),
        ("indicator = \"wait\"\nwindow = \"5m\"\nabove = 20", "needs a unit"),
        (
            "indicator = \"answered\"\nwindow = \"5m\"\nby = [\"tier\"]",
            "`scopes` has: [], [center]",
        ),
        ("indicator = \"answered\"\nwindow = \"5m\"\nfor = \"31d\"", "longer than 30 days"),
        ("indicator = \"answered\"\nwindow = \"5m\"\nmin_count = -1", "cannot be negative"),
        ("indicator = \"answered\"\nwindow = \"5m\"\nno_data = \"clear\"", "\"clear after 1h\""),
        (
            "indicator = \"answered\"\nwindow = \"5m\"\nno_data = \"fire after 5\"",
            "write a whole number and ms, s, m, h or d",
        ),
        (
            "indicator = \"answered\"\nwindow = \"5m\"\nseverity = \"bad\"",
            "allowed: `warning`, `critical`",
        ),
        ("indicator = \"answered\"\nwindow = \"5m\"\nto = \"the desk\"", "is not a valid receiver"),
        ("indicator = \"answered\"\nwindow = \"5m\"\nkeep = \"5m\"", "unknown key `keep`"),
        ("indicator = \"answered\"\nburn = { times = 2.0 }\nwindow = \"5m\"", "remove `window`"),
        ("indicator = \"wait\"\nburn = { times = 2.0 }", "has no error budget"),
        ("indicator = \"answered\"\nburn = {}", "needs `times`"),
        (
            "indicator = \"answered\"\nburn = { windows = [\"today\"], times = 2.0 }",
            "rolling windows",
        ),
        (
            "indicator = \"answered\"\nburn = { budget = \"month\", share = 0.02, calendar = \"night\" }",
            "declare it: `[calendar.night]`",
        ),
        ("commitment = \"repare\"\ngrades = [{ left = \"4h\" }]", "did you mean `repair`?"),
        ("commitment = \"call\"\ngrades = [{ left = \"4h\" }]", "is not a commitment on orders"),
        ("commitment = \"repair\"", "needs a key `grades`"),
        ("commitment = \"repair\"\ngrades = [{ to = \"desk\" }]", "a grade is one of"),
        ("commitment = \"repair\"\ngrades = [{ used = \"100%\" }]", "\"1%\" to \"99%\""),
        (
            "commitment = \"repair\"\ngrades = [{ left = \"4h\" }, { left = \"4h\" }]",
            "is listed already",
        ),
        (
            "commitment = \"repair\"\ngrades = [{ left = \"4h\" }]\nwhere = { town = \"x\" }",
            "`town` is not a dimension",
        ),
    ] {
        let problems =
            parse_standard("x.toml", &format!("{STANDARD_HEAD}{policy}\n")).expect_err(policy);
        let found =
            problems.iter().any(|problem| problem.message.contains(remedy) && problem.line >= 32);
        assert!(found, "{policy} does not mention {remedy}: {problems:#?}");
    }
}

#[test]
fn applies_defaults_to_omitted_policy_keys() {
    let text = format!(
        "{STANDARD_HEAD}indicator = \"answered\"\nwindow = \"5m\"\n[alert.b]\ntitle = {{ en = \"B\", zh = \"乙\" }}\ncommitment = \"repair\"\ngrades = [{{ left = \"4h\" }}, {{ overdue = true }}]\n"
    );
    let standard =
        parse_standard("x.toml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let [indicator, orders] = &standard.policies[..] else { panic!("two policies") };
    let AlertRule::Indicator(rule) = &indicator.rule else { panic!("a rule on an indicator") };
    assert_eq!(
        (rule.min_count, rule.no_data, &rule.scopes[..], indicator.follow_up),
        (7, NoDataAction::Hold, &[0][..], true)
    );
    assert_eq!(rule.measure, AlertMeasure::Value { window: Some(0), fire: None, clear: None });
    let AlertRule::Orders(rule) = &orders.rule else { panic!("a rule on orders") };
    assert_eq!(
        rule.grades.iter().map(|grade| grade.severity).collect::<Vec<_>>(),
        [Severity::Warning, Severity::Critical]
    );
    assert!(!orders.follow_up);
    assert_eq!(
        standard.commitments[0].terms[0].warnings.len(),
        1,
        "the commitment has a warning for the grade"
    );
}
