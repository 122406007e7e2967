//! Every key of a standard file.

mod alert_tables;
mod commitment_tables;
mod formula_tables;
mod indicator_tables;
mod root_tables;

use super::key_table::{KeyReference, ReferencePage, TableReference};

/// The reference page of the standard.
pub const STANDARD_PAGE: ReferencePage = ReferencePage {
    title: "Standard reference",
    introduction: INTRODUCTION,
    example: EXAMPLE,
    value_types: &VALUE_TYPES,
    tables: &[
        &root_tables::TABLES,
        &commitment_tables::TABLES,
        &indicator_tables::TABLES,
        &formula_tables::TABLES,
        &alert_tables::TABLES,
    ],
};

const INTRODUCTION: &str = "\
With this page you can write a standard: a TOML file with your groups of cases, calendars,
commitments (SLA), indicators and alert policies. It lists every key with its type, default, meaning
and an example.

1. Write the standard, or change a copy of the built-in one, `standards/telecom.toml`.
2. Run `firstline check FILE`. It reports every problem with file, line and remedy.
3. Run `firstline check --explain FILE` to read in words what the standard means.
4. Name the file in the [configuration](configuration.md), or pass it with `--standard`.

This page is generated. `firstline reference standard` prints it.";

const EXAMPLE: &str = r#"
name = "hotline"
version = "1"
title = { en = "Hotline standard", zh = "热线标准" }
time_zone = "Asia/Shanghai"
dimensions = ["center"]
scopes = [[], ["center"]]
windows = ["30m", "today"]
orders = ["repair"]

[commitment.repair]
from = "repair.opened"
until = "repair.resolved"
within = "48h"

[indicator.answer_rate]
title = { en = "Answer rate", zh = "接通率" }
ratio.good = ["call.answered"]
ratio.of = ["call.answered", "call.abandoned"]
target = { at_least = 0.85, warning = 0.90 }

[indicator.repair_timeliness]
title = { en = "Repairs on time", zh = "修障及时率" }
ratio.good = ["repair.kept"]
ratio.of = ["repair.kept", "repair.missed"]
target = { at_least = 0.95 }

[alert.answer_rate_low]
title = { en = "Answer rate too low", zh = "接通率过低" }
indicator = "answer_rate"
window = "30m"
for = "5m"
"#;

const VALUE_TYPES: [(&str, &str); 15] = [
    ("string", "Text in quotes."),
    ("integer, number", "Without quotes, as in `10` and `0.85`."),
    (
        "duration",
        "Whole number and `ms`, `s`, `m`, `h` or `d`, as in `\"20s\"`. A day is 24 hours.",
    ),
    ("date", "`2026-10-01`, with or without quotes."),
    ("time of day", "`\"16:00\"`."),
    (
        "time span",
        "`\"08:00-12:00\"`. `\"22:00-06:00\"` ends on the next day. \
         `\"00:00-24:00\"` is a whole day.",
    ),
    ("time zone", "Name of the IANA list, as in `\"Asia/Shanghai\"`."),
    ("path", "Relative to the folder of the file that names it."),
    ("name", "Lower-case letters, digits and `_`, beginning with a letter, at most 60 characters."),
    ("dimension", "A name listed in `dimensions`."),
    ("family", "`call`, `queue`, `survey`, `agent`, or a name listed in `orders`."),
    ("conditions", "`{ tier = \"vip\", center = [\"hefei\", \"wuhu\"] }`. All of them must match."),
    (
        "fact",
        "`\"FAMILY.FACT\"`, as in `\"call.answered\"`, or `\"COMMITMENT.FACT\"`. \
         In a list of facts each entry can have limits.",
    ),
    (
        "window",
        "Rolling: minutes, hours or days from `1m` to `7d`. \
         Calendar: `interval15`, `interval30`, `today`, `week`, `month`. Whole replay: `all`.",
    ),
    ("amount", "A number. For indicators in seconds, a duration in quotes, as in `\"20s\"`."),
];
