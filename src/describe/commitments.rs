//! Commitments as sentences.

use super::fact_names::{describe_fact, fact_name};
use super::formulas::chinese_label;
use crate::describe::{
    bilingual_text, describe_conditions, describe_duration, join_list, symbol_text,
};
use crate::domain::events::event::{LifeCycle, Symbol};
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::standard::{
    Commitment, CommitmentTerms, CommitmentWarning, DeadlineChoice, DeadlineRule, HolderRule,
    LocalizedTitle, MissHolder, PauseTerms, ReopeningEffect, Standard, WarningTime,
};
use crate::domain::time::timestamp::Timestamp;

/// Describes the terms of a commitment, one sentence each: start, end, deadline, pauses, warnings.
#[must_use]
pub fn describe_commitment(standard: &Standard, commitment: &Commitment) -> Vec<LocalizedTitle> {
    let mut sentences = vec![describe_clock(standard, commitment)];
    sentences.extend(commitment.recurs.then(|| describe_recurrence(standard, commitment)));
    sentences.extend(commitment.holder.map(|holder| describe_holder(standard, holder)));
    for terms in &commitment.terms {
        if commitment.terms.len() > 1 {
            sentences.push(describe_validity(standard, terms));
        }
        sentences.extend(terms.choices.iter().map(|choice| describe_deadline(standard, choice)));
        sentences.extend(describe_terms(standard, commitment, terms));
    }
    sentences
}

fn describe_clock(standard: &Standard, commitment: &Commitment) -> LocalizedTitle {
    let (from, until) =
        (fact_name(standard, commitment.from), fact_name(standard, commitment.until));
    if commitment.from == commitment.until {
        return bilingual_text(
            format!(
                "The clock of {} runs from “{}” to the next one.",
                from.noun.en, from.outcome.en
            ),
            format!("{}自{}起计时，至下一次{}止。", from.noun.zh, from.outcome.zh, from.outcome.zh),
        );
    }
    if from.noun != until.noun {
        let (from, until) =
            (describe_fact(standard, commitment.from), describe_fact(standard, commitment.until));
        return bilingual_text(
            format!("The clock runs from {} to {}.", from.en, until.en),
            format!("自{}起计时，至{}止。", from.zh, until.zh),
        );
    }
    bilingual_text(
        format!(
            "The clock of {} runs from “{}” to “{}”.",
            from.noun.en, from.outcome.en, until.outcome.en
        ),
        format!("{}自{}起计时，至{}止。", from.noun.zh, from.outcome.zh, until.outcome.zh),
    )
}

/// Describes the clocks of a commitment with `each = true`.
fn describe_recurrence(standard: &Standard, commitment: &Commitment) -> LocalizedTitle {
    let from = fact_name(standard, commitment.from).outcome;
    bilingual_text(
        format!("Each “{}” starts a clock, unless one is running.", from.en),
        format!("每次{}均开始计时；计时未结束时不再另行计时。", from.zh),
    )
}

/// Describes the unit for which a miss counts.
fn describe_holder(standard: &Standard, holder: MissHolder) -> LocalizedTitle {
    let unit = &standard.schema.dimensions[holder.dimension];
    let (en, zh) = match holder.rule {
        HolderRule::First => ("that held the order first", "最先经手的单位"),
        HolderRule::Last => ("that held the order last", "最后经手的单位"),
        HolderRule::AtDeadline => ("that held the order at the deadline", "到期时经手的单位"),
        HolderRule::Longest => {
            ("that held the order for most of the clock's time", "计时内经手最久的单位")
        }
        HolderRule::Shares => {
            return bilingual_text(
                format!(
                    "`missed_share` divides a miss by the time that each {unit} held the order."
                ),
                format!("`missed_share`按各`{unit}`经手时长分摊一次未兑现。"),
            );
        }
    };
    bilingual_text(
        format!("A miss counts for the {unit} {en}."),
        format!("未兑现计入{zh}（`{unit}`）。"),
    )
}

fn describe_validity(standard: &Standard, terms: &CommitmentTerms) -> LocalizedTitle {
    let since = jiff::Timestamp::from_millisecond(terms.since.0)
        .ok()
        .filter(|_| terms.since > Timestamp(i64::MIN));
    match since.map(|since| since.to_zoned(standard.zones.get(0).clone()).date()) {
        Some(date) => bilingual_text(
            format!("If the clock started on {date} or later:"),
            format!("{date}起开始计时的："),
        ),
        None => bilingual_text("If the clock started earlier:", "此前开始计时的："),
    }
}

fn describe_deadline(standard: &Standard, choice: &DeadlineChoice) -> LocalizedTitle {
    let rule = match choice.deadline {
        DeadlineRule::Within(millis, calendar) => {
            let within = describe_duration(millis);
            match calendar {
                Some(_) => bilingual_text(
                    format!("within {} of working time", within.en),
                    format!("{}工作时间内", within.zh),
                ),
                None => bilingual_text(format!("within {}", within.en), format!("{}内", within.zh)),
            }
        }
        DeadlineRule::WorkingDays(days, _) => bilingual_text(
            format!("at the same time of day {days} working days later"),
            format!("{days}个工作日后的同一时刻"),
        ),
        DeadlineRule::FullWorkingDays(days, _) => bilingual_text(
            format!("by the end of {days} full working days after the start day"),
            format!("开始次日起满{days}个工作日"),
        ),
        DeadlineRule::CutOff(before, millis, _) => {
            let later = describe_duration(millis);
            let before = before.strftime("%H:%M");
            bilingual_text(
                format!(
                    "the end of the day if it started before {before}, otherwise within {}",
                    later.en
                ),
                format!("{before}前开始的当日内，否则{}内", later.zh),
            )
        }
        DeadlineRule::TimesOfDay { before, at, next_at, calendar } => {
            let [before, at, next_at] =
                [before, at, next_at].map(|time| time.strftime("%H:%M").to_string());
            let (day_en, day_zh) = match calendar {
                Some(_) => ("working day", "工作日"),
                None => ("day", "日"),
            };
            let same_en = if calendar.is_some() { " on a working day" } else { "" };
            let same_zh = if calendar.is_some() { "工作日" } else { "" };
            bilingual_text(
                format!(
                    "{at} on the same day if it started before {before}{same_en}, otherwise \
                     {next_at} on the next {day_en}"
                ),
                format!("{same_zh}{before}前开始的当日{at}，否则次{day_zh}{next_at}"),
            )
        }
        DeadlineRule::Due(_) => bilingual_text(
            "the due time in the case's events; the latest value applies",
            "事件给出的时限（`due`），以最后一次为准",
        ),
        DeadlineRule::Appointment(_) => bilingual_text(
            "the appointment in the case's events; the latest value applies",
            "事件给出的预约时间（`appointment`），以最后一次为准",
        ),
    };
    let mut conditions = describe_conditions(standard, &choice.conditions);
    if !choice.conditions.is_empty() {
        conditions.zh = format!("（{}）", conditions.zh);
    }
    bilingual_text(
        format!("Deadline{}: {}.", conditions.en, rule.en),
        format!("时限{}：{}。", conditions.zh, rule.zh),
    )
}

/// Describes everything but the deadline.
fn describe_terms(
    standard: &Standard,
    commitment: &Commitment,
    terms: &CommitmentTerms,
) -> Vec<LocalizedTitle> {
    let mut sentences = Vec::new();
    if terms.by_first_attributes {
        sentences.push(bilingual_text(
            "The first attributes of the case select the deadline.",
            "按工单最初的属性确定时限。",
        ));
    }
    if !terms.void.is_empty() {
        let (en, zh): (Vec<String>, Vec<String>) = terms
            .void
            .iter()
            .map(|kind| describe_fact(standard, *kind))
            .map(|fact| (fact.en, fact.zh))
            .unzip();
        sentences.push(bilingual_text(
            format!("Void if one of these happens first: {}.", join_list(&en, "or")),
            format!("若先发生以下情况则作废：{}。", zh.join("、")),
        ));
    }
    sentences.extend(terms.pauses.iter().map(|pause| describe_pause(standard, pause)));
    if !terms.pauses.is_empty() {
        sentences.push(bilingual_text(
            "During any other pause the clock continues.",
            "其他暂停期间继续计时。",
        ));
    }
    if !terms.excused_by.is_empty() {
        let parties = label_texts(standard, &terms.excused_by);
        sentences.push(bilingual_text(
            format!(
                "A delay is excused if the latest liable party of the case is {}.",
                join_list(&parties.en, "or")
            ),
            format!("若最终判定责任方为{}，逾期免责。", parties.zh.join("或")),
        ));
    }
    let reopening = match terms.reopening {
        ReopeningEffect::FirstVerdict => {
            bilingual_text("Reopening does not change the first verdict.", "重开不改变首次判定。")
        }
        ReopeningEffect::Resumes => bilingual_text(
            "After reopening, the clock continues from its last value.",
            "重开后接续原计时。",
        ),
        ReopeningEffect::Restarts => bilingual_text(
            "Reopening starts a new clock. The first verdict remains valid.",
            "重开后重新计时，首次判定仍有效。",
        ),
    };
    // Contacts and tickets are never reopened.
    let is_on_orders = standard.schema.life_cycle(commitment.family) == LifeCycle::Order;
    sentences.extend((is_on_orders && !commitment.recurs).then_some(reopening));
    let counts_open_time = !terms.warns_in_wall_time
        && terms.choices.iter().any(|choice| choice.deadline.calendar().is_some());
    sentences.extend(describe_warnings(&terms.warnings, counts_open_time));
    if let Some(soon) = terms.due_soon_ms.map(|millis| describe_left(millis, counts_open_time)) {
        sentences.push(bilingual_text(
            format!("Due soon from {} before the deadline.", soon.en),
            format!("到期前{}起为即将到期。", soon.zh),
        ));
    }
    sentences
}

/// Describes all warnings in one sentence. Returns `None` without warnings.
fn describe_warnings(
    warnings: &[CommitmentWarning],
    counts_open_time: bool,
) -> Option<LocalizedTitle> {
    let (mut percents, mut left_en, mut left_zh) = (Vec::new(), Vec::new(), Vec::new());
    for warning in warnings {
        match warning.at {
            WarningTime::Percent(percent) => percents.push(percent),
            WarningTime::Before(millis) => {
                let left = describe_left(millis, counts_open_time);
                left_en.push(left.en);
                left_zh.push(left.zh);
            }
        }
    }
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    if !percents.is_empty() {
        let texts = |unit: &str| -> Vec<String> {
            percents.iter().map(|percent| format!("{percent}{unit}")).collect()
        };
        en.push(format!("at {} of the time allowed", join_list(&texts(" %"), "and")));
        zh.push(format!("已用时限的{}", texts("%").join("、")));
    }
    if !left_en.is_empty() {
        en.push(format!("{} before the deadline", join_list(&left_en, "and")));
        zh.push(format!("到期前{}", left_zh.join("、")));
    }
    (!en.is_empty()).then(|| {
        bilingual_text(
            format!("Warnings: {}.", en.join("; ")),
            format!("预警：{}。", zh.join("；")),
        )
    })
}

/// Describes a time before the deadline.
fn describe_left(millis: i64, counts_open_time: bool) -> LocalizedTitle {
    let left = describe_duration(millis);
    if !counts_open_time {
        return left;
    }
    bilingual_text(format!("{} of working time", left.en), format!("{}工作时间", left.zh))
}

fn describe_pause(standard: &Standard, pause: &PauseTerms) -> LocalizedTitle {
    let (mut en, mut zh) = ("Pauses".to_owned(), Vec::new());
    if !pause.reasons.is_empty() {
        let reasons = label_texts(standard, &pause.reasons);
        en += &format!(" with reason {}", join_list(&reasons.en, "or"));
        zh.push(format!("原因：{}", reasons.zh.join("、")));
    }
    if !pause.liable.is_empty() {
        let liable = label_texts(standard, &pause.liable);
        en += &format!(" for which {} is liable", join_list(&liable.en, "or"));
        zh.push(format!("责任方：{}", liable.zh.join("、")));
    }
    let limits_zh = if zh.is_empty() { String::new() } else { format!("（{}）", zh.join("；")) };
    let effect = match pause.effect {
        PauseEffect::Excused => bilingual_text("stop the clock", "停止计时"),
        PauseEffect::Counted => bilingual_text(
            "do not stop the clock, but are excluded from the net time",
            "继续计时，但不计入净时长",
        ),
        PauseEffect::Ignored => bilingual_text("are ignored", "视为未暂停"),
    };
    bilingual_text(format!("{en} {}.", effect.en), format!("暂停{limits_zh}期间{}。", effect.zh))
}

/// Texts of several labels in both languages.
struct LabelTexts {
    en: Vec<String>,
    zh: Vec<String>,
}

fn label_texts(standard: &Standard, labels: &[Symbol]) -> LabelTexts {
    let en: Vec<String> = labels.iter().map(|label| symbol_text(standard, *label)).collect();
    let zh = en.iter().map(|text| chinese_label(text)).collect();
    LabelTexts { en, zh }
}
