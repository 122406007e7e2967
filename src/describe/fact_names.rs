//! Names of facts and of their values in English and Chinese.

use crate::describe::bilingual_text;
use crate::domain::events::event::{CaseFamily, LifeCycle};
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{LocalizedTitle, Standard};

/// Name of a kind of fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FactName {
    /// Cases it happens to: `calls`, `通话`.
    pub(super) noun: LocalizedTitle,
    /// Outcome: `answered`, `应答`.
    pub(super) outcome: LocalizedTitle,
    /// True if the English outcome precedes the noun.
    pub(super) is_outcome_first: bool,
    /// Name of the value: `wait`, `等待时长`. Empty if the fact has none.
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

/// Row of a table: fact, English outcome, Chinese outcome, English value, Chinese value.
///
/// An English outcome that begins with `~` follows the noun.
type FactNameRow = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CONTACT_NAMES: &[FactNameRow] = &[
    ("offered", "offered", "呼入", "", ""),
    ("answered", "answered", "应答", "wait", "等待时长"),
    ("abandoned", "abandoned", "放弃", "wait", "等待时长"),
    ("overflowed", "overflowed", "溢出", "wait", "等待时长"),
    ("transferred", "transferred", "转接", "", ""),
    ("ended", "ended", "结束", "talk time", "通话时长"),
    ("handled", "handled", "处理完", "handling time", "处理时长"),
    ("completed", "~that were answered and ended", "应答并结束", "wait", "等待时长"),
    ("expired", "~without an end event", "缺少结束事件", "time until expiry", "过期前时长"),
    ("waiting", "~waiting", "排队中", "", ""),
    ("talking", "~in conversation", "通话中", "", ""),
    ("not_offered", "~answered without an arrival", "无排队记录", "", ""),
    ("callback", "~with a pending call-back", "待回呼", "", ""),
    ("ring_missed", "~rung at an agent without an answer", "坐席未接振铃", "ring time", "振铃时长"),
    ("called_back", "~called back", "已回呼", "time until the call-back", "回呼前时长"),
];
const LEG_NAMES: &[FactNameRow] = &[
    ("offered", "offered", "呼入", "", ""),
    ("answered", "answered", "应答", "wait", "等待时长"),
    ("abandoned", "abandoned", "放弃", "wait", "等待时长"),
    ("overflowed", "overflowed", "溢出", "wait", "等待时长"),
    ("transferred", "transferred", "转接", "", ""),
    ("talked", "~after the conversation", "结束通话", "talk time", "通话时长"),
    ("expired", "~without an end event", "缺少结束事件", "time until expiry", "过期前时长"),
    ("waiting", "~waiting", "排队中", "", ""),
    ("talking", "~in conversation", "通话中", "", ""),
    ("not_offered", "~answered without an arrival", "无排队记录", "", ""),
    ("called_back", "~called back", "已回呼", "time until the call-back", "回呼前时长"),
];
const QUEUE_NAMES: &[FactNameRow] = &[
    ("joined", "issued", "取号", "", ""),
    ("called", "called", "叫号", "wait", "等候时长"),
    ("left", "~left without service", "未办理离开", "wait", "等候时长"),
    ("served", "served", "办结", "service time", "办理时长"),
    ("expired", "~without an end event", "缺少结束事件", "time until expiry", "过期前时长"),
    ("waiting", "~waiting", "等候中", "", ""),
    ("at_counter", "~being served at the desk", "柜台办理中", "", ""),
];
const SURVEY_NAMES: &[FactNameRow] = &[("rated", "answered", "已作答", "rating", "评分")];
const AGENT_NAMES: &[FactNameRow] = &[
    ("ready_time", "~after a ready period", "结束空闲", "ready time", "空闲时长"),
    ("talking_time", "~after a conversation", "结束通话", "talk time", "通话时长"),
    ("wrapup_time", "~after wrap-up", "结束话后处理", "wrap-up time", "话后处理时长"),
    ("pause_time", "~after a break", "结束小休", "break time", "小休时长"),
    ("expired", "~without an end event", "缺少结束事件", "time until expiry", "过期前时长"),
    ("ready", "ready", "空闲", "", ""),
    ("talking", "~in conversation", "通话中", "", ""),
    ("wrapup", "~in wrap-up", "话后处理中", "", ""),
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
    ("resumed", "~resumed after a pause", "暂停后恢复", "pause time", "暂停时长"),
    ("cancelled", "cancelled", "取消", "", ""),
    ("expired", "~without an end event", "缺少结束事件", "time until expiry", "过期前时长"),
    ("open", "open", "在途", "", ""),
    ("paused", "paused", "暂停中", "", ""),
    ("customer_replied", "~answered by the customer", "客户回复", "", ""),
    ("held", "~passed on or closed by a unit", "单位经手结束", "time held", "经手时长"),
];
const COMMITMENT_NAMES: &[FactNameRow] = &[
    ("promised", "made", "作出", "", ""),
    ("kept", "kept", "兑现", "time taken", "用时"),
    ("missed", "missed", "未兑现", "", ""),
    ("late", "~fulfilled late", "逾期完成", "delay", "逾期时长"),
    ("kept_due", "~kept and past their deadline", "到期且兑现", "", ""),
    ("excused", "~excused or void", "免责或作废", "", ""),
    ("net", "fulfilled", "完成", "net time", "净时长"),
    ("warned", "~with a warning", "预警", "", ""),
    ("running", "running", "计时中", "", ""),
    ("overdue", "overdue", "超时未完成", "", ""),
    ("due_soon", "~due soon", "即将到期", "", ""),
    ("stopped", "~with a stopped clock", "停止计时中", "", ""),
    ("missed_share", "~missed, by share", "按占比未兑现", "", ""),
];
const FIRST_CONTACT_NAMES: &[FactNameRow] = &[
    ("contacts", "~of known customers", "已知客户", "", ""),
    ("once", "~without a repeat contact", "未再次接触", "", ""),
];

/// Returns the name of a kind of fact. Facts outside the tables keep their name in the standard.
pub(super) fn fact_name(standard: &Standard, kind: FactKind) -> FactName {
    let name = standard.kinds.name(kind);
    let (owner, fact) = name.split_once('.').unwrap_or((name, name));
    let family = standard.kinds.family(kind);
    let life_cycle = standard.schema.life_cycle(family);
    // A commitment may share its name with a family, so the kind number decides.
    let place = kind.0.checked_sub(standard.kinds.first_kind(family).0).map(usize::from);
    let family_rows = life_cycle_names(life_cycle);
    let is_leg = life_cycle == LifeCycle::Contact
        && place.is_some_and(|place| {
            (family_rows.len()..family_rows.len() + LEG_NAMES.len()).contains(&place)
        });
    let of_family = place.is_some_and(|place| place < family_rows.len());
    let (noun, rows) = match standard
        .first_contact_rules
        .iter()
        .any(|rule| kind == rule.first_fact || kind == rule.first_fact.offset_by(1))
    {
        true => (bilingual_text("contacts", "接触"), FIRST_CONTACT_NAMES),
        false if is_leg => (leg_noun(family, standard), LEG_NAMES),
        false if of_family => (family_noun(life_cycle, owner), family_rows),
        false => (
            bilingual_text(format!("commitments “{owner}”"), format!("`{owner}`承诺")),
            COMMITMENT_NAMES,
        ),
    };
    match rows.iter().find(|row| row.0 == fact) {
        Some((_, en, zh, value, value_zh)) => FactName {
            noun,
            outcome: bilingual_text(en.trim_start_matches('~'), *zh),
            is_outcome_first: !en.starts_with('~'),
            value_name: bilingual_text(*value, *value_zh),
        },
        None => FactName {
            noun,
            outcome: bilingual_text(name, format!("`{name}`")),
            is_outcome_first: true,
            value_name: bilingual_text("value", "数值"),
        },
    }
}

/// Describes a kind of fact: `answered calls`, `应答的通话`.
#[must_use]
pub fn describe_fact(standard: &Standard, kind: FactKind) -> LocalizedTitle {
    let fact = fact_name(standard, kind);
    bilingual_text(fact.english_phrase(), fact.chinese_phrase())
}

fn life_cycle_names(life_cycle: LifeCycle) -> &'static [FactNameRow] {
    match life_cycle {
        LifeCycle::Contact => CONTACT_NAMES,
        LifeCycle::HallTicket => QUEUE_NAMES,
        LifeCycle::Survey => SURVEY_NAMES,
        LifeCycle::Agent => AGENT_NAMES,
        LifeCycle::Order => ORDER_NAMES,
        LifeCycle::Series => &[],
    }
}

fn leg_noun(family: CaseFamily, standard: &Standard) -> LocalizedTitle {
    match family {
        CaseFamily::CALL => bilingual_text("legs of calls", "通话段"),
        _ => {
            let name = &standard.schema.families[usize::from(family.0)];
            bilingual_text(format!("legs of “{name}” contacts"), format!("`{name}`接触段"))
        }
    }
}

fn family_noun(life_cycle: LifeCycle, name: &str) -> LocalizedTitle {
    match (life_cycle, name) {
        (LifeCycle::Contact, "call") => bilingual_text("calls", "通话"),
        (LifeCycle::Contact, "chat") => bilingual_text("chats", "在线会话"),
        (LifeCycle::Contact, _) => {
            bilingual_text(format!("“{name}” contacts"), format!("`{name}`接触"))
        }
        (LifeCycle::HallTicket, _) => bilingual_text("tickets", "票号"),
        (LifeCycle::Survey, _) => bilingual_text("surveys", "评价"),
        (LifeCycle::Agent, _) => bilingual_text("agents", "坐席"),
        (_, "repair") => bilingual_text("repairs", "故障单"),
        (_, "install") => bilingual_text("installations", "装机单"),
        (_, "move") => bilingual_text("moves", "移机单"),
        (_, "complaint") => bilingual_text("complaints", "投诉单"),
        (_, "parts") => bilingual_text("spare parts orders", "备件单"),
        _ => bilingual_text(format!("orders “{name}”"), format!("`{name}`工单")),
    }
}
