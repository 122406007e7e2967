//! Names of earlier versions still work and leave a warning that names the new one; indicators whose
//! metrics Prometheus' linter refuses are warned of.

use firstline::domain::standard::RENAMED_INDICATORS;
use firstline::standard_file::{BUILT_IN, find_warnings, parse_standard};
use std::io::Write;
use std::process::{Command, Stdio};

const STANDARD: &str = r#"
name = "test"
version = "1"
title = { en = "Test", zh = "测试" }
time_zone = "UTC"
windows = ["30m"]
orders = ["repair"]
"#;

fn warnings(text: &str) -> Vec<String> {
    parse_standard("s.toml", text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let warnings = find_warnings(&[("s.toml".to_owned(), text.to_owned())]);
    warnings.iter().map(|warning| format!("{}: {}", warning.line, warning.message)).collect()
}

fn ratio(name: &str) -> String {
    format!(
        "[indicator.{name}]\ntitle = {{ en = \"A\", zh = \"甲\" }}\n\
         ratio = {{ good = [\"call.answered\"], of = [\"call.offered\"] }}\n"
    )
}

fn level(name: &str) -> String {
    format!(
        "[indicator.{name}]\ntitle = {{ en = \"A\", zh = \"甲\" }}\nlevel = [\"call.waiting\"]\n"
    )
}

#[test]
fn built_in_standard_has_no_warnings() {
    assert_eq!(warnings(BUILT_IN), Vec::<String>::new());
}

#[test]
fn old_keys_of_first_contact_are_read_with_a_warning() {
    let first_contact = |keys: &str| {
        format!(
            "{STANDARD}[indicator.once]\ntitle = {{ en = \"A\", zh = \"甲\" }}\n\
             one_shot = {{ contacts = [\"call.answered\"], within = \"72h\", {keys} }}\n"
        )
    };
    let old = first_contact(r#"spoilt_by = ["repair.reopened"], leave_out = ["call.transferred"]"#);
    let new =
        first_contact(r#"not_resolved_if = ["repair.reopened"], exclude = ["call.transferred"]"#);
    assert_eq!(
        warnings(&old),
        [
            "10: `spoilt_by` is now `not_resolved_if`; the old name still works",
            "10: `leave_out` is now `exclude`; the old name still works",
        ]
    );
    assert!(warnings(&new).is_empty());
    let rules =
        |text: &str| format!("{:?}", parse_standard("s", text).unwrap().first_contact_rules);
    assert_eq!(rules(&old), rules(&new));
    let both = first_contact(r#"spoilt_by = [], not_resolved_if = []"#);
    let problems = parse_standard("s", &both).unwrap_err();
    assert!(problems[0].message.contains("old name of `not_resolved_if`"), "{problems:?}");
}

#[test]
fn old_indicator_names_find_the_renamed_indicator() {
    let standard = parse_standard("built-in", BUILT_IN).unwrap();
    for (old, new) in RENAMED_INDICATORS {
        let place = standard.find_indicator(old).expect("the renamed indicator");
        assert_eq!(standard.indicators[place].name, new);
    }
    assert_eq!(standard.find_indicator("nothing"), None);
    let own = format!(
        "{STANDARD}{}{}[indicator.gap]\ntitle = {{ en = \"A\", zh = \"甲\" }}\n\
         difference = {{ first = \"counter_in_time\", second = \"other\" }}\n",
        ratio("desk_in_time"),
        ratio("other"),
    );
    assert_eq!(
        warnings(&own),
        ["16: `counter_in_time` is now `desk_in_time`; the old name still works"]
    );
}

/// The warnings agree with the linter itself, where it is installed: each refused name is warned of,
/// and no other.
#[test]
fn linter_refuses_exactly_the_names_that_are_warned_of() {
    let names = [
        "counter_in_time",
        "gauge",
        "answered_total",
        "wait_minutes",
        "repairs_due_4h",
        "a_b",
        "calls_count",
        "share_sum",
        "in_days",
        "open_h",
        "answer_rate",
        "per_10000",
        "a_histogram",
        "summary_of",
        "queue_bucket",
        "kb",
        "ms_left",
        "answered_in_time",
        "unit",
        "info",
    ];
    let mut refused = Vec::new();
    for (name, text) in names.iter().flat_map(|name| [(name, ratio(name)), (name, level(name))]) {
        let text = format!("{STANDARD}{text}");
        let standard = parse_standard("s.toml", &text).unwrap();
        let metric = standard.indicators[0].metric_name();
        let warned = !warnings(&text).is_empty();
        if let Some(passed) = passes_linter(&metric) {
            assert_eq!(passed, !warned, "{metric}");
        }
        if warned {
            refused.push(*name);
        }
    }
    assert!(refused.contains(&"counter_in_time") && !refused.contains(&"repairs_due_4h"));
}

/// Returns true if Prometheus' linter accepts a gauge of this name, `None` if it is not installed.
fn passes_linter(metric: &str) -> Option<bool> {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .inspect_err(|_| eprintln!("skipped: `promtool` is not installed"))
        .ok()?;
    let text = format!("# HELP {metric} Test\n# TYPE {metric} gauge\n{metric} 1\n");
    promtool.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a reader");
    Some(promtool.wait_with_output().expect("the linter ends").status.success())
}
