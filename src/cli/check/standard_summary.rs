//! `check --explain`: description of a standard in English and Chinese.

use crate::describe;
use crate::domain::standard::{LocalizedTitle, Standard};
use std::fmt::Write;

/// Describes every commitment, indicator and alert policy of a standard.
pub(super) fn standard_summary(standard: &Standard) -> String {
    let mut out =
        format!("{} · {}, version {}\n", standard.title.en, standard.title.zh, standard.version);
    // Writing to a string cannot fail.
    let write_both = |out: &mut String, text: &LocalizedTitle| {
        let _ = writeln!(out, "  {}\n  {}", text.en, text.zh);
    };
    for commitment in &standard.commitments {
        let _ = writeln!(out, "\ncommitment {}", commitment.name);
        describe::describe_commitment(standard, commitment)
            .iter()
            .for_each(|sentence| write_both(&mut out, sentence));
    }
    for indicator in &standard.indicators {
        let _ = writeln!(
            out,
            "\nindicator {}: {} · {}",
            indicator.name, indicator.title.en, indicator.title.zh
        );
        write_both(&mut out, &describe::describe_indicator(standard, indicator));
        for target in describe::describe_targets(standard, indicator) {
            write_both(
                &mut out,
                &LocalizedTitle {
                    en: format!("target: {}", target.en),
                    zh: format!("目标：{}", target.zh),
                },
            );
        }
    }
    for policy in &standard.policies {
        let _ = writeln!(out, "\nalert {}: {} · {}", policy.name, policy.title.en, policy.title.zh);
        describe::describe_policy(standard, policy)
            .iter()
            .for_each(|sentence| write_both(&mut out, sentence));
    }
    out
}
