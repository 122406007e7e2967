//! Keys of alert policies.

use super::{KeyReference, TableReference};

/// Alert policies on indicators and on orders.
pub(super) const TABLES: [TableReference; 3] = [
    TableReference {
        heading: "[alert.NAME]",
        purpose: "An alert policy on an `indicator` or on the orders of a `commitment`. Exactly \
            one of the two is required. The keys from `window` to `burn` are for \
            `indicator` only, and the keys from `where` on are for `commitment` only. With \
            `burn`, leave `window`, `below`, `above` and `clear` out. At most 200 \
            policies.",
        keys: &[&ALERT_KEYS, &INDICATOR_RULE_KEYS, &ORDER_RULE_KEYS],
    },
    TableReference {
        heading: "[alert.NAME.burn]",
        purpose: "Fires when the error budget of a ratio with a target is used up too fast. \
            Either `times`, or `budget` with `share`, is required.",
        keys: &[&BURN_KEYS],
    },
    TableReference {
        heading: "[[alert.NAME.grades]]",
        purpose: "One grade of a policy on orders, with exactly one of `left`, `used` and \
            `overdue`. A grade ends when the commitment is fulfilled or cancelled, the \
            order is closed, or the deadline moves away.",
        keys: &[&GRADE_KEYS],
    },
];

/// Keys of every alert policy.
const ALERT_KEYS: [KeyReference; 5] = [
    KeyReference::required(
        "title",
        "table",
        "Name for people, in English and Chinese.",
        r#"title = { en = "Answer rate", zh = "接通率" }"#,
    ),
    KeyReference::optional(
        "severity",
        "`warning` or `critical`",
        "`warning`; `critical` for a grade with `overdue`",
        "Severity of the alert.",
        r#"severity = "critical""#,
    ),
    KeyReference::optional(
        "to",
        "name",
        "all receivers",
        "Receiver that is notified. See `[notify.webhook.NAME]` of the configuration.",
        r#"to = "desk""#,
    ),
    KeyReference::optional(
        "runbook",
        "string, 1 to 500 bytes",
        "no runbook",
        "Instructions for the person who is notified: a text or an address.",
        r#"runbook = "https://wiki.example.org/answer-rate""#,
    ),
    KeyReference::optional(
        "follow_up",
        "`true` or `false`",
        "`true` with `indicator`, `false` with `commitment`",
        "Keep the ended alert on the list of follow-ups until somebody closes it.",
        "follow_up = false",
    ),
];

/// Keys of a policy on an indicator.
const INDICATOR_RULE_KEYS: [KeyReference; 11] = [
    KeyReference::optional(
        "indicator",
        "name of an indicator",
        "`commitment`",
        "Indicator that is evaluated.",
        r#"indicator = "answer_rate""#,
    ),
    KeyReference::optional(
        "window",
        "window of the standard",
        "required, except for current states and `burn`",
        "Window over which the indicator is evaluated.",
        r#"window = "1h""#,
    ),
    KeyReference::with_default(
        "by",
        "scope or list of scopes",
        "[]",
        "Scopes that are evaluated, each on its own. `[]` is everything. `[[\"center\"], []]` \
        names several kinds.",
        r#"by = ["center"]"#,
    ),
    KeyReference::optional(
        "below",
        "amount",
        "the target of the indicator",
        "The condition holds below this value. Not together with `above`.",
        "below = 0.85",
    ),
    KeyReference::optional(
        "above",
        "amount",
        "the target of the indicator",
        "The condition holds above this value. Not together with `below`.",
        "above = 30",
    ),
    KeyReference::optional(
        "clear",
        "amount",
        "the `warning` of the target, or the threshold",
        "The condition ends at this value.",
        "clear = 0.90",
    ),
    KeyReference::with_default(
        "for",
        "duration, 0s to 30d",
        r#""0s""#,
        "How long the condition must hold before the alert fires.",
        r#"for = "5m""#,
    ),
    KeyReference::with_default(
        "keep_firing",
        "duration, 0s to 30d",
        r#""0s""#,
        "How long the condition must be over before the alert ends.",
        r#"keep_firing = "5m""#,
    ),
    KeyReference::optional(
        "min_count",
        "integer, from 0",
        "`small_sample` of the indicator",
        "Readings of fewer cases change nothing.",
        "min_count = 20",
    ),
    KeyReference::with_default(
        "no_data",
        "`hold`, `clear after DURATION` or `fire after DURATION`",
        r#""hold""#,
        "Effect of missing and stale readings.",
        r#"no_data = "clear after 1h""#,
    ),
    KeyReference::optional(
        "burn",
        "table",
        "compare the value",
        "Compare the burn rate of the error budget instead of the value. See `[alert.NAME.burn]`.",
        r#"burn = { windows = ["1h", "5m"], times = 6.0 }"#,
    ),
];

/// Keys of a policy on the orders of a commitment.
const ORDER_RULE_KEYS: [KeyReference; 3] = [
    KeyReference::optional(
        "commitment",
        "name of a commitment on orders",
        "`indicator`",
        "Commitment whose orders are evaluated, each on its own.",
        r#"commitment = "repair""#,
    ),
    KeyReference::optional(
        "where",
        "conditions",
        "all orders",
        "With `commitment`: orders to which the policy applies.",
        r#"where = { tier = "vip" }"#,
    ),
    KeyReference::optional(
        "grades",
        "list of 1 to 20 tables",
        "required with `commitment`",
        "When to notify, and whom. See `[[alert.NAME.grades]]`.",
        r#"grades = [{ left = "4h", to = "desk" }, { overdue = true, to = "manager" }]"#,
    ),
];

/// `[alert.NAME.burn]`.
const BURN_KEYS: [KeyReference; 5] = [
    KeyReference::with_default(
        "windows",
        "list of rolling windows of the standard",
        r#"["1h", "5m"]"#,
        "Windows in all of which the burn rate must be exceeded.",
        r#"windows = ["1h", "5m"]"#,
    ),
    KeyReference::optional(
        "times",
        "number above 0",
        "`budget` with `share`",
        "Burn rate: multiple of the rate at which the target allows bad cases.",
        "times = 6.0",
    ),
    KeyReference::optional(
        "budget",
        "`interval15`, `interval30`, `today`, `week` or `month`",
        "`times`",
        "Period whose whole error budget `share` refers to.",
        r#"budget = "month""#,
    ),
    KeyReference::optional(
        "share",
        "number between 0 and 1",
        "`times`",
        "Share of that budget that the longest window uses up at this burn rate.",
        "share = 0.02",
    ),
    KeyReference::optional(
        "calendar",
        "name of a calendar",
        "all hours count",
        "Only open hours count. Outside of them nothing changes.",
        r#"calendar = "field""#,
    ),
];

/// `[[alert.NAME.grades]]`.
const GRADE_KEYS: [KeyReference; 5] = [
    KeyReference::optional(
        "left",
        "duration above 0",
        "another condition",
        "Fires from this time before the deadline on.",
        r#"left = "4h""#,
    ),
    KeyReference::optional(
        "used",
        "percentage, 1% to 99%",
        "another condition",
        "Fires when this share of the time allowed has passed.",
        r#"used = "80%""#,
    ),
    KeyReference::with_default(
        "overdue",
        "`true` or `false`",
        "false",
        "Fires when the deadline has passed.",
        "overdue = true",
    ),
    KeyReference::optional(
        "severity",
        "`warning` or `critical`",
        "the `severity` of the policy",
        "Severity of this grade.",
        r#"severity = "critical""#,
    ),
    KeyReference::optional(
        "to",
        "name",
        "the `to` of the policy",
        "Receiver of this grade.",
        r#"to = "manager""#,
    ),
];
