//! Incidents: what fired, from its beginning until somebody closes it.

use crate::domain::board::reading::round_four_decimals;
use crate::domain::cases::case_names::CaseName;
use crate::domain::standard::alert_policy::{AlertPolicy, Severity};
use crate::domain::standard::{LocalizedTitle, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// What identifies an alert as long as it lasts: labels and values, as receivers know them. Names, and not places, so that it is the
/// same under another standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct AlertSubject {
    /// The policy's name.
    pub policy: String,
    /// The dimensions of the scope with their values; empty of an order, whose attributes may change.
    pub scope: Vec<(String, String)>,
    /// The order, if it is one: its key.
    pub case: Option<u64>,
    /// The grade, for an order.
    pub grade: Option<String>,
}

/// Something that fired.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// Its name, ever: made from what it is about and when it began.
    pub id: u64,
    /// What it is about.
    pub subject: AlertSubject,
    /// What its policy was called then.
    pub title: LocalizedTitle,
    /// The indicator or the commitment it was about.
    pub about: String,
    /// The window, or the windows of a burn rate.
    pub window: Option<String>,
    /// The order's source and subject, where they are known.
    pub case: Option<CaseName>,
    /// The dimensions that the order had values of when it fired.
    pub attributes: Vec<(String, String)>,
    /// How urgent it is.
    pub severity: Severity,
    /// Who is told; everybody if nobody is named.
    pub to: Option<String>,
    /// What to do about it.
    pub runbook: Option<String>,
    /// The figures; none of an order.
    pub figures: Option<IncidentFigures>,
    /// The deadline of an order, if it had one when it fired.
    pub deadline: Option<Timestamp>,
    /// When it fired.
    pub fired_at: Timestamp,
    /// When it was over, if it is.
    pub ended_at: Option<Timestamp>,
    /// The numbers of its firing and of its end among all that was ever told.
    pub sequence_numbers: (u64, Option<u64>),
    /// Who takes care of it.
    pub acknowledged: Option<OwnerNote>,
    /// Who closed it, once it was over.
    pub closed: Option<OwnerNote>,
    /// Whether it stays on the list of shortfalls until somebody closes it.
    pub follow_up: bool,
}

/// The figures of an incident, in the unit of its indicator; of a burn rate in times the even pace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentFigures {
    /// The unit.
    pub unit: String,
    /// The threshold.
    pub target: f64,
    /// Which side of it is good.
    pub higher_is_better: bool,
    /// The value when it fired; none if it was silence that fired.
    pub at_firing: Option<f64>,
    /// The value last seen.
    pub last: Option<f64>,
    /// The worst value of all.
    pub worst: Option<f64>,
}

/// What somebody said of an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnerNote {
    /// Who.
    pub owner: String,
    /// What.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Where an incident stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncidentStatus {
    /// It fires.
    Active,
    /// It is over, and nobody has said what was done about it.
    Open,
    /// It is over, and done with.
    Closed,
}

impl IncidentStatus {
    /// Each with its public name.
    pub const ALL: [(&str, IncidentStatus); 3] = [
        ("active", IncidentStatus::Active),
        ("open", IncidentStatus::Open),
        ("closed", IncidentStatus::Closed),
    ];

    /// Its public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, standing)| *standing == self).map_or("", |(name, _)| name)
    }
}

impl Incident {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> IncidentStatus {
        match (self.ended_at, &self.closed) {
            (None, _) => IncidentStatus::Active,
            (Some(_), None) if self.follow_up => IncidentStatus::Open,
            _ => IncidentStatus::Closed,
        }
    }

    /// The dimensions with their values of the scope or the order.
    #[must_use]
    pub fn dimension_values(&self) -> &[(String, String)] {
        if self.subject.case.is_some() { &self.attributes } else { &self.subject.scope }
    }

    /// Its name as it is written.
    #[must_use]
    pub fn hex_id(&self) -> String {
        format!("{:016x}", self.id)
    }
}

impl IncidentFigures {
    /// Notes a value.
    pub(in crate::domain) fn record_value(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        let value = round_four_decimals(value);
        self.last = Some(value);
        let better =
            if self.higher_is_better { TargetDirection::Higher } else { TargetDirection::Lower };
        if self.worst.is_none_or(|worst| better.reaches_threshold(worst, value)) {
            self.worst = Some(value);
        }
    }
}

/// The name of what is about `subject` and began at `fired_at`.
pub(in crate::domain) fn incident_id(subject: &AlertSubject, fired_at: Timestamp) -> u64 {
    let mut text = format!(
        "{}\n{}\n{}\n{:?}\n",
        subject.policy,
        fired_at.0,
        subject.grade.as_deref().unwrap_or_default(),
        subject.case
    );
    for (dimension, value) in &subject.scope {
        // Lengths, so that no value can look like the end of another.
        text += &format!("{}:{dimension}{}:{value}", dimension.len(), value.len());
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// The part of an incident that every rule says in the same way.
pub(super) fn new_incident(
    policy: &AlertPolicy,
    subject: AlertSubject,
    about: &str,
    now: Timestamp,
) -> Incident {
    Incident {
        id: 0,
        subject,
        title: policy.title.clone(),
        about: about.to_owned(),
        window: None,
        case: None,
        attributes: Vec::new(),
        severity: policy.severity,
        to: policy.receiver.clone(),
        runbook: policy.runbook.clone(),
        figures: None::<IncidentFigures>,
        deadline: None,
        fired_at: now,
        ended_at: None,
        sequence_numbers: (0, None),
        acknowledged: None,
        closed: None,
        follow_up: policy.follow_up,
    }
}
