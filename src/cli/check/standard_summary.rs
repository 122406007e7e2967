//! `check --explain`: what a standard means, in English and Chinese.

use crate::describe;
use crate::domain::standard::{LocalizedTitle, Standard};
use std::fmt::Write;

/// Every commitment, indicator and alert policy of a standard in words. Writing to a string cannot fail.
pub(super) fn standard_summary(standard: &Standard) -> String {
    let mut out =
        format!("{} · {}, version {}\n", standard.title.en, standard.title.zh, standard.version);
    let say = |out: &mut String, said: &LocalizedTitle| {
        let _ = writeln!(out, "  {}\n  {}", said.en, said.zh);
    };
    for commitment in &standard.commitments {
        let _ = writeln!(out, "\npromise {}", commitment.name);
        describe::describe_commitment(standard, commitment)
            .iter()
            .for_each(|sentence| say(&mut out, sentence));
    }
    for indicator in &standard.indicators {
        let _ = writeln!(
            out,
            "\nindicator {}: {} · {}",
            indicator.name, indicator.title.en, indicator.title.zh
        );
        say(&mut out, &describe::describe_indicator(standard, indicator));
        for target in describe::describe_targets(standard, indicator) {
            say(
                &mut out,
                &LocalizedTitle {
                    en: format!("target: {}", target.en),
                    zh: format!("目标:{}", target.zh),
                },
            );
        }
    }
    for policy in &standard.policies {
        let _ = writeln!(out, "\nalert {}: {} · {}", policy.name, policy.title.en, policy.title.zh);
        describe::describe_policy(standard, policy)
            .iter()
            .for_each(|sentence| say(&mut out, sentence));
    }
    out
}
