//! Keys of calendars and commitments.

use super::{KeyReference, TableReference};

/// Calendars, and commitments with their deadlines and pauses.
pub(super) const TABLES: [TableReference; 8] = [
    TableReference {
        heading: "[calendar.NAME]",
        purpose: "Opening hours for deadlines and burn rates.",
        keys: &[&CALENDAR_KEYS],
    },
    TableReference {
        heading: "[calendar.NAME.week]",
        purpose: "Opening hours of a week. The keys are days. A span over midnight belongs to \
            the day on which it begins.",
        keys: &[&WEEK_KEYS],
    },
    TableReference {
        heading: "[[calendar.NAME.holidays]]",
        purpose: "A range of closed days, by `from` and `to`, or a day that is closed every year, by \
            `yearly`.",
        keys: &[&HOLIDAY_KEYS],
    },
    TableReference {
        heading: "[calendar.NAME.holidays_where]",
        purpose: "The events of `holidays_file` that the calendar uses. An event must fulfill every \
            key. Upper and lower case do not matter. `firstline check` warns of a text that is in no \
            event.",
        keys: &[&HOLIDAYS_WHERE_KEYS],
    },
    TableReference {
        heading: "[[calendar.NAME.workdays]]",
        purpose: "A make-up workday with its opening hours.",
        keys: &[&WORKDAY_KEYS],
    },
    TableReference {
        heading: "[commitment.NAME]",
        purpose: "A commitment (SLA): a clock that starts with one fact, a deadline, and the \
            fact that fulfills it. It needs a list `deadline` or exactly one rule: \
            `within`, `working_days`, `full_days`, `before`, `due` or `appointment`. It \
            makes the facts `NAME.promised`, `NAME.kept`, `NAME.missed`, `NAME.late`, \
            `NAME.kept_due`, `NAME.excused`, `NAME.net` and `NAME.warned`, and the current \
            states `NAME.running`, `NAME.overdue`, `NAME.due_soon` and `NAME.stopped`.",
        keys: &[&COMMITMENT_KEYS, &DEADLINE_RULE_KEYS],
    },
    TableReference {
        heading: "[[commitment.NAME.deadline]]",
        purpose: "One of several deadline rules, with the cases it applies to. Each entry has \
            exactly one of `within`, `working_days`, `full_days`, `before`, `due` and \
            `appointment`.",
        keys: &[&DEADLINE_CONDITION_KEYS, &DEADLINE_RULE_KEYS],
    },
    TableReference {
        heading: "[[commitment.NAME.pauses]]",
        purpose: "The effect of some pauses on the clock.",
        keys: &[&PAUSE_KEYS],
    },
];

/// `[calendar.NAME]`.
const CALENDAR_KEYS: [KeyReference; 6] = [
    KeyReference::optional(
        "time_zone",
        "time zone",
        "the time zone of the case",
        "Time zone of the opening hours.",
        r#"time_zone = "Asia/Shanghai""#,
    ),
    KeyReference::required(
        "week",
        "table",
        "Opening hours of each weekday. See `[calendar.NAME.week]`.",
        r#"week = { mon-fri = ["08:00-12:00", "13:30-18:00"], sat = ["09:00-12:00"] }"#,
    ),
    KeyReference::with_default(
        "holidays",
        "list of dates or tables",
        "[]",
        "Days that are closed. See `[[calendar.NAME.holidays]]` for ranges and yearly days.",
        r#"holidays = [2026-10-01, { from = 2026-10-02, to = 2026-10-07 }, { yearly = "12-25" }]"#,
    ),
    KeyReference::optional(
        "holidays_file",
        "path",
        "no further holidays",
        "iCalendar file with holidays and make-up workdays. The path is relative to the standard. \
        Events may repeat. Events with times close only their hours.",
        r#"holidays_file = "holidays.ics""#,
    ),
    KeyReference::optional(
        "holidays_where",
        "table",
        "all events of the file",
        "The events of the file that are used. See `[calendar.NAME.holidays_where]`.",
        r#"holidays_where = { except = ["Observance"] }"#,
    ),
    KeyReference::with_default(
        "workdays",
        "list of dates or tables",
        "[]",
        "Make-up workdays (调休). They take precedence over holidays. A date alone has the hours of \
        its weekday. A Saturday, a Sunday or a closed weekday has those of the first open \
        weekday.",
        r#"workdays = [2026-10-10, { date = 2026-09-27, as = "mon" }]"#,
    ),
];

/// `[calendar.NAME.week]`.
const WEEK_KEYS: [KeyReference; 1] = [KeyReference::optional(
    "DAY",
    "list of time spans",
    "the day is closed",
    "`mon` to `sun`, a range such as `mon-fri`, or `daily`. At least one day has opening \
        hours.",
    r#"mon-fri = ["08:00-12:00", "13:30-18:00"]"#,
)];

/// `[[calendar.NAME.holidays]]`.
const HOLIDAY_KEYS: [KeyReference; 4] = [
    KeyReference::required("from", "date", "First day of the range.", "from = 2026-10-02"),
    KeyReference::required(
        "to",
        "date, at most 366 days later",
        "Last day of the range.",
        "to = 2026-10-07",
    ),
    KeyReference::required(
        "yearly",
        "month and day",
        "Day that is closed in every year from 1970 to 2100. Not together with `from` and `to`.",
        r#"yearly = "02-29""#,
    ),
    KeyReference::required(
        "common_years",
        "month and day, or `none`",
        "Day that is closed in years without a 29 February. Required for `yearly = \"02-29\"`, and \
        only allowed there.",
        r#"common_years = "02-28""#,
    ),
];

/// `[calendar.NAME.holidays_where]`.
const HOLIDAYS_WHERE_KEYS: [KeyReference; 3] = [
    KeyReference::optional(
        "categories",
        "list of strings",
        "events of all categories",
        "Categories (`CATEGORIES`), of which the event has one.",
        r#"categories = ["Public holiday"]"#,
    ),
    KeyReference::optional(
        "text",
        "list of strings",
        "events with any text",
        "Texts, of which the title (`SUMMARY`) or the description contains one.",
        r#"text = ["Public holiday"]"#,
    ),
    KeyReference::optional(
        "except",
        "list of strings",
        "no exceptions",
        "Texts and categories that the event does not have.",
        r#"except = ["Observance", "Regional"]"#,
    ),
];

/// `[[calendar.NAME.workdays]]`.
const WORKDAY_KEYS: [KeyReference; 3] = [
    KeyReference::required("date", "date", "The make-up workday.", "date = 2026-09-27"),
    KeyReference::optional(
        "as",
        "`mon` to `sun`",
        "as for a date alone",
        "Weekday whose opening hours apply. Not together with `open`.",
        r#"as = "mon""#,
    ),
    KeyReference::optional(
        "open",
        "list of time spans",
        "as for a date alone",
        "Opening hours of this day. Not together with `as`.",
        r#"open = ["09:00-11:00"]"#,
    ),
];

/// `[commitment.NAME]` without its deadline.
const COMMITMENT_KEYS: [KeyReference; 14] = [
    KeyReference::required(
        "from",
        "fact",
        "Fact that starts the clock. It must happen at a moment.",
        r#"from = "repair.opened""#,
    ),
    KeyReference::required(
        "until",
        "fact",
        "Fact that fulfills the commitment. It belongs to the same family as `from`. If both are \
        the same fact, the next one fulfills it.",
        r#"until = "repair.resolved""#,
    ),
    KeyReference::with_default(
        "each",
        "`true` or `false`",
        "false",
        "With `true`, the commitment recurs: every `from` starts a clock, unless one is running. \
        The next `until` fulfills it, and a fact of `void` cancels it. Without it, the first `from` \
        starts the only clock. Not together with `reopening`.",
        "each = true",
    ),
    KeyReference::optional(
        "holder",
        "dimension",
        "the unit of the case",
        "Dimension that names the units among which an order passes. `NAME.missed` and `NAME.late` \
        then count for the unit that `miss_counts_for` selects. For orders.",
        r#"holder = "center""#,
    ),
    KeyReference::with_default(
        "miss_counts_for",
        "`first`, `last`, `at_deadline`, `longest` or `shares`",
        r#""at_deadline""#,
        "Unit for which a miss counts: the first one, the last one that is known, the one at the \
        deadline, or the one that held the order for most of the clock's time. With `shares`, \
        `NAME.missed_share` divides the miss by the clock's time that each unit held the order, in \
        millionths that add up to one miss. Requires `holder`.",
        r#"miss_counts_for = "shares""#,
    ),
    KeyReference::with_default(
        "void",
        "list of facts",
        "[]",
        "Cancelled by: if one of these facts happens first, the commitment is counted as \
        `NAME.excused`. They belong to the same family as `from`.",
        r#"void = ["repair.cancelled"]"#,
    ),
    KeyReference::optional(
        "deadline",
        "list of tables, at most 32",
        "a single rule in this table",
        "Deadline rules. The first rule that matches a case applies. See \
        `[[commitment.NAME.deadline]]`.",
        r#"deadline = [{ where = { tier = "vip" }, within = "8h" }, { within = "48h" }]"#,
    ),
    KeyReference::optional(
        "pauses",
        "`excused`, `counted`, `ignored` or list of tables",
        "pauses are `counted`",
        "Effect of pauses on the clock. A word applies to all pauses. In a list, the first entry \
        that matches applies. See `[[commitment.NAME.pauses]]`.",
        r#"pauses = [{ liable = ["customer"], clock = "excused" }]"#,
    ),
    KeyReference::with_default(
        "reopening",
        "`first`, `resumes` or `restarts`",
        r#""first""#,
        "Effect of a reopened order. `first`: the first result remains. `resumes`: the clock runs \
        on from where it stopped. `restarts`: the first result remains and a new clock starts.",
        r#"reopening = "resumes""#,
    ),
    KeyReference::with_default(
        "chosen_by",
        "`now` or `first`",
        r#""now""#,
        "Values of dimensions that choose the deadline. `now`: those the case has now. `first`: \
        those it had first.",
        r#"chosen_by = "first""#,
    ),
    KeyReference::with_default(
        "excused_by",
        "list of strings",
        "[]",
        "Parties whose delays are excused. A late order is counted as `NAME.excused` if its last \
        event with `liable` names one of them.",
        r#"excused_by = ["force_majeure"]"#,
    ),
    KeyReference::with_default(
        "warn",
        "list of percentages or durations",
        "[]",
        "Times of warnings, counted as `NAME.warned`. A percentage of the time allowed (1 % to 99 \
        %), or a duration before the deadline. With a `calendar`, only its open time counts. An \
        excused pause stops this count.",
        r#"warn = ["50%", "80%", "2h"]"#,
    ),
    KeyReference::optional(
        "due_soon",
        "duration",
        "no order is `NAME.due_soon`",
        "Time before the deadline from which a running commitment is `NAME.due_soon`. It counts \
        as in `warn`.",
        r#"due_soon = "4h""#,
    ),
    KeyReference::with_default(
        "clock",
        "`open` or `wall`",
        r#""open""#,
        "Hours that the durations in `warn` and `due_soon` count. `open`: the open time of the \
        `calendar`. `wall`: all hours before the deadline, nights and pauses too.",
        r#"clock = "wall""#,
    ),
];

/// Cases to which a rule in a list of deadlines applies.
const DEADLINE_CONDITION_KEYS: [KeyReference; 1] = [KeyReference::optional(
    "where",
    "conditions",
    "all cases",
    "Cases to which the rule applies.",
    r#"where = { tier = "vip" }"#,
)];

/// One deadline rule.
const DEADLINE_RULE_KEYS: [KeyReference; 10] = [
    KeyReference::optional(
        "within",
        "duration",
        "another rule",
        "Time allowed from the start of the clock. With `calendar`, only its open time counts.",
        r#"within = "48h""#,
    ),
    KeyReference::optional(
        "working_days",
        "integer, 1 to 366",
        "another rule",
        "Deadline at the same time of day, this number of working days later. Requires `calendar`.",
        "working_days = 1",
    ),
    KeyReference::optional(
        "full_days",
        "integer, 1 to 366",
        "another rule",
        "Deadline at the end of this number of full working days after the day on which the clock \
        starts. Requires `calendar`.",
        "full_days = 2",
    ),
    KeyReference::optional(
        "before",
        "time of day",
        "another rule",
        "Cut-off time. If the clock starts before it, the deadline is the end of the same day. \
        Otherwise `otherwise` applies. Requires `otherwise`, or `same_day_at` and `next_day_at`.",
        r#"before = "16:00""#,
    ),
    KeyReference::optional(
        "same_day_at",
        "time of day",
        "the end of the day",
        "Deadline on the same day, if the clock starts before `before`. With `calendar`, the day \
        must be a working day.",
        r#"same_day_at = "17:00""#,
    ),
    KeyReference::optional(
        "next_day_at",
        "time of day",
        "required with `same_day_at`",
        "Deadline on the next day, if the clock does not start before `before`. With `calendar`, \
        on the next working day.",
        r#"next_day_at = "10:00""#,
    ),
    KeyReference::optional(
        "otherwise",
        "duration",
        "required with `before`, unless `same_day_at` is given",
        "Time allowed if the clock starts at or after the cut-off time.",
        r#"otherwise = "24h""#,
    ),
    KeyReference::optional(
        "due",
        "`true`",
        "another rule",
        "Deadline is the field `due` of the events. The last one reported applies. Cases without \
        it do not match.",
        "due = true",
    ),
    KeyReference::optional(
        "appointment",
        "`true`",
        "another rule",
        "Deadline is the field `appointment` of the events. The last one reported applies. Cases \
        without it do not match.",
        "appointment = true",
    ),
    KeyReference::optional(
        "calendar",
        "name of a calendar",
        "all hours count",
        "Calendar of the rule. `within`, `working_days` and `full_days` follow it. With any rule, \
        `warn` and `due_soon` count its open time, and an excused pause moves the deadline by the \
        open time of the pause, and at least to the end of the pause.",
        r#"calendar = "field""#,
    ),
];

/// `[[commitment.NAME.pauses]]`.
const PAUSE_KEYS: [KeyReference; 3] = [
    KeyReference::with_default(
        "reason",
        "list of strings",
        "[]",
        "Reasons of the pauses to which the entry applies. An empty list matches any reason.",
        r#"reason = ["parts"]"#,
    ),
    KeyReference::with_default(
        "liable",
        "list of strings",
        "[]",
        "Parties liable for the pauses to which the entry applies. An empty list matches any \
        party.",
        r#"liable = ["customer", "third_party"]"#,
    ),
    KeyReference::required(
        "clock",
        "`excused`, `counted` or `ignored`",
        "`excused`: the clock stops, and the deadline moves. `counted`: the clock runs, and \
        `NAME.net` leaves the pause out. `ignored`: as if there were no pause.",
        r#"clock = "excused""#,
    ),
];
