//! Commitments of `tests/standards/oracle.toml`, written by hand a second time.

use super::calendar::OracleCalendar::{self, Field, Night};
use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::case_facts::FactName;
use super::holders::MissedBy;

/// Deadline rule. Amounts of time are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeadlineRule {
    Within(i64),
    WithinOpen(i64, OracleCalendar),
    Days(u32, OracleCalendar),
    FullDays(u32, OracleCalendar),
    /// End of the day if reported before this hour, otherwise this many milliseconds later. Pauses
    /// and warnings count the open time of the calendar.
    SameDay(i8, i64, OracleCalendar),
    /// Hours of the day: before the first, due at the second on the same day, otherwise at the third
    /// on the next day. With a calendar on its working days.
    TimesOfDay([i8; 3], Option<OracleCalendar>),
    Due,
    Appointment,
}

impl DeadlineRule {
    /// Returns the calendar whose open time counts; `None` counts all hours.
    pub(crate) fn calendar(self) -> Option<OracleCalendar> {
        match self {
            DeadlineRule::WithinOpen(_, calendar)
            | DeadlineRule::Days(_, calendar)
            | DeadlineRule::FullDays(_, calendar)
            | DeadlineRule::SameDay(_, _, calendar) => Some(calendar),
            DeadlineRule::TimesOfDay(_, calendar) => calendar,
            DeadlineRule::Within(_) | DeadlineRule::Due | DeadlineRule::Appointment => None,
        }
    }
}

/// Effect of a pause on the clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum PauseTreatment {
    Excused,
    Counted,
    Ignored,
}

/// Effect of a reopening on the clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum ReopeningRule {
    First,
    Resumes,
    Restarts,
}

/// Time of a warning: share of the allowed time, or milliseconds before the deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WarningTime {
    Percent(i64),
    Before(i64),
}

/// Accepted values by dimension.
pub(crate) type AttributeCondition = &'static [(&'static str, &'static [&'static str])];

/// Maps the reason and liable party of a pause to its effect.
type PauseRule = fn(Option<&str>, Option<&str>) -> PauseTreatment;

/// Commitment of the standard. `due_soon` is in milliseconds before the deadline.
#[derive(Clone, Debug)]
pub(crate) struct OracleCommitment {
    pub(crate) name: &'static str,
    pub(crate) from: FactName,
    pub(crate) until: FactName,
    pub(crate) void: Option<FactName>,
    pub(crate) rules: &'static [(AttributeCondition, DeadlineRule)],
    pub(crate) pauses: PauseRule,
    pub(crate) reopening: ReopeningRule,
    pub(crate) uses_first_attributes: bool,
    pub(crate) excused_by: &'static [&'static str],
    pub(crate) warn: &'static [(&'static str, WarningTime)],
    pub(crate) due_soon: Option<i64>,
    /// True if every start that follows an end starts a clock.
    pub(crate) each: bool,
    /// Which unit a miss counts for.
    pub(crate) missed_by: Option<MissedBy>,
}

fn count_pause(_: Option<&str>, _: Option<&str>) -> PauseTreatment {
    PauseTreatment::Counted
}

fn excuse_pause(_: Option<&str>, _: Option<&str>) -> PauseTreatment {
    PauseTreatment::Excused
}

fn ignore_pause(_: Option<&str>, _: Option<&str>) -> PauseTreatment {
    PauseTreatment::Ignored
}

fn treat_pause_by_party(reason: Option<&str>, liable: Option<&str>) -> PauseTreatment {
    match (reason, liable) {
        (Some("parts"), Some("us")) => PauseTreatment::Counted,
        (_, Some("customer" | "third_party")) => PauseTreatment::Excused,
        (Some("parts"), _) => PauseTreatment::Ignored,
        _ => PauseTreatment::Counted,
    }
}

const VISIT_RULES: &[(AttributeCondition, DeadlineRule)] = &[
    (&[], DeadlineRule::Appointment),
    (&[("class", &["outage"])], DeadlineRule::Within(2 * HOUR)),
    (&[("class", &["slow"]), ("tier", &["vip"])], DeadlineRule::Due),
    (&[("tier", &["vip", "gold"]), ("area", &["town"])], DeadlineRule::Days(1, Field)),
    (&[("area", &["town", "country"])], DeadlineRule::WithinOpen(6 * HOUR, Field)),
    (&[], DeadlineRule::Due),
];

const OUTSIDE_PARTIES: &[&str] = &["customer", "force_majeure"];

/// Returns all commitments of the standard.
pub(crate) fn all_commitments() -> Vec<OracleCommitment> {
    use ReopeningRule::{Restarts, Resumes};
    use WarningTime::{Before, Percent};
    let repair = |name: &'static str, rules: &'static [(AttributeCondition, DeadlineRule)]| {
        OracleCommitment {
            name,
            from: ("repair", "opened"),
            until: ("repair", "resolved"),
            void: Some(("repair", "cancelled")),
            rules,
            pauses: count_pause,
            reopening: ReopeningRule::First,
            uses_first_attributes: false,
            excused_by: &[],
            warn: &[],
            due_soon: None,
            each: false,
            missed_by: None,
        }
    };
    let four_hours: &[(AttributeCondition, DeadlineRule)] =
        &[(&[], DeadlineRule::Within(4 * HOUR))];
    let usual: &[(&str, WarningTime)] = &[("50%", Percent(50)), ("30m", Before(30 * MINUTE))];
    let late: &[(&str, WarningTime)] = &[("80%", Percent(80)), ("1h", Before(HOUR))];
    let half: &[(&str, WarningTime)] = &[("50%", Percent(50)), ("1h", Before(HOUR))];
    let customer: &[&str] = &["customer"];
    vec![
        OracleCommitment {
            from: ("call", "offered"),
            until: ("call", "answered"),
            void: Some(("call", "abandoned")),
            warn: &[("10s", Before(10 * SECOND))],
            ..repair("answer", &[(&[], DeadlineRule::Within(20 * SECOND))])
        },
        OracleCommitment {
            from: ("queue", "joined"),
            until: ("queue", "called"),
            void: Some(("queue", "left")),
            warn: &[("80%", Percent(80))],
            due_soon: Some(2 * MINUTE),
            ..repair("hall", &[(&[], DeadlineRule::Within(10 * MINUTE))])
        },
        OracleCommitment {
            from: ("queue", "called"),
            until: ("queue", "served"),
            void: Some(("queue", "left")),
            ..repair("counter", &[(&[], DeadlineRule::Within(10 * MINUTE))])
        },
        OracleCommitment { warn: usual, due_soon: Some(HOUR), ..repair("plain", four_hours) },
        OracleCommitment {
            pauses: excuse_pause,
            warn: usual,
            due_soon: Some(5 * HOUR),
            ..repair("excused", four_hours)
        },
        OracleCommitment { pauses: ignore_pause, ..repair("ignored", four_hours) },
        OracleCommitment {
            pauses: treat_pause_by_party,
            excused_by: OUTSIDE_PARTIES,
            ..repair("party", four_hours)
        },
        OracleCommitment {
            pauses: excuse_pause,
            reopening: Resumes,
            excused_by: customer,
            warn: late,
            due_soon: Some(30 * MINUTE),
            ..repair("resuming", four_hours)
        },
        OracleCommitment {
            pauses: excuse_pause,
            reopening: Restarts,
            excused_by: customer,
            warn: late,
            due_soon: Some(30 * MINUTE),
            ..repair("restarting", four_hours)
        },
        OracleCommitment {
            pauses: excuse_pause,
            reopening: Resumes,
            warn: &[("50%", Percent(50)), ("2h", Before(2 * HOUR))],
            due_soon: Some(2 * HOUR),
            ..repair("work", &[(&[], DeadlineRule::WithinOpen(8 * HOUR, Field))])
        },
        OracleCommitment {
            pauses: treat_pause_by_party,
            reopening: Restarts,
            warn: &[("80%", Percent(80))],
            ..repair("work_restarting", &[(&[], DeadlineRule::WithinOpen(90 * MINUTE, Field))])
        },
        OracleCommitment {
            pauses: excuse_pause,
            warn: &[("33%", Percent(33))],
            ..repair("night", &[(&[], DeadlineRule::WithinOpen(3 * HOUR, Night))])
        },
        OracleCommitment {
            pauses: treat_pause_by_party,
            reopening: Restarts,
            warn: &[("50%", Percent(50)), ("4h", Before(4 * HOUR))],
            ..repair("days", &[(&[], DeadlineRule::Days(2, Field))])
        },
        repair("next_night", &[(&[], DeadlineRule::Days(1, Night))]),
        OracleCommitment {
            pauses: excuse_pause,
            reopening: Resumes,
            warn: &[("80%", Percent(80))],
            due_soon: Some(DAY),
            ..repair("full", &[(&[], DeadlineRule::FullDays(2, Field))])
        },
        OracleCommitment {
            pauses: excuse_pause,
            warn: &[("50%", Percent(50))],
            ..repair("same_day", &[(&[], DeadlineRule::SameDay(16, DAY, Field))])
        },
        OracleCommitment {
            pauses: excuse_pause,
            reopening: Resumes,
            warn: half,
            due_soon: Some(HOUR),
            ..repair("visit", VISIT_RULES)
        },
        OracleCommitment {
            uses_first_attributes: true,
            excused_by: customer,
            ..repair("visit_first", VISIT_RULES)
        },
        OracleCommitment {
            from: ("repair", "resolved"),
            until: ("repair", "confirmed"),
            void: None,
            ..repair("call_back", &[(&[], DeadlineRule::Within(DAY))])
        },
        OracleCommitment {
            until: ("repair", "replied"),
            pauses: excuse_pause,
            excused_by: customer,
            ..repair("reply", &[(&[], DeadlineRule::Within(30 * MINUTE))])
        },
        OracleCommitment {
            from: ("install", "opened"),
            until: ("install", "resolved"),
            void: Some(("install", "cancelled")),
            warn: half,
            due_soon: Some(HOUR),
            reopening: Restarts,
            ..repair("install", &[(&[], DeadlineRule::Due)])
        },
        OracleCommitment {
            each: true,
            from: ("repair", "customer_replied"),
            until: ("repair", "replied"),
            void: Some(("repair", "resolved")),
            pauses: excuse_pause,
            excused_by: customer,
            warn: half,
            due_soon: Some(HOUR),
            ..repair("next_reply", &[(&[], DeadlineRule::Within(2 * HOUR))])
        },
        OracleCommitment {
            from: ("repair", "assigned"),
            until: ("repair", "assigned"),
            ..repair("handover", &[(&[], DeadlineRule::Within(2 * HOUR))])
        },
        OracleCommitment {
            each: true,
            from: ("repair", "assigned"),
            until: ("repair", "assigned"),
            ..repair("each_handover", &[(&[], DeadlineRule::WithinOpen(HOUR, Field))])
        },
        repair("noon", &[(&[], DeadlineRule::TimesOfDay([12, 17, 10], None))]),
        OracleCommitment {
            pauses: excuse_pause,
            warn: half,
            ..repair("noon_at_work", &[(&[], DeadlineRule::TimesOfDay([12, 17, 10], Some(Field)))])
        },
        OracleCommitment { missed_by: Some(MissedBy::First), ..repair("first_unit", four_hours) },
        OracleCommitment { missed_by: Some(MissedBy::Last), ..repair("last_unit", four_hours) },
        OracleCommitment {
            missed_by: Some(MissedBy::AtDeadline),
            excused_by: customer,
            ..repair("unit_at_deadline", four_hours)
        },
        OracleCommitment {
            missed_by: Some(MissedBy::Longest),
            reopening: Restarts,
            ..repair("longest_unit", four_hours)
        },
        OracleCommitment {
            missed_by: Some(MissedBy::Shares),
            pauses: excuse_pause,
            ..repair("shared", four_hours)
        },
        OracleCommitment {
            missed_by: Some(MissedBy::Shares),
            pauses: treat_pause_by_party,
            reopening: Resumes,
            ..repair("shared_at_work", &[(&[], DeadlineRule::WithinOpen(8 * HOUR, Field))])
        },
    ]
}
