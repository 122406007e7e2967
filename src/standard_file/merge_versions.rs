//! Combination of the versions of a standard: the newest, with the terms and targets of the older.
//!
//! Schema and formulas are those of the newest version. A commitment has the terms of every version
//! with a commitment of the same name, each with its own calendars. An indicator has the targets of
//! every version. Indexes are translated by name, because each file numbers its own dimensions,
//! facts and calendars.

use super::StandardOrigin;
use super::alert_table::add_policy_warnings;
use super::metric_names::check_metric_names;
use super::time_keys::start_of_day;
use crate::domain::facts::catalog::FactKind;
use crate::domain::standard::{
    Commitment, CommitmentTerms, DatedTargets, DeadlineRule, Indicator, ReopeningEffect,
    ScopedTarget, Standard, StandardVersion, TargetStart,
};
use crate::domain::time::timestamp::Timestamp;
use crate::toml_document::{TomlDocument, TomlProblem};

/// Maximum number of versions. Every group of cases stores data for each.
const VERSIONS_MAX: usize = 32;

/// Combines the versions. Adds the problems of all versions to `problems`.
///
/// Returns `None` if a version has problems, or if there are no versions.
pub(super) fn combine_versions(
    mut versions: Vec<(TomlDocument, Standard)>,
    origin: StandardOrigin,
    problems: &mut Vec<TomlProblem>,
) -> Option<Standard> {
    check_compatible(&versions);
    // ISO dates sort as text.
    versions.sort_by(|(_, left), (_, right)| right.date_of_effect.cmp(&left.date_of_effect));
    let is_valid = !versions.iter().any(|(document, _)| document.has_problems());
    let combined = if is_valid { merge_versions(&versions) } else { None };
    if let (Some(standard), Some((newest, _)), StandardOrigin::Files) =
        (&combined, versions.first(), origin)
    {
        check_metric_names(newest, standard);
    }
    problems.extend(versions.into_iter().flat_map(|(document, _)| document.into_problems()));
    combined
}

/// Reports problems of files that cannot be versions of one standard.
fn check_compatible(versions: &[(TomlDocument, Standard)]) {
    for (place, (document, standard)) in versions.iter().enumerate() {
        let root = document.root_table();
        if versions.len() > 1
            && standard.date_of_effect.is_empty()
            && root.value("date_of_effect").is_none()
        {
            root.report_problem(
                "",
                "each of several versions needs a first day, as in `date_of_effect = 2026-01-01`",
            );
        }
        if place == VERSIONS_MAX {
            root.report_problem(
                "version",
                format!("{} versions are too many: at most {VERSIONS_MAX}", versions.len()),
            );
        }
        for (other_document, other) in &versions[..place] {
            let file = other_document.root_table().file_name();
            if standard.name != other.name {
                root.report_problem(
                    "name",
                    format!(
                        "`{}` differs from `{}` of `{file}`; all versions need the same name",
                        standard.name, other.name
                    ),
                );
                break;
            }
            if standard.version == other.version {
                root.report_problem(
                    "version",
                    format!(
                        "`{file}` is also version `{}`; give each version its own",
                        other.version
                    ),
                );
            }
            if standard.date_of_effect == other.date_of_effect && !other.date_of_effect.is_empty() {
                let message = format!(
                    "`{file}` also takes effect on {}; give each version its own date",
                    other.date_of_effect
                );
                root.report_problem("date_of_effect", message);
            }
        }
    }
}

/// Merges the terms and targets of all versions into the newest, which comes first.
fn merge_versions(versions: &[(TomlDocument, Standard)]) -> Option<Standard> {
    let (document, newest) = versions.first()?;
    let mut standard = newest.clone();
    for (place, (_, version)) in versions.iter().enumerate() {
        let oldest = place + 1 == versions.len();
        let since = if oldest {
            Timestamp(i64::MIN)
        } else {
            start_of_day(version.date_of_effect.parse().ok()?, newest.zones.get(0))?
        };
        standard.versions.push(StandardVersion {
            version: version.version.clone(),
            date_of_effect: version.date_of_effect.clone(),
            since,
        });
    }
    for number in 0..standard.commitments.len() {
        standard.commitments[number].terms[0].since = standard.versions[0].since;
        for (place, (older_document, older)) in versions.iter().enumerate().skip(1) {
            let pair = VersionPair { document, older_document, older };
            let terms = pair.translate_terms(&standard.commitments[number].clone(), &mut standard);
            standard.commitments[number]
                .terms
                .push(CommitmentTerms { since: standard.versions[place].since, ..terms });
        }
    }
    for indicator in &mut standard.indicators {
        indicator.targets[0].since = standard.versions[0].since;
        for (version, (older_document, older)) in standard.versions.iter().zip(versions).skip(1) {
            let old = older.indicators.iter().find(|known| known.name == indicator.name);
            if let Some(old) = old.filter(|old| old.unit() != indicator.unit()) {
                let message = format!(
                    "in version {} the unit of `{}` was `{}`, now it is `{}`; give it a new name",
                    older.version,
                    old.name,
                    old.unit(),
                    indicator.unit()
                );
                report_problem(document, "indicator", &indicator.name, "", message);
            }
            let entries = old.map_or_else(Vec::new, |old| {
                let pair = VersionPair { document, older_document, older };
                pair.translate_targets(old, newest)
            });
            indicator.targets.push(DatedTargets::new(version.since, entries));
        }
    }
    add_policy_warnings(&mut standard);
    Some(standard)
}

/// Reports a problem at a key of `[kind.name]`.
fn report_problem(document: &TomlDocument, kind: &str, name: &str, key: &str, message: String) {
    match document.root_table().optional_table(kind).and_then(|table| table.optional_table(name)) {
        Some(table) => table.report_problem(key, message),
        None => document.root_table().report_problem("", message),
    }
}

/// Older version to merge into the newest.
struct VersionPair<'a> {
    /// File of the newest version.
    document: &'a TomlDocument,
    older_document: &'a TomlDocument,
    older: &'a Standard,
}

impl VersionPair<'_> {
    /// Returns the older terms of `commitment`. They are empty if the older version lacks it.
    fn translate_terms(&self, commitment: &Commitment, standard: &mut Standard) -> CommitmentTerms {
        let Some(old) = self.older.commitments.iter().find(|known| known.name == commitment.name)
        else {
            return empty_terms();
        };
        for (key, old_kind, new_kind) in
            [("from", old.from, commitment.from), ("until", old.until, commitment.until)]
        {
            let (old_name, new_name) =
                (self.older.kinds.name(old_kind), standard.kinds.name(new_kind));
            if old_name != new_name {
                let message = format!(
                    "in version {} the `{key}` of `{}` was `{old_name}`, now it is `{new_name}`; \
                     give the new commitment a new name",
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

    /// Translates a fact of the older version. Returns `None` if the newest lacks it.
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
                "version {} lacks the fact `{name}`, which voids `{}` here; declare it there",
                standard.version, commitment.name
            );
            report_problem(self.older_document, "commitment", &commitment.name, "void", message);
        }
        found
    }

    /// Translates a dimension of the older version.
    fn translate_dimension(
        &self,
        place: usize,
        commitment: &Commitment,
        standard: &Standard,
    ) -> usize {
        let name = &self.older.schema.dimensions[place];
        standard.schema.dimensions.iter().position(|known| known == name).unwrap_or_else(|| {
            let message = format!(
                "version {} lacks the dimension `{name}`, which selects a deadline here; keep \
                 it in its `dimensions`",
                standard.version
            );
            let document = self.older_document;
            report_problem(document, "commitment", &commitment.name, "deadline", message);
            place
        })
    }

    /// Returns the targets of an indicator of the older version. Their days begin in the newest
    /// version's zone.
    fn translate_targets(&self, old: &Indicator, newest: &Standard) -> Vec<ScopedTarget> {
        let translate = |entry: &ScopedTarget| {
            let conditions = entry.conditions.iter().map(|(dimension, values)| {
                let name = &self.older.schema.dimensions[*dimension];
                let place = newest.schema.dimensions.iter().position(|known| known == name);
                if place.is_none() {
                    let message = format!(
                        "version {} lacks the dimension `{name}`, which selects a target here; \
                         keep it in its `dimensions`",
                        newest.version
                    );
                    let document = self.older_document;
                    report_problem(document, "indicator", &old.name, "targets", message);
                }
                (place.unwrap_or(*dimension), values.clone())
            });
            let mut conditions: Vec<(usize, Vec<String>)> = conditions.collect();
            conditions.sort();
            let from = entry.from.map(|from| TargetStart {
                since: start_of_day(from.day, newest.zones.get(0)).unwrap_or(from.since),
                ..from
            });
            ScopedTarget { conditions, from, target: entry.target }
        };
        old.targets[0].entries.iter().map(translate).collect()
    }

    /// Translates a deadline of the older version and adds its calendar to the standard.
    fn translate_deadline(&self, deadline: DeadlineRule, standard: &mut Standard) -> DeadlineRule {
        let mut add_calendar = |calendar: usize| {
            // The newest version replaces it, so that its holidays may end.
            let calendar = self.older.calendars[calendar].clone();
            standard.calendars.push(calendar.with_last_day(None));
            standard.calendars.len() - 1
        };
        match deadline {
            DeadlineRule::Within(millis, calendar) => {
                DeadlineRule::Within(millis, calendar.map(add_calendar))
            }
            DeadlineRule::WorkingDays(days, calendar) => {
                DeadlineRule::WorkingDays(days, add_calendar(calendar))
            }
            DeadlineRule::FullWorkingDays(days, calendar) => {
                DeadlineRule::FullWorkingDays(days, add_calendar(calendar))
            }
            DeadlineRule::CutOff(time, otherwise, calendar) => {
                DeadlineRule::CutOff(time, otherwise, calendar.map(add_calendar))
            }
            DeadlineRule::TimesOfDay { before, at, next_at, calendar } => {
                let calendar = calendar.map(add_calendar);
                DeadlineRule::TimesOfDay { before, at, next_at, calendar }
            }
            DeadlineRule::Due(calendar) => DeadlineRule::Due(calendar.map(add_calendar)),
            DeadlineRule::Appointment(calendar) => {
                DeadlineRule::Appointment(calendar.map(add_calendar))
            }
        }
    }
}

/// Returns terms without a deadline, for a version without the commitment.
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
        warns_in_wall_time: false,
    }
}

#[cfg(test)]
mod tests;
