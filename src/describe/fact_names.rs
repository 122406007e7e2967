//! The table of facts: how each is called in English and Chinese, and what its value is.

use crate::describe::bilingual_text;
use crate::domain::events::event::CaseFamily;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{LocalizedTitle, Standard};

/// How facts of one kind are called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FactName {
    /// What it happened to: `calls`, `通话`.
    pub(super) noun: LocalizedTitle,
    /// What happened: `answered`, `应答`.
    pub(super) outcome: LocalizedTitle,
    /// Whether the English word stands before the noun.
    pub(super) is_outcome_first: bool,
    /// What the value is: `wait`, `等待时长`.
    pub(super) value_name: LocalizedTitle,
}

impl FactName {
    /// `answered calls`.
    pub(super) fn english_phrase(&self) -> String {
        if self.is_outcome_first {
            format!("{} {}", self.outcome.en, self.noun.en)
        } else {
            format!("{} {}", self.noun.en, self.outcome.en)
        }
    }

    /// `应答的通话`.
    pub(super) fn chinese_phrase(&self) -> String {
        format!("{}的{}", self.outcome.zh, self.noun.zh)
    }
}

/// A row of the table: the fact, what happened in English (behind the noun if it begins with `~`) and Chinese, the measure.
type FactNameRow = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CALL_NAMES: &[FactNameRow] = &[
    ("offered", "offered", "呼入", "", ""),
    ("answered", "answered", "应答", "wait", "等待时长"),
    ("abandoned", "abandoned", "放弃", "wait", "等待时长"),
    ("overflowed", "overflowed", "溢出", "wait", "等待时长"),
    ("transferred", "transferred", "转接", "", ""),
    ("ended", "ended", "结束", "conversation", "通话时长"),
    ("handled", "handled", "处理完", "handling time", "处理时长"),
    ("completed", "~that were answered and ended", "应答并结束", "wait", "等待时长"),
    ("expired", "~whose end was lost", "结束信息丢失", "time until given up", "持续时长"),
    ("waiting", "~waiting", "排队中", "", ""),
    ("talking", "~in conversation", "通话中", "", ""),
];
const QUEUE_NAMES: &[FactNameRow] = &[
    ("joined", "drawn", "取号", "", ""),
    ("called", "called", "叫号", "wait", "等候时长"),
    ("left", "~left without service", "未办理离开", "wait", "等候时长"),
    ("served", "served", "办结", "service", "办理时长"),
    ("expired", "~whose end was lost", "结束信息丢失", "time until given up", "持续时长"),
    ("waiting", "~waiting", "等候中", "", ""),
    ("at_counter", "~at the counter", "柜台办理中", "", ""),
];
const SURVEY_NAMES: &[FactNameRow] = &[("rated", "answered", "已作答", "answer", "答案")];
const AGENT_NAMES: &[FactNameRow] = &[
    ("ready_time", "~after being ready", "结束空闲", "time ready", "空闲时长"),
    ("talking_time", "~after being with a customer", "结束通话", "time with customers", "通话时长"),
    ("wrapup_time", "~after finishing up", "结束话后处理", "time finishing up", "话后处理时长"),
    ("pause_time", "~after a break", "结束小休", "break", "小休时长"),
    ("expired", "~not heard of any more", "信息中断", "time until given up", "持续时长"),
    ("ready", "ready", "空闲", "", ""),
    ("talking", "~with a customer", "通话中", "", ""),
    ("wrapup", "~finishing up", "话后处理中", "", ""),
    ("pause", "~on a break", "小休中", "", ""),
    ("offline", "~signed out", "离线", "", ""),
];
const ORDER_NAMES: &[FactNameRow] = &[
    ("opened", "opened", "受理", "", ""),
    ("assigned", "assigned", "派单", "time since opening", "受理后时长"),
    ("arrived", "~arrived at", "到场", "time since opening", "受理后时长"),
    ("replied", "~replied to", "回复", "time since opening", "受理后时长"),
    ("resolved", "resolved", "办结", "time since opening", "受理后时长"),
    (
        "first_resolved",
        "~resolved for the first time",
        "首次办结",
        "time since opening",
        "受理后时长",
    ),
    (
        "by_first_owner",
        "~resolved by their first owner",
        "首责人办结",
        "time since opening",
        "受理后时长",
    ),
    ("reopened", "reopened", "重开", "", ""),
    ("reopened_once", "~reopened at least once", "至少重开一次", "", ""),
    ("confirmed", "confirmed", "回访确认", "", ""),
    ("confirmed_once", "~confirmed at least once", "至少回访一次", "", ""),
    ("escalated", "escalated", "升级", "", ""),
    ("escalated_once", "~escalated at least once", "至少升级一次", "", ""),
    ("resumed", "~resumed after a pause", "暂停后恢复", "pause", "暂停时长"),
    ("cancelled", "cancelled", "取消", "", ""),
    ("expired", "~whose end was lost", "结束信息丢失", "time until given up", "持续时长"),
    ("open", "open", "在途", "", ""),
    ("paused", "paused", "暂停中", "", ""),
];
const COMMITMENT_NAMES: &[FactNameRow] = &[
    ("promised", "given", "作出", "", ""),
    ("kept", "kept", "兑现", "time taken", "用时"),
    ("missed", "missed", "未兑现", "", ""),
    ("late", "~fulfilled late", "逾期完成", "delay", "逾期时长"),
    ("kept_due", "~kept whose deadline has come", "到期且兑现", "", ""),
    ("excused", "~excused or void", "免责或作废", "", ""),
    ("net", "fulfilled", "完成", "net time", "净时长"),
    ("warned", "~warned of", "预警", "", ""),
    ("running", "running", "计时中", "", ""),
    ("overdue", "overdue", "超时未完成", "", ""),
    ("due_soon", "~due soon", "即将到期", "", ""),
    ("stopped", "~whose clock stands", "计时停止", "", ""),
];
const FIRST_CONTACT_NAMES: &[FactNameRow] = &[
    ("contacts", "~of known customers", "已知客户", "", ""),
    ("once", "~that nobody had to repeat", "未重复", "", ""),
];

/// How a kind of fact is called.
pub(super) fn fact_name(standard: &Standard, kind: FactKind) -> FactName {
    let name = standard.kinds.name(kind);
    let (owner, fact) = name.split_once('.').unwrap_or((name, name));
    let family = standard.kinds.family(kind);
    // A commitment may have the name of a family, but its facts lie elsewhere.
    let place = kind.0.checked_sub(standard.kinds.first_kind(family).0);
    let of_family = place.is_some_and(|place| usize::from(place) < family_names(family).len());
    let (noun, rows) = match standard
        .first_contact_rules
        .iter()
        .any(|one| kind == one.first_fact || kind == one.first_fact.offset_by(1))
    {
        true => (bilingual_text("contacts", "接触"), FIRST_CONTACT_NAMES),
        false if of_family => (family_noun(family, owner), family_names(family)),
        false => (
            bilingual_text(format!("promises “{owner}”"), format!("“{owner}”承诺")),
            COMMITMENT_NAMES,
        ),
    };
    match rows.iter().find(|row| row.0 == fact) {
        Some((_, en, zh, measure, measure_zh)) => FactName {
            noun,
            outcome: bilingual_text(en.trim_start_matches('~'), *zh),
            is_outcome_first: !en.starts_with('~'),
            value_name: bilingual_text(*measure, *measure_zh),
        },
        None => FactName {
            noun,
            outcome: bilingual_text(name, name),
            is_outcome_first: true,
            value_name: bilingual_text("value", "数值"),
        },
    }
}

/// A kind of fact by itself: `answered calls`, `应答的通话`.
#[must_use]
pub fn describe_fact(standard: &Standard, kind: FactKind) -> LocalizedTitle {
    let called = fact_name(standard, kind);
    bilingual_text(called.english_phrase(), called.chinese_phrase())
}

fn family_names(family: CaseFamily) -> &'static [FactNameRow] {
    match family {
        CaseFamily::CALL => CALL_NAMES,
        CaseFamily::QUEUE => QUEUE_NAMES,
        CaseFamily::SURVEY => SURVEY_NAMES,
        CaseFamily::AGENT => AGENT_NAMES,
        _ => ORDER_NAMES,
    }
}

fn family_noun(family: CaseFamily, name: &str) -> LocalizedTitle {
    match (family, name) {
        (CaseFamily::CALL, _) => bilingual_text("calls", "通话"),
        (CaseFamily::QUEUE, _) => bilingual_text("tickets", "票号"),
        (CaseFamily::SURVEY, _) => bilingual_text("surveys", "评价"),
        (CaseFamily::AGENT, _) => bilingual_text("agents", "坐席"),
        (_, "repair") => bilingual_text("repairs", "故障单"),
        (_, "install") => bilingual_text("installations", "装机单"),
        (_, "move") => bilingual_text("moves", "移机单"),
        (_, "complaint") => bilingual_text("complaints", "投诉单"),
        _ => bilingual_text(format!("orders “{name}”"), format!("“{name}”工单")),
    }
}
