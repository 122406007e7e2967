//! Versions of a standard: several files become one standard, the newest with what the older ones promised and aimed at.
//!
//! What events look like and what is computed is as in the newest version. A commitment of the same name has the terms of every
//! version, each with its own calendars, and an indicator of the same name the targets of every version. Places are found
//! anew by name, because every file numbers dimensions, facts and calendars for itself.

use super::alert_table::add_policy_warnings;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{
    Commitment, CommitmentTerms, DatedTarget, DeadlineRule, ReopeningEffect, Standard,
    StandardVersion,
};
use crate::domain::time::timestamp::Timestamp;
use crate::toml_document::{TomlDocument, TomlProblem};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The most versions that are combined: every group of cases remembers something of each.
const VERSIONS_MAX: usize = 32;

/// Combines the versions; `None` if they do not go together. The problems of all of them are added to `problems`.
pub(super) fn combine_versions(
    mut all: Vec<(TomlDocument, Standard)>,
    problems: &mut Vec<TomlProblem>,
) -> Option<Standard> {
    check_compatible(&all);
    // A day written as `YYYY-MM-DD` sorts as text.
    all.sort_by(|(_, one), (_, other)| other.date_of_effect.cmp(&one.date_of_effect));
    let sound = !all.iter().any(|(document, _)| document.has_problems());
    let combined = if sound { merge_versions(&all) } else { None };
    problems.extend(all.into_iter().flat_map(|(document, _)| document.into_problems()));
    combined
}

/// Whether these can be versions of one standard.
fn check_compatible(all: &[(TomlDocument, Standard)]) {
    for (place, (document, standard)) in all.iter().enumerate() {
        let root = document.root_table();
        if all.len() > 1
            && standard.date_of_effect.is_empty()
            && root.value("date_of_effect").is_none()
        {
            root.report_problem(
                "",
                "one of several versions needs its first day, as in `date_of_effect = 2026-01-01`",
            );
        }
        if place == VERSIONS_MAX {
            root.report_problem(
                "version",
                format!("{} versions are too many: at most {VERSIONS_MAX}", all.len()),
            );
        }
        for (other_document, other) in &all[..place] {
            let file = other_document.root_table().file_name();
            if standard.name != other.name {
                root.report_problem(
                    "name",
                    format!(
                        "`{}` is another standard than `{}` of `{file}`; versions of one standard have one name",
                        standard.name, other.name
                    ),
                );
                break;
            }
            if standard.version == other.version {
                root.report_problem(
                    "version",
                    format!(
                        "`{file}` is version `{}` too; give each version its own",
                        other.version
                    ),
                );
            }
            if standard.date_of_effect == other.date_of_effect && !other.date_of_effect.is_empty() {
                let message = format!(
                    "`{file}` takes effect on {} too; of two versions one must be newer",
                    other.date_of_effect
                );
                root.report_problem("date_of_effect", message);
            }
        }
    }
}

/// The newest with the terms and targets of all; the newest comes first.
fn merge_versions(all: &[(TomlDocument, Standard)]) -> Option<Standard> {
    let (document, newest) = all.first()?;
    let mut standard = newest.clone();
    for (place, (_, one)) in all.iter().enumerate() {
        let oldest = place + 1 == all.len();
        let since = if oldest {
            Timestamp(i64::MIN)
        } else {
            start_of_day(&one.date_of_effect, newest.zones.get(0))?
        };
        standard.versions.push(StandardVersion {
            version: one.version.clone(),
            date_of_effect: one.date_of_effect.clone(),
            since,
        });
    }
    for number in 0..standard.commitments.len() {
        standard.commitments[number].terms[0].since = standard.versions[0].since;
        for (place, (older_document, older)) in all.iter().enumerate().skip(1) {
            let pair = VersionPair { document, older_document, older };
            let terms = pair.translate_terms(&standard.commitments[number].clone(), &mut standard);
            standard.commitments[number]
                .terms
                .push(CommitmentTerms { since: standard.versions[place].since, ..terms });
        }
    }
    for indicator in &mut standard.indicators {
        indicator.targets[0].since = standard.versions[0].since;
        for (version, (_, older)) in standard.versions.iter().zip(all).skip(1) {
            let old = older.indicators.iter().find(|known| known.name == indicator.name);
            if let Some(old) = old.filter(|old| old.unit() != indicator.unit()) {
                let message = format!(
                    "in version {} `{}` was in the unit `{}`, and now it is in `{}`: give it a new name",
                    older.version,
                    old.name,
                    old.unit(),
                    indicator.unit()
                );
                report_problem(document, "indicator", &indicator.name, "", message);
            }
            let target = old.and_then(|old| old.targets[0].target);
            indicator.targets.push(DatedTarget { since: version.since, target });
        }
    }
    add_policy_warnings(&mut standard);
    Some(standard)
}

/// When a day begins.
fn start_of_day(date: &str, zone: &TimeZone) -> Option<Timestamp> {
    let date: Date = date.parse().ok()?;
    let begin = date.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(begin.timestamp().as_millisecond()))
}

/// Leaves a problem at a key of `[kind.name]`.
fn report_problem(document: &TomlDocument, kind: &str, name: &str, key: &str, message: String) {
    match document.root_table().optional_table(kind).and_then(|table| table.optional_table(name)) {
        Some(table) => table.report_problem(key, message),
        None => document.root_table().report_problem("", message),
    }
}

/// An older version, which is brought into the newest.
struct VersionPair<'a> {
    /// The newest version's file.
    document: &'a TomlDocument,
    older_document: &'a TomlDocument,
    older: &'a Standard,
}

impl VersionPair<'_> {
    /// What the older version promised under the name of `commitment`; nothing if it had none of this name.
    fn translate_terms(&self, commitment: &Commitment, standard: &mut Standard) -> CommitmentTerms {
        let Some(old) = self.older.commitments.iter().find(|known| known.name == commitment.name)
        else {
            return empty_terms();
        };
        for (key, one, other) in
            [("from", old.from, commitment.from), ("until", old.until, commitment.until)]
        {
            let (was, is) = (self.older.kinds.name(one), standard.kinds.name(other));
            if was != is {
                let message = format!(
                    "in version {} the `{key}` of `{}` was `{was}`, and now it is `{is}`: that is another promise; give it a new name",
                    self.older.version, commitment.name
                );
                report_problem(self.document, "commitment", &commitment.name, key, message);
            }
        }
        let mut terms = old.terms[0].clone();
        terms.void = terms
            .void
            .iter()
            .filter_map(|kind| self.translate_fact(*kind, commitment, standard))
            .collect();
        for choice in &mut terms.choices {
            for (dimension, _) in &mut choice.conditions {
                *dimension = self.translate_dimension(*dimension, commitment, standard);
            }
            choice.conditions.sort();
            choice.deadline = self.translate_deadline(choice.deadline, standard);
        }
        terms
    }

    /// A fact of the older version among those of the newest.
    fn translate_fact(
        &self,
        kind: FactKind,
        commitment: &Commitment,
        standard: &Standard,
    ) -> Option<FactKind> {
        let name = self.older.kinds.name(kind);
        let found = standard.kinds.find_kind(name);
        if found.is_none() {
            let message = format!(
                "version {} has no fact `{name}`, which makes `{}` void here; keep there what makes it",
                standard.version, commitment.name
            );
            report_problem(self.older_document, "commitment", &commitment.name, "void", message);
        }
        found
    }

    /// A dimension of the older version among those of the newest.
    fn translate_dimension(
        &self,
        place: usize,
        commitment: &Commitment,
        standard: &Standard,
    ) -> usize {
        let name = &self.older.schema.dimensions[place];
        standard.schema.dimensions.iter().position(|known| known == name).unwrap_or_else(|| {
            let message = format!(
                "version {} does not declare the dimension `{name}`, by which a deadline is chosen here; keep it in its `dimensions`",
                standard.version
            );
            report_problem(self.older_document, "commitment", &commitment.name, "deadline", message);
            place
        })
    }

    /// A deadline of the older version, with that version's own calendar at a place of its own.
    fn translate_deadline(&self, deadline: DeadlineRule, standard: &mut Standard) -> DeadlineRule {
        let mut place = |calendar: usize| {
            standard.calendars.push(self.older.calendars[calendar].clone());
            standard.calendars.len() - 1
        };
        match deadline {
            DeadlineRule::Within(millis, calendar) => {
                DeadlineRule::Within(millis, calendar.map(place))
            }
            DeadlineRule::WorkingDays(days, calendar) => {
                DeadlineRule::WorkingDays(days, place(calendar))
            }
            DeadlineRule::FullWorkingDays(days, calendar) => {
                DeadlineRule::FullWorkingDays(days, place(calendar))
            }
            DeadlineRule::CutOff(..) | DeadlineRule::Due | DeadlineRule::Appointment => deadline,
        }
    }
}

/// The terms of a version that promises nothing: no deadline fits any case.
fn empty_terms() -> CommitmentTerms {
    CommitmentTerms {
        since: Timestamp(i64::MIN),
        choices: Vec::new(),
        void: Vec::new(),
        excused_by: Vec::new(),
        pauses: Vec::new(),
        reopening: ReopeningEffect::FirstVerdict,
        by_first_attributes: false,
        warnings: Vec::new(),
        due_soon_ms: None,
    }
}

#[cfg(test)]
mod tests;
