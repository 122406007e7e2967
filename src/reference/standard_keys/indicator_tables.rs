//! Keys of indicators with their targets and labels.

use super::{KeyReference, TableReference};

/// Indicators, their targets and labels, and entries of lists of facts.
pub(super) const TABLES: [TableReference; 5] = [
    TableReference {
        heading: "[indicator.NAME]",
        purpose: "An indicator with exactly one formula: `ratio`, `duration`, `count`, `level`, \
            `mean_level`, `score`, `nps`, `one_shot`, `share`, `rate`, `difference`, `weighted` \
            or `estimated_wait`. The name becomes part of metric names. At least one indicator is \
            required.",
        keys: &[&INDICATOR_KEYS],
    },
    TableReference {
        heading: "Entry of a list of facts",
        purpose: "An entry is the name of a fact, or a table that limits which of these facts \
            are counted. At most one of `within`, `below`, `beyond` and `from` is allowed. \
            A fact accepts at most one of `reason`, `to`, `resolved`, `level`, \
            `satisfied`, `at` and `liable`.",
        keys: &[&FACT_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.target]",
        purpose: "Exactly one of `at_least` and `at_most` is required.",
        keys: &[&TARGET_KEYS],
    },
    TableReference {
        heading: "[[indicator.NAME.targets]]",
        purpose: "A target of some scopes, or from a date on. Of the targets that match a scope \
            and whose `from` has come, the one with the most dimensions in `where` applies, then \
            the one with the latest `from`. Two targets of the same precedence must not match the \
            same scope. All targets of an indicator use `at_least`, or all use `at_most`.",
        keys: &[&SCOPED_TARGET_KEYS, &TARGET_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.labels]",
        purpose: "Labels for filters and groups of boards and reports.",
        keys: &[&LABEL_KEYS],
    },
];

/// `[indicator.NAME]`.
const INDICATOR_KEYS: [KeyReference; 23] = [
    KeyReference::required(
        "title",
        "table",
        "Name for people, in English and Chinese.",
        r#"title = { en = "Answer rate", zh = "接通率" }"#,
    ),
    KeyReference::optional(
        "ratio",
        "table",
        "another formula",
        "Share of good cases. See `[indicator.NAME.ratio]`.",
        r#"ratio = { good = ["call.answered"], of = ["call.offered"] }"#,
    ),
    KeyReference::optional(
        "duration",
        "list of facts with durations",
        "another formula",
        "Average, percentiles and maximum of durations, in seconds.",
        r#"duration = ["call.answered"]"#,
    ),
    KeyReference::optional(
        "count",
        "list of facts",
        "another formula",
        "Number of facts in each window.",
        r#"count = ["call.offered"]"#,
    ),
    KeyReference::optional(
        "level",
        "list of current states",
        "another formula",
        "Number of cases that are in one of these states now.",
        r#"level = ["call.waiting"]"#,
    ),
    KeyReference::optional(
        "mean_level",
        "list of current states",
        "another formula",
        "Mean number of cases that were in one of these states, weighted by time, in each window.",
        r#"mean_level = ["call.waiting"]"#,
    ),
    KeyReference::with_default(
        "oldest",
        "`true` or `false`",
        "false",
        "With `level`: age of the oldest such state in seconds, instead of the number.",
        "oldest = true",
    ),
    KeyReference::optional(
        "score",
        "list of facts with answers",
        "another formula",
        "Average weight of customers’ answers. Requires `weights`.",
        r#"score = ["survey.rated"]"#,
    ),
    KeyReference::optional(
        "weights",
        "list of 5 numbers",
        "required with `score`",
        "Weights of the answers 1 to 5.",
        "weights = [0.0, 0.2, 0.5, 0.8, 1.0]",
    ),
    KeyReference::optional(
        "nps",
        "table",
        "another formula",
        "Net Promoter Score, in points from -100 to 100. See `[indicator.NAME.nps]`.",
        r#"nps = { of = ["survey.rated"] }"#,
    ),
    KeyReference::optional(
        "one_shot",
        "table",
        "another formula",
        "First contact resolution (FCR). See `[indicator.NAME.one_shot]`. At most 16 indicators.",
        r#"one_shot = { contacts = ["call.answered"], within = "72h" }"#,
    ),
    KeyReference::optional(
        "share",
        "table",
        "another formula",
        "Share of one sum of durations in another. See `[indicator.NAME.share]`.",
        "share = { part = [\"agent.talking_time\"], whole = [\"agent.talking_time\", \
        \"agent.ready_time\"] }",
    ),
    KeyReference::optional(
        "rate",
        "table",
        "another formula",
        "Number of facts per number of users. See `[indicator.NAME.rate]`.",
        r#"rate = { of = ["complaint.opened"], per = 10000, population = "users" }"#,
    ),
    KeyReference::optional(
        "difference",
        "table",
        "another formula",
        "One indicator minus another. See `[indicator.NAME.difference]`.",
        r#"difference = { first = "vip_answer_rate", second = "answer_rate" }"#,
    ),
    KeyReference::optional(
        "weighted",
        "table",
        "another formula",
        "Score of several indicators for reaching their targets. See `[indicator.NAME.weighted]`.",
        r#"weighted = { parts = [{ indicator = "answer_rate", weight = 3 }] }"#,
    ),
    KeyReference::optional(
        "benchmark",
        "name of an outside series",
        "another formula",
        "Value of `[benchmark.NAME]` for the period of the window. Without one, the value for the \
        newest period that has ended. A reading names the period. With `difference`, an indicator \
        has the series as its target.",
        r#"benchmark = "industry_appeals""#,
    ),
    KeyReference::optional(
        "estimated_wait",
        "table",
        "another formula",
        "Expected waiting time of the next customer, in seconds. See \
        `[indicator.NAME.estimated_wait]`.",
        "estimated_wait = { waiting = [\"call.waiting\"], handling = [\"call.handled\"], agents = \
        [\"agent.ready\"], window = \"1h\" }",
    ),
    KeyReference::optional(
        "target",
        "table",
        "no target",
        "Threshold that the indicator must reach. See `[indicator.NAME.target]`.",
        "target = { at_least = 0.85, warning = 0.90 }",
    ),
    KeyReference::optional(
        "targets",
        "list of up to 1000 tables",
        "`target` in all scopes",
        "Targets of some scopes, or from a date on. See `[[indicator.NAME.targets]]`.",
        r#"targets = [{ where = { center = "hefei" }, at_least = 0.9, from = 2026-07-01 }]"#,
    ),
    KeyReference::with_default(
        "small_sample",
        "integer, from 0",
        "0",
        "Readings of fewer cases than this are not compared with the target. Not for `rate` and \
        `difference`.",
        "small_sample = 10",
    ),
    KeyReference::optional(
        "scopes",
        "list of lists of dimensions",
        "all scopes of the standard",
        "Scopes in which the indicator has readings. Each is one of `scopes` of the standard.",
        r#"scopes = [[], ["center"]]"#,
    ),
    KeyReference::optional(
        "windows",
        "list of windows",
        "all windows of the standard",
        "Windows over which the indicator has readings.",
        r#"windows = ["today"]"#,
    ),
    KeyReference::optional(
        "labels",
        "table",
        "no labels",
        "Labels by which indicators are grouped. See `[indicator.NAME.labels]`.",
        r#"labels = { quality = "responsiveness", stage = "during" }"#,
    ),
];

/// Scopes and dates of `[[indicator.NAME.targets]]`.
const SCOPED_TARGET_KEYS: [KeyReference; 2] = [
    KeyReference::optional(
        "where",
        "conditions",
        "all scopes",
        "Scopes to which the target applies. A scope with further dimensions has it too.",
        r#"where = { center = "hefei" }"#,
    ),
    KeyReference::optional(
        "from",
        "date",
        "as long as the version of the standard",
        "First day of the target, in the time zone of the standard.",
        "from = 2026-07-01",
    ),
];

/// `[indicator.NAME.target]`.
const TARGET_KEYS: [KeyReference; 3] = [
    KeyReference::optional(
        "at_least",
        "amount",
        "`at_most`",
        "The target is met from this value up.",
        "at_least = 0.85",
    ),
    KeyReference::optional(
        "at_most",
        "amount",
        "`at_least`",
        "The target is met from this value down.",
        "at_most = 0.05",
    ),
    KeyReference::optional(
        "warning",
        "amount",
        "no level `warning`",
        "The level is `warning` between the target and this value. It lies on the good side of \
        the target.",
        "warning = 0.90",
    ),
];

/// `[indicator.NAME.labels]`.
const LABEL_KEYS: [KeyReference; 2] = [
    KeyReference::optional(
        "quality",
        "`reliability`, `responsiveness`, `assurance`, `empathy` or `tangibles`",
        "no label",
        "Dimension of service quality (SERVQUAL).",
        r#"quality = "responsiveness""#,
    ),
    KeyReference::optional(
        "stage",
        "`before`, `during` or `after`",
        "no label",
        "Stage of the service that the indicator measures.",
        r#"stage = "during""#,
    ),
];

/// An entry of a list of facts.
const FACT_KEYS: [KeyReference; 17] = [
    KeyReference::required("fact", "fact", "Fact that is counted.", r#"fact = "call.answered""#),
    KeyReference::optional(
        "within",
        "duration",
        "any duration",
        "Only durations of at most this.",
        r#"within = "20s""#,
    ),
    KeyReference::optional(
        "below",
        "duration",
        "any duration",
        "Only durations shorter than this.",
        r#"below = "20s""#,
    ),
    KeyReference::optional(
        "beyond",
        "duration",
        "any duration",
        "Only durations longer than this.",
        r#"beyond = "60s""#,
    ),
    KeyReference::optional(
        "from",
        "duration",
        "any duration",
        "Only durations of at least this.",
        r#"from = "60s""#,
    ),
    KeyReference::optional(
        "answers",
        "list of integers",
        "any answer",
        "Only these answers. For `survey.rated`.",
        "answers = [4, 5]",
    ),
    KeyReference::optional(
        "reason",
        "string or list of strings",
        "any reason",
        "Only facts with one of these reasons.",
        r#"reason = ["full"]"#,
    ),
    KeyReference::optional(
        "to",
        "string or list of strings",
        "any receiver",
        "Only transfers to one of these. For `call.transferred`.",
        r#"to = ["second_level"]"#,
    ),
    KeyReference::optional(
        "resolved",
        "`true` or `false`",
        "both",
        "Only contacts that were resolved, or only those that were not.",
        "resolved = true",
    ),
    KeyReference::optional(
        "level",
        "string or list of strings",
        "any level",
        "Only escalations to one of these levels.",
        r#"level = "regulator""#,
    ),
    KeyReference::optional(
        "satisfied",
        "`true` or `false`",
        "both",
        "Only confirmations of satisfied customers, or only those of others.",
        "satisfied = true",
    ),
    KeyReference::optional(
        "question",
        "string or list of strings",
        "any question",
        "Only answers to these questions of a survey. For `survey.rated`.",
        r#"question = "friendliness""#,
    ),
    KeyReference::optional(
        "owner",
        "string or list of strings",
        "any owner",
        "Only the time of these owners. For `held`.",
        r#"owner = ["team-4"]"#,
    ),
    KeyReference::optional(
        "at",
        "string or list of strings",
        "any warning",
        "Only these warnings of a commitment. For `NAME.warned`.",
        r#"at = "80%""#,
    ),
    KeyReference::optional(
        "liable",
        "string or list of strings",
        "any party",
        "Only excuses for which one of these parties is liable. For `NAME.excused`.",
        r#"liable = ["customer"]"#,
    ),
    KeyReference::optional(
        "calendar",
        "name of a calendar",
        "any time",
        "Only facts that happened in the open hours of this calendar.",
        r#"calendar = "field""#,
    ),
    KeyReference::optional(
        "where",
        "conditions",
        "all cases",
        "Only facts of these cases.",
        r#"where = { tier = "vip" }"#,
    ),
];
