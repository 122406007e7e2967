//! Commitments as sentences.

use super::names::fact;
use super::{both, duration, list, word};
use crate::domain::event::Family;
use crate::domain::explain::warning_text;
use crate::domain::fact::clock::PauseDoes;
use crate::domain::standard::{Choice, Commitment, Deadline, Pause, Reopening, Standard, Terms, Title};
use crate::domain::time::Timestamp;

/// What is promised: from when until when, by which deadline, and what stops or ends the clock; a sentence each.
#[must_use]
pub fn commitment(standard: &Standard, commitment: &Commitment) -> Vec<Title> {
    let (from, until) = (fact(standard, commitment.from), fact(standard, commitment.until));
    let mut said = vec![both(format!("From {} until {}.", from.en, until.en), format!("自{}起,至{}止。", from.zh, until.zh))];
    for terms in &commitment.terms {
        if commitment.terms.len() > 1 {
            said.push(in_force(standard, terms));
        }
        said.extend(terms.choices.iter().map(|choice| deadline(standard, choice)));
        said.extend(conditions(standard, commitment, terms));
    }
    said
}

fn in_force(standard: &Standard, terms: &Terms) -> Title {
    let since = jiff::Timestamp::from_millisecond(terms.since.0).ok().filter(|_| terms.since > Timestamp(i64::MIN));
    match since.map(|since| since.to_zoned(standard.zones.get(0).clone()).date()) {
        Some(date) => both(format!("For clocks started from {date} on:"), format!("{date}起开始计时的:")),
        None => both("For clocks started before:", "此前开始计时的:"),
    }
}

fn deadline(standard: &Standard, choice: &Choice) -> Title {
    let rule = match choice.deadline {
        Deadline::Within(millis, calendar) => {
            let within = duration(millis);
            match calendar {
                Some(_) => both(format!("within {} of working time", within.en), format!("{}工作时间内", within.zh)),
                None => both(format!("within {}", within.en), format!("{}内", within.zh)),
            }
        }
        Deadline::Days(days, _) => {
            both(format!("at the same time of day {days} working days later"), format!("{days}个工作日后的同一时刻"))
        }
        Deadline::FullDays(days, _) => {
            both(format!("by the end of {days} full working days after the day it started"), format!("开始次日起满{days}个工作日"))
        }
        Deadline::CutOff(before, millis) => {
            let later = duration(millis);
            let before = before.strftime("%H:%M");
            both(
                format!("if it started before {before}, by the end of that day; else within {}", later.en),
                format!("{before}前开始的当日内,否则{}内", later.zh),
            )
        }
        Deadline::Due => both("the due time that the case's events say; the last one said holds", "事件给出的时限(due),以最后一次为准"),
        Deadline::Appointment => {
            both("the appointment that the case's events say; the last one said holds", "事件给出的预约时间,以最后一次为准")
        }
    };
    let (mut en, mut zh) = (String::new(), String::new());
    for (dimension, values) in &choice.conditions {
        let name = &standard.schema.dimensions[*dimension];
        en += &format!(" where {name} is {}", list(values, "or"));
        zh += &format!("({name}为{})", values.join("或"));
    }
    both(format!("Deadline{en}: {}.", rule.en), format!("时限{zh}:{}。", rule.zh))
}

/// Everything but the deadline.
fn conditions(standard: &Standard, commitment: &Commitment, terms: &Terms) -> Vec<Title> {
    let mut said = Vec::new();
    if terms.by_first_attributes {
        said.push(both("The attributes the case had first choose the deadline.", "按工单最初的属性确定时限。"));
    }
    if !terms.void.is_empty() {
        let (en, zh): (Vec<String>, Vec<String>) = terms.void.iter().map(|kind| fact(standard, *kind)).map(|one| (one.en, one.zh)).unzip();
        said.push(both(format!("Void if this comes first: {}.", list(&en, "or")), format!("若先发生以下情况则作废:{}。", zh.join("、"))));
    }
    said.extend(terms.pauses.iter().map(|one| pause(standard, one)));
    if !terms.pauses.is_empty() {
        said.push(both("Any other pause: the clock runs on.", "其他暂停:继续计时。"));
    }
    if !terms.excused_by.is_empty() {
        let parties: Vec<String> = terms.excused_by.iter().map(|one| word(standard, *one)).collect();
        said.push(both(
            format!("A delay is excused if the case's last word says that {} is liable.", list(&parties, "or")),
            format!("若最终判定责任方为{},逾期免责。", parties.join("或")),
        ));
    }
    // Calls and tickets are never reopened.
    let reopening = match terms.reopening {
        Reopening::First => both("A reopening changes nothing: the first verdict stands.", "重开不改变首次判定。"),
        Reopening::Resumes => both("A reopening lets the clock run on from where it stood.", "重开后接续原计时。"),
        Reopening::Restarts => both("A reopening starts a new clock; the first verdict stands.", "重开后重新计时,首次判定仍有效。"),
    };
    said.extend((commitment.family >= Family::FIRST_ORDER).then_some(reopening));
    if !terms.warnings.is_empty() {
        let when: Vec<String> = terms.warnings.iter().map(|warning| warning_text(warning.at)).collect();
        said.push(both(
            format!("Warnings: {} (of the time allowed, or before the deadline).", list(&when, "and")),
            format!("预警:{}(已用时限比例或到期前时间)。", when.join("、")),
        ));
    }
    if let Some(soon) = terms.due_soon_ms.map(duration) {
        said.push(both(format!("Due soon: {} before the deadline.", soon.en), format!("到期前{}为即将到期。", soon.zh)));
    }
    said
}

fn pause(standard: &Standard, pause: &Pause) -> Title {
    let words = |words: &[crate::domain::event::Word]| words.iter().map(|one| word(standard, *one)).collect::<Vec<_>>();
    let (mut en, mut zh) = ("Pauses".to_owned(), "暂停".to_owned());
    if !pause.reasons.is_empty() {
        let reasons = words(&pause.reasons);
        en += &format!(" for {}", list(&reasons, "or"));
        zh += &format!("(原因:{})", reasons.join("、"));
    }
    if !pause.liable.is_empty() {
        let liable = words(&pause.liable);
        en += &format!(" that {} is liable for", list(&liable, "or"));
        zh += &format!("(责任方:{})", liable.join("、"));
    }
    let does = match pause.does {
        PauseDoes::Excused => both("the clock stands", "停止计时"),
        PauseDoes::Counted => both("the clock runs on; the net time leaves them out", "继续计时,净时长不含"),
        PauseDoes::Ignored => both("as if nobody had paused", "视为未暂停"),
    };
    both(format!("{en}: {}.", does.en), format!("{zh}:{}。", does.zh))
}
