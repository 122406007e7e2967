//! Incidents: alerts that fired, from firing until they are closed.

use crate::domain::board::reading::round_four_decimals;
use crate::domain::cases::case_names::CaseName;
use crate::domain::standard::alert_policy::{AlertPolicy, Severity};
use crate::domain::standard::{LocalizedTitle, TargetDirection};
use crate::domain::time::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Identity of an alert, as receivers know it: labels and values. It holds names instead of
/// indices, so it survives a change of the standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct AlertSubject {
    /// Name of the policy.
    pub policy: String,
    /// Dimensions of the scope with their values. Empty for an order, because its attributes may
    /// change.
    pub scope: Vec<(String, String)>,
    /// Key of the order; `None` for an indicator alert.
    pub case: Option<u64>,
    /// Grade of the policy; `None` for an indicator alert.
    pub grade: Option<String>,
}

/// An alert that fired.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// Permanent id, a hash of the subject and the firing time.
    pub id: u64,
    /// Policy and scope or order.
    pub subject: AlertSubject,
    /// Title of the policy at the time of firing.
    pub title: LocalizedTitle,
    /// Name of the indicator or the commitment.
    pub about: String,
    /// Window of the reading, or the windows of a burn rate; `None` for an order.
    pub window: Option<String>,
    /// Source and subject of the order, if known.
    pub case: Option<CaseName>,
    /// Dimensions and values of the order when it fired.
    pub attributes: Vec<(String, String)>,
    /// Severity of the policy or grade.
    pub severity: Severity,
    /// Receiver to notify; `None` notifies all receivers.
    pub to: Option<String>,
    /// Runbook link or text of the policy.
    pub runbook: Option<String>,
    /// Threshold and values; `None` for an order.
    pub figures: Option<IncidentFigures>,
    /// Deadline of the order when it fired, if it had one.
    pub deadline: Option<Timestamp>,
    /// Time of firing.
    pub fired_at: Timestamp,
    /// Time at which it ended; `None` while it fires.
    pub ended_at: Option<Timestamp>,
    /// Sequence numbers of its firing and its end among all notifications.
    pub sequence_numbers: (u64, Option<u64>),
    /// Acknowledgement: who is working on it.
    pub acknowledged: Option<OwnerNote>,
    /// Closing note, once it has ended.
    pub closed: Option<OwnerNote>,
    /// True if it stays open for follow-up after it has ended, until somebody closes it.
    pub follow_up: bool,
}

/// Threshold and values of an incident, in the unit of its indicator. Values of a burn rate are
/// multiples of the even pace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentFigures {
    /// Unit of all values.
    pub unit: String,
    /// Threshold at which the policy fires.
    pub target: f64,
    /// True if values above the threshold are good.
    pub higher_is_better: bool,
    /// Value at firing; `None` if missing data fired.
    pub at_firing: Option<f64>,
    /// Last value.
    pub last: Option<f64>,
    /// Worst value since firing.
    pub worst: Option<f64>,
}

/// A note on an incident by the person responsible.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnerNote {
    /// Person or team.
    pub owner: String,
    /// Text of the note.
    pub note: String,
    /// Time of the note.
    pub at: Timestamp,
}

/// Status of an incident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncidentStatus {
    /// Firing.
    Active,
    /// Ended and waiting for follow-up.
    Open,
    /// Ended, and closed or without follow-up.
    Closed,
}

impl IncidentStatus {
    /// All statuses with their public names.
    pub const ALL: [(&str, IncidentStatus); 3] = [
        ("active", IncidentStatus::Active),
        ("open", IncidentStatus::Open),
        ("closed", IncidentStatus::Closed),
    ];

    /// Returns the public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, status)| *status == self).map_or("", |(name, _)| name)
    }
}

impl Incident {
    /// Returns the current status.
    #[must_use]
    pub fn status(&self) -> IncidentStatus {
        match (self.ended_at, &self.closed) {
            (None, _) => IncidentStatus::Active,
            (Some(_), None) if self.follow_up => IncidentStatus::Open,
            _ => IncidentStatus::Closed,
        }
    }

    /// Returns the dimensions and values of the order, or else of the scope.
    #[must_use]
    pub fn dimension_values(&self) -> &[(String, String)] {
        if self.subject.case.is_some() { &self.attributes } else { &self.subject.scope }
    }

    /// Returns the id as 16 hexadecimal digits.
    #[must_use]
    pub fn hex_id(&self) -> String {
        format!("{:016x}", self.id)
    }
}

impl IncidentFigures {
    /// Records a value, rounded to four decimals. `None` changes nothing.
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

/// Returns the id of an incident, a hash of `subject` and `fired_at`.
pub(in crate::domain) fn incident_id(subject: &AlertSubject, fired_at: Timestamp) -> u64 {
    let mut text = format!(
        "{}\n{}\n{}\n{:?}\n",
        subject.policy,
        fired_at.0,
        subject.grade.as_deref().unwrap_or_default(),
        subject.case
    );
    for (dimension, value) in &subject.scope {
        // Length prefixes keep the concatenation unambiguous.
        text += &format!("{}:{dimension}{}:{value}", dimension.len(), value.len());
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Builds an incident with the fields that all rules share.
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
