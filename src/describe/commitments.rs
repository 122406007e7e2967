//! Commitments as sentences.

use super::fact_names::describe_fact;
use crate::describe::{bilingual_text, describe_duration, join_list, symbol_text};
use crate::domain::events::event::CaseFamily;
use crate::domain::explain::explanation::warning_text;
use crate::domain::facts::commitment_clock::PauseEffect;
use crate::domain::standard::{
    Commitment, CommitmentTerms, DeadlineChoice, DeadlineRule, LocalizedTitle, PauseTerms,
    ReopeningEffect, Standard,
};
use crate::domain::time::timestamp::Timestamp;

/// What is promised: from when until when, by which deadline, and what stops or ends the clock; a sentence each.
#[must_use]
pub fn describe_commitment(standard: &Standard, commitment: &Commitment) -> Vec<LocalizedTitle> {
    let (from, until) =
        (describe_fact(standard, commitment.from), describe_fact(standard, commitment.until));
    let mut said = vec![bilingual_text(
        format!("From {} until {}.", from.en, until.en),
        format!("自{}起,至{}止。", from.zh, until.zh),
    )];
    for terms in &commitment.terms {
        if commitment.terms.len() > 1 {
            said.push(describe_validity(standard, terms));
        }
        said.extend(terms.choices.iter().map(|choice| describe_deadline(standard, choice)));
        said.extend(describe_terms(standard, commitment, terms));
    }
    said
}

fn describe_validity(standard: &Standard, terms: &CommitmentTerms) -> LocalizedTitle {
    let since = jiff::Timestamp::from_millisecond(terms.since.0)
        .ok()
        .filter(|_| terms.since > Timestamp(i64::MIN));
    match since.map(|since| since.to_zoned(standard.zones.get(0).clone()).date()) {
        Some(date) => bilingual_text(
            format!("For clocks started from {date} on:"),
            format!("{date}起开始计时的:"),
        ),
        None => bilingual_text("For clocks started before:", "此前开始计时的:"),
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
            format!("by the end of {days} full working days after the day it started"),
            format!("开始次日起满{days}个工作日"),
        ),
        DeadlineRule::CutOff(before, millis) => {
            let later = describe_duration(millis);
            let before = before.strftime("%H:%M");
            bilingual_text(
                format!(
                    "if it started before {before}, by the end of that day; else within {}",
                    later.en
                ),
                format!("{before}前开始的当日内,否则{}内", later.zh),
            )
        }
        DeadlineRule::Due => bilingual_text(
            "the due time that the case's events say; the last one said holds",
            "事件给出的时限(due),以最后一次为准",
        ),
        DeadlineRule::Appointment => bilingual_text(
            "the appointment that the case's events say; the last one said holds",
            "事件给出的预约时间,以最后一次为准",
        ),
    };
    let (mut en, mut zh) = (String::new(), String::new());
    for (dimension, values) in &choice.conditions {
        let name = &standard.schema.dimensions[*dimension];
        en += &format!(" where {name} is {}", join_list(values, "or"));
        zh += &format!("({name}为{})", values.join("或"));
    }
    bilingual_text(format!("Deadline{en}: {}.", rule.en), format!("时限{zh}:{}。", rule.zh))
}

/// Everything but the deadline.
fn describe_terms(
    standard: &Standard,
    commitment: &Commitment,
    terms: &CommitmentTerms,
) -> Vec<LocalizedTitle> {
    let mut said = Vec::new();
    if terms.by_first_attributes {
        said.push(bilingual_text(
            "The attributes the case had first choose the deadline.",
            "按工单最初的属性确定时限。",
        ));
    }
    if !terms.void.is_empty() {
        let (en, zh): (Vec<String>, Vec<String>) = terms
            .void
            .iter()
            .map(|kind| describe_fact(standard, *kind))
            .map(|one| (one.en, one.zh))
            .unzip();
        said.push(bilingual_text(
            format!("Void if this comes first: {}.", join_list(&en, "or")),
            format!("若先发生以下情况则作废:{}。", zh.join("、")),
        ));
    }
    said.extend(terms.pauses.iter().map(|one| describe_pause(standard, one)));
    if !terms.pauses.is_empty() {
        said.push(bilingual_text("Any other pause: the clock runs on.", "其他暂停:继续计时。"));
    }
    if !terms.excused_by.is_empty() {
        let parties: Vec<String> =
            terms.excused_by.iter().map(|one| symbol_text(standard, *one)).collect();
        said.push(bilingual_text(
            format!(
                "A delay is excused if the case's last word says that {} is liable.",
                join_list(&parties, "or")
            ),
            format!("若最终判定责任方为{},逾期免责。", parties.join("或")),
        ));
    }
    // Calls and tickets are never reopened.
    let reopening = match terms.reopening {
        ReopeningEffect::FirstVerdict => bilingual_text(
            "A reopening changes nothing: the first verdict stands.",
            "重开不改变首次判定。",
        ),
        ReopeningEffect::Resumes => bilingual_text(
            "A reopening lets the clock run on from where it stood.",
            "重开后接续原计时。",
        ),
        ReopeningEffect::Restarts => bilingual_text(
            "A reopening starts a new clock; the first verdict stands.",
            "重开后重新计时,首次判定仍有效。",
        ),
    };
    said.extend((commitment.family >= CaseFamily::FIRST_ORDER).then_some(reopening));
    if !terms.warnings.is_empty() {
        let when: Vec<String> =
            terms.warnings.iter().map(|warning| warning_text(warning.at)).collect();
        said.push(bilingual_text(
            format!(
                "Warnings: {} (of the time allowed, or before the deadline).",
                join_list(&when, "and")
            ),
            format!("预警:{}(已用时限比例或到期前时间)。", when.join("、")),
        ));
    }
    if let Some(soon) = terms.due_soon_ms.map(describe_duration) {
        said.push(bilingual_text(
            format!("Due soon: {} before the deadline.", soon.en),
            format!("到期前{}为即将到期。", soon.zh),
        ));
    }
    said
}

fn describe_pause(standard: &Standard, pause: &PauseTerms) -> LocalizedTitle {
    let words = |words: &[crate::domain::events::event::Symbol]| {
        words.iter().map(|one| symbol_text(standard, *one)).collect::<Vec<_>>()
    };
    let (mut en, mut zh) = ("Pauses".to_owned(), "暂停".to_owned());
    if !pause.reasons.is_empty() {
        let reasons = words(&pause.reasons);
        en += &format!(" for {}", join_list(&reasons, "or"));
        zh += &format!("(原因:{})", reasons.join("、"));
    }
    if !pause.liable.is_empty() {
        let liable = words(&pause.liable);
        en += &format!(" that {} is liable for", join_list(&liable, "or"));
        zh += &format!("(责任方:{})", liable.join("、"));
    }
    let does = match pause.effect {
        PauseEffect::Excused => bilingual_text("the clock stands", "停止计时"),
        PauseEffect::Counted => {
            bilingual_text("the clock runs on; the net time leaves them out", "继续计时,净时长不含")
        }
        PauseEffect::Ignored => bilingual_text("as if nobody had paused", "视为未暂停"),
    };
    bilingual_text(format!("{en}: {}.", does.en), format!("{zh}:{}。", does.zh))
}
