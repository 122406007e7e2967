//! Keys at the top of a standard, and the small tables beside them.

use super::{KeyReference, TableReference};

/// Name of a standard, grouping of cases, and retention.
pub(super) const TABLES: [TableReference; 9] = [
    TableReference {
        heading: "Top of the file",
        purpose: "These keys stand before the first table.",
        keys: &[&ROOT_KEYS],
    },
    TableReference {
        heading: "[title]",
        purpose: "The same two keys are required in the `title` of each `[indicator.NAME]` and \
            `[alert.NAME]`.",
        keys: &[&TITLE_KEYS],
    },
    TableReference {
        heading: "[scale]",
        purpose: "Scale of survey scores. Scores outside are rejected. An event may name another \
            best score with its field `scale`.",
        keys: &[&SCALE_KEYS],
    },
    TableReference {
        heading: "[zones]",
        purpose: "Gives cases a time zone of their own. Without this table all cases are in \
            `time_zone`.",
        keys: &[&ZONE_KEYS],
    },
    TableReference {
        heading: "[horizon]",
        purpose: "Limits how long cases are remembered after they end. Cases are also remembered \
            as long as a calendar window that counts them is open.",
        keys: &[&HORIZON_KEYS],
    },
    TableReference {
        heading: "[expire]",
        purpose: "Ends states whose end event is missing. The keys are names of facts.",
        keys: &[&EXPIRY_KEYS],
    },
    TableReference {
        heading: "[source.NAME]",
        purpose: "Declares a source of events, so that its silence is noticed. At most 63 sources.",
        keys: &[&SOURCE_KEYS],
    },
    TableReference {
        heading: "[benchmark.NAME]",
        purpose: "Declares an outside series: figures of others, which come as events \
            `benchmark.reported`. The formula `benchmark` and ratios use it.",
        keys: &[&BENCHMARK_KEYS],
    },
    TableReference {
        heading: "[population.NAME]",
        purpose: "Declares how many users there are, for indicators with `rate`.",
        keys: &[&POPULATION_KEYS],
    },
];

/// `[scale]`.
const SCALE_KEYS: [KeyReference; 2] = [
    KeyReference::required("from", "number", "Worst score.", "from = 0"),
    KeyReference::required("to", "number, above `from`", "Best score.", "to = 10"),
];

/// Top of the file.
const ROOT_KEYS: [KeyReference; 17] = [
    KeyReference::required(
        "name",
        "string",
        "Name of the standard. All versions of one standard have the same name.",
        r#"name = "telecom""#,
    ),
    KeyReference::required(
        "version",
        "string",
        "Version of the standard. Each version has its own.",
        r#"version = "2""#,
    ),
    KeyReference::optional(
        "date_of_effect",
        "date",
        "required if there are several versions",
        "First day on which this version is in force. A commitment is judged by the version in \
        force when its clock starts. A single file applies to the whole past.",
        "date_of_effect = 2026-07-01",
    ),
    KeyReference::required(
        "title",
        "table",
        "Name of the standard for people. See `[title]`.",
        r#"title = { en = "Telecom service standard", zh = "电信服务标准" }"#,
    ),
    KeyReference::required(
        "time_zone",
        "time zone",
        "Time zone of days, weeks and months. See `[zones]` for cases in other time zones.",
        r#"time_zone = "Asia/Shanghai""#,
    ),
    KeyReference::with_default(
        "dimensions",
        "list of names, at most 16",
        "[]",
        "Fields of `data` in the events by which cases are grouped. The first value reported for \
        a case applies. The names `customer`, `window` and `scope` are reserved. Labels in \
        `/metrics` must differ: not both `job` and `exported_job`.",
        r#"dimensions = ["center", "queue", "tier", "class"]"#,
    ),
    KeyReference::with_default(
        "changing",
        "list of dimensions",
        "[]",
        "Dimensions of which the last value reported applies instead of the first.",
        r#"changing = ["class"]"#,
    ),
    KeyReference::optional(
        "holders",
        "list of dimensions",
        "those that `holder` of a commitment names",
        "Dimensions that name the units among which orders pass. The fact `held` of a family of \
        orders is the time that one of them, and one owner, held the order.",
        r#"holders = ["center"]"#,
    ),
    KeyReference::optional(
        "leg_dimensions",
        "list of dimensions",
        "`queue` and `agent`, if they are dimensions",
        "Scopes with one of these dimensions count the legs of contacts: the stays in a queue. All \
        other scopes count contacts.",
        r#"leg_dimensions = ["queue"]"#,
    ),
    KeyReference::with_default(
        "scopes",
        "list of lists of dimensions",
        "[[]]",
        "Groups that get readings of their own. `[]` is everything. `[\"center\", \"queue\"]` is \
        every queue of every center.",
        r#"scopes = [[], ["center"], ["center", "queue"]]"#,
    ),
    KeyReference::required(
        "windows",
        "list of windows, at most 15",
        "Time windows over which every indicator is read.",
        r#"windows = ["5m", "1h", "today", "month"]"#,
    ),
    KeyReference::with_default(
        "reuse_after",
        "duration",
        r#""1h""#,
        "An arrival with a `subject` whose contact or ticket ended longer ago than this begins a \
        new case. An earlier one is the next leg of the contact. Open cases and orders are never \
        split.",
        r#"reuse_after = "4h""#,
    ),
    KeyReference::with_default(
        "contacts",
        "list of names",
        r#"["call"]"#,
        "Families of contacts: they have the life cycle of `call`, which always exists.",
        r#"contacts = ["call", "chat"]"#,
    ),
    KeyReference::with_default(
        "orders",
        "list of names, with `contacts` at most 60",
        "[]",
        "Families of orders. `call`, `queue`, `survey` and `agent` always exist.",
        r#"orders = ["repair", "complaint"]"#,
    ),
    KeyReference::optional(
        "scale",
        "table",
        "1 to 5",
        "Scale of survey scores. See `[scale]`.",
        "scale = { from = 0, to = 10 }",
    ),
    KeyReference::optional(
        "stale_after",
        "duration",
        "readings do not become stale",
        "Without any event for longer than this, every reading is `stale`. See `[source.NAME]` \
        for single sources.",
        r#"stale_after = "10m""#,
    ),
    KeyReference::with_default(
        "publish_agents",
        "`true` or `false`",
        "false",
        "Whether scopes with the dimension `agent` are in `/metrics` and in answers to requests \
        that do not name it.",
        "publish_agents = true",
    ),
];

/// `[title]`.
const TITLE_KEYS: [KeyReference; 2] = [
    KeyReference::required("en", "string", "English text.", r#"en = "Answer rate""#),
    KeyReference::required("zh", "string", "Chinese text.", r#"zh = "接通率""#),
];

/// `[zones]`.
const ZONE_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "by",
        "dimension",
        "Dimension whose value gives the time zone of a case.",
        r#"by = "center""#,
    ),
    KeyReference::required(
        "values",
        "table of time zones, at most 64 different ones",
        "Time zone of each value. Cases with other values are in the time zone of the standard.",
        r#"values = { urumqi = "Asia/Urumqi" }"#,
    ),
];

/// `[horizon]`.
const HORIZON_KEYS: [KeyReference; 3] = [
    KeyReference::with_default(
        "contacts",
        "duration, 1m to 3650d",
        r#""24h""#,
        "How long calls, tickets, surveys and agents are remembered. Late events correct them \
        during this time.",
        r#"contacts = "36h""#,
    ),
    KeyReference::with_default(
        "orders",
        "duration, 1m to 3650d",
        r#""60d""#,
        "How long orders are remembered. Late events correct them during this time.",
        r#"orders = "90d""#,
    ),
    KeyReference::with_default(
        "ahead",
        "duration, 1s to 1h",
        r#""1m""#,
        "Maximum time by which an event may lie ahead of the clock of the service. Later events \
        are rejected.",
        r#"ahead = "30s""#,
    ),
];

/// `[expire]`.
const EXPIRY_KEYS: [KeyReference; 1] = [KeyReference::optional(
    "STATE",
    "duration",
    "the state waits for its end event",
    "A fact that is a current state, such as `call.waiting`. It ends after this time and is \
        counted as `call.expired`.",
    r#""call.waiting" = "2h""#,
)];

/// `[source.NAME]`.
const SOURCE_KEYS: [KeyReference; 6] = [
    KeyReference::required(
        "source",
        "string",
        "Attribute `source` of the events. Each source is declared once.",
        r#"source = "/acd/hefei""#,
    ),
    KeyReference::optional(
        "silent_after",
        "duration",
        "required without `reuse_after`",
        "Without an event from this source for longer than this, every reading it feeds is \
        `stale`.",
        r#"silent_after = "5m""#,
    ),
    KeyReference::optional(
        "calendar",
        "name of a calendar",
        "all hours count",
        "Calendar whose open time counts for `silent_after`. In closed time the source is never \
        silent. Requires `silent_after`.",
        r#"calendar = "field""#,
    ),
    KeyReference::optional(
        "reuse_after",
        "duration",
        "as at the top of the file",
        "The same as `reuse_after` at the top of the file, for this source. `0s` suits a source \
        that numbers its calls 0, 1, 2 and begins again.",
        r#"reuse_after = "0s""#,
    ),
    KeyReference::optional(
        "where",
        "conditions",
        "cases with any values",
        "Cases that the source reports on.",
        r#"where = { center = ["hefei"] }"#,
    ),
    KeyReference::optional(
        "families",
        "list of families",
        "all families",
        "Families of cases that the source reports on.",
        r#"families = ["call", "agent"]"#,
    ),
];

/// `[benchmark.NAME]`.
const BENCHMARK_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "title",
        "table",
        "Title of the series in both languages.",
        r#"title = { en = "Appeals of the industry", zh = "行业申诉量" }"#,
    ),
    KeyReference::required(
        "unit",
        "`count`, `ratio`, `seconds`, `points`, `score`, `per_100` to `per_1000000`",
        "Unit of the values.",
        r#"unit = "count""#,
    ),
];

/// `[population.NAME]`.
const POPULATION_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "by",
        "dimension",
        "Dimension by whose values the users are counted.",
        r#"by = "center""#,
    ),
    KeyReference::required(
        "values",
        "table of integers, from 1",
        "Number of users for each value of the dimension.",
        "values = { hefei = 120000, wuhu = 45000 }",
    ),
];
