//! What the commitments of `tests/standards/oracle.toml` mean, written down a second time by hand.

use super::hours::Calendar::{self, Field, Night};
use super::hours::{DAY, HOUR, MINUTE, SECOND};
use super::meaning::Name;

/// A deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    Within(i64),
    WithinOpen(i64, Calendar),
    Days(u32, Calendar),
    FullDays(u32, Calendar),
    /// Before this hour by the end of the day, else so much later.
    SameDay(i8, i64),
    Due,
    Appointment,
}

/// What a pause does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Pause {
    Excused,
    Counted,
    Ignored,
}

/// What a reopening does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Reopening {
    First,
    Resumes,
    Restarts,
}

/// When a warning comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Warn {
    Percent(i64),
    Before(i64),
}

/// For each dimension named, the values that fit.
pub(crate) type Where = &'static [(&'static str, &'static [&'static str])];

/// What a pause does, given its reason and the party liable.
type Pauses = fn(Option<&str>, Option<&str>) -> Pause;

/// A commitment.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) name: &'static str,
    pub(crate) from: Name,
    pub(crate) until: Name,
    pub(crate) void: Option<Name>,
    pub(crate) rules: &'static [(Where, Rule)],
    pub(crate) pauses: Pauses,
    pub(crate) reopening: Reopening,
    pub(crate) by_first: bool,
    pub(crate) excused_by: &'static [&'static str],
    pub(crate) warn: &'static [(&'static str, Warn)],
    pub(crate) due_soon: Option<i64>,
}

fn counted(_: Option<&str>, _: Option<&str>) -> Pause {
    Pause::Counted
}

fn excused(_: Option<&str>, _: Option<&str>) -> Pause {
    Pause::Excused
}

fn ignored(_: Option<&str>, _: Option<&str>) -> Pause {
    Pause::Ignored
}

fn by_party(reason: Option<&str>, liable: Option<&str>) -> Pause {
    match (reason, liable) {
        (Some("parts"), Some("us")) => Pause::Counted,
        (_, Some("customer" | "third_party")) => Pause::Excused,
        (Some("parts"), _) => Pause::Ignored,
        _ => Pause::Counted,
    }
}

const VISIT: &[(Where, Rule)] = &[
    (&[], Rule::Appointment),
    (&[("class", &["outage"])], Rule::Within(2 * HOUR)),
    (&[("class", &["slow"]), ("tier", &["vip"])], Rule::Due),
    (&[("tier", &["vip", "gold"]), ("area", &["town"])], Rule::Days(1, Field)),
    (&[("area", &["town", "country"])], Rule::WithinOpen(6 * HOUR, Field)),
    (&[], Rule::Due),
];

const OUTSIDE: &[&str] = &["customer", "force_majeure"];

/// All commitments.
pub(crate) fn all() -> Vec<Promise> {
    use Reopening::{Restarts, Resumes};
    use Warn::{Before, Percent};
    let repair = |name: &'static str, rules: &'static [(Where, Rule)]| Promise {
        name,
        from: ("repair", "opened"),
        until: ("repair", "resolved"),
        void: Some(("repair", "cancelled")),
        rules,
        pauses: counted,
        reopening: Reopening::First,
        by_first: false,
        excused_by: &[],
        warn: &[],
        due_soon: None,
    };
    let four_hours: &[(Where, Rule)] = &[(&[], Rule::Within(4 * HOUR))];
    let usual: &[(&str, Warn)] = &[("50%", Percent(50)), ("30m", Before(30 * MINUTE))];
    let late: &[(&str, Warn)] = &[("80%", Percent(80)), ("1h", Before(HOUR))];
    let half: &[(&str, Warn)] = &[("50%", Percent(50)), ("1h", Before(HOUR))];
    let customer: &[&str] = &["customer"];
    vec![
        Promise {
            from: ("call", "offered"),
            until: ("call", "answered"),
            void: Some(("call", "abandoned")),
            warn: &[("10s", Before(10 * SECOND))],
            ..repair("answer", &[(&[], Rule::Within(20 * SECOND))])
        },
        Promise {
            from: ("queue", "joined"),
            until: ("queue", "called"),
            void: Some(("queue", "left")),
            warn: &[("80%", Percent(80))],
            due_soon: Some(2 * MINUTE),
            ..repair("hall", &[(&[], Rule::Within(10 * MINUTE))])
        },
        Promise {
            from: ("queue", "called"),
            until: ("queue", "served"),
            void: Some(("queue", "left")),
            ..repair("counter", &[(&[], Rule::Within(10 * MINUTE))])
        },
        Promise { warn: usual, due_soon: Some(HOUR), ..repair("plain", four_hours) },
        Promise { pauses: excused, warn: usual, due_soon: Some(5 * HOUR), ..repair("excused", four_hours) },
        Promise { pauses: ignored, ..repair("ignored", four_hours) },
        Promise { pauses: by_party, excused_by: OUTSIDE, ..repair("party", four_hours) },
        Promise {
            pauses: excused,
            reopening: Resumes,
            excused_by: customer,
            warn: late,
            due_soon: Some(30 * MINUTE),
            ..repair("resuming", four_hours)
        },
        Promise {
            pauses: excused,
            reopening: Restarts,
            excused_by: customer,
            warn: late,
            due_soon: Some(30 * MINUTE),
            ..repair("restarting", four_hours)
        },
        Promise {
            pauses: excused,
            reopening: Resumes,
            warn: &[("50%", Percent(50)), ("2h", Before(2 * HOUR))],
            due_soon: Some(2 * HOUR),
            ..repair("work", &[(&[], Rule::WithinOpen(8 * HOUR, Field))])
        },
        Promise {
            pauses: by_party,
            reopening: Restarts,
            warn: &[("80%", Percent(80))],
            ..repair("work_restarting", &[(&[], Rule::WithinOpen(90 * MINUTE, Field))])
        },
        Promise { pauses: excused, warn: &[("33%", Percent(33))], ..repair("night", &[(&[], Rule::WithinOpen(3 * HOUR, Night))]) },
        Promise {
            pauses: by_party,
            reopening: Restarts,
            warn: &[("50%", Percent(50)), ("4h", Before(4 * HOUR))],
            ..repair("days", &[(&[], Rule::Days(2, Field))])
        },
        repair("next_night", &[(&[], Rule::Days(1, Night))]),
        Promise {
            pauses: excused,
            reopening: Resumes,
            warn: &[("80%", Percent(80))],
            due_soon: Some(DAY),
            ..repair("full", &[(&[], Rule::FullDays(2, Field))])
        },
        Promise { pauses: excused, warn: &[("50%", Percent(50))], ..repair("same_day", &[(&[], Rule::SameDay(16, DAY))]) },
        Promise { pauses: excused, reopening: Resumes, warn: half, due_soon: Some(HOUR), ..repair("visit", VISIT) },
        Promise { by_first: true, excused_by: customer, ..repair("visit_first", VISIT) },
        Promise {
            from: ("repair", "resolved"),
            until: ("repair", "confirmed"),
            void: None,
            ..repair("call_back", &[(&[], Rule::Within(DAY))])
        },
        Promise {
            until: ("repair", "replied"),
            pauses: excused,
            excused_by: customer,
            ..repair("reply", &[(&[], Rule::Within(30 * MINUTE))])
        },
        Promise {
            from: ("install", "opened"),
            until: ("install", "resolved"),
            void: Some(("install", "cancelled")),
            warn: half,
            due_soon: Some(HOUR),
            reopening: Restarts,
            ..repair("install", &[(&[], Rule::Due)])
        },
    ]
}
