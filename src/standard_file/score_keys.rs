//! `scale = { from = 0, to = 10 }`: the scale of survey scores.

use crate::domain::standard::score_scale::ScoreScale;
use crate::toml_document::TomlTable;

/// Reads the scale of survey scores. Returns `None` if the standard declares none.
pub(super) fn read_scale(root: &TomlTable<'_>) -> Option<ScoreScale> {
    let table = root.optional_table("scale")?;
    let number = |key: &str, what: &str| {
        table.required_value(key, what).and_then(|value| value.require_float())
    };
    let (from, to) = (number("from", "the worst score"), number("to", "the best score"));
    table.report_unknown_keys();
    let scale = ScoreScale { from: from?, to: to? };
    let valid = scale.from < scale.to;
    if !valid {
        table.report_problem(
            "to",
            format!("the best score `to` must be above the worst, `from` = {}", scale.from),
        );
    }
    valid.then_some(scale)
}

#[cfg(test)]
mod tests {
    use crate::domain::standard::score_scale::ScoreScale;
    use crate::standard_file::{BUILT_IN, parse_standard};

    #[test]
    fn scale_is_read_and_its_mistakes_are_located() {
        let read = |scale: &str| {
            let text = BUILT_IN.replacen("name =", &format!("{scale}\nname ="), 1);
            parse_standard("s.toml", &text).map(|standard| standard.schema.score_scale)
        };
        assert_eq!(read("").ok(), Some(None));
        assert_eq!(
            read("scale = { from = 0, to = 10 }").ok(),
            Some(Some(ScoreScale { from: 0.0, to: 10.0 }))
        );
        for (scale, remedy) in [
            ("scale = { from = 0 }", "needs a key `to` (the best score)"),
            ("scale = { from = 5, to = 5 }", "must be above the worst, `from` = 5"),
            ("scale = { from = 0, to = 10, step = 1 }", "unknown key `step`"),
            ("scale = 10", "must be a table"),
        ] {
            let problems = read(scale).expect_err(scale);
            assert!(problems[0].message.contains(remedy), "{scale}: {}", problems[0]);
        }
    }
}
