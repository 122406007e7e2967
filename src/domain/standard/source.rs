//! Declared sources of events and the silence after which they count as silent.

use super::scope::Scope;
use crate::domain::standard::Standard;
use crate::domain::time::calendar::Calendar;
use crate::domain::time::timestamp::Timestamp;
use jiff::tz::TimeZone;

/// Declared source and the cases that it feeds.
#[derive(Clone, Debug)]
pub struct DeclaredSource {
    /// Name, as in `hefei_calls`. Its name in events is in [`super::EventSchema::sources`].
    pub name: String,
    /// Time in ms without an event after which the source is silent, or
    /// [`DeclaredSource::NEVER_SILENT`].
    pub silent_after_ms: i64,
    /// Calendar in whose closed time the source is never silent, as an index into
    /// [`Standard::calendars`]. `None` expects events at all hours.
    pub silence_calendar: Option<usize>,
    /// Time in ms after the end of a case from which an arrival of the same subject begins a new
    /// case. `None` means as in the standard.
    pub reuse_after_ms: Option<i64>,
    /// Values of its cases for each dimension with a condition. Empty matches all cases.
    pub conditions: Vec<(usize, Vec<String>)>,
    /// Bit mask of the families of its cases.
    pub families: u64,
}

/// Silence after which a source counts as silent.
#[derive(Clone, Copy, Debug)]
pub struct SilenceLimit<'s> {
    /// Longest silence in milliseconds.
    pub silent_after_ms: i64,
    /// Calendar whose open time counts, with the zone of the source.
    pub calendar: Option<(&'s Calendar, &'s TimeZone)>,
}

impl SilenceLimit<'_> {
    /// Returns true if the time between two events is a silence beyond the limit.
    #[inline]
    #[must_use]
    pub fn is_exceeded(&self, from: Timestamp, until: Timestamp) -> bool {
        until.millis_since(from) > self.silent_after_ms
            && self.calendar.is_none_or(|(calendar, zone)| {
                calendar.open_millis_between(from, until, zone) > self.silent_after_ms
            })
    }

    /// Returns true if a source that was received at `last` is silent at `now`. In closed time no
    /// source is silent.
    #[must_use]
    pub fn is_silent(&self, last: Timestamp, now: Timestamp) -> bool {
        self.calendar.is_none_or(|(calendar, zone)| calendar.is_open(now, zone))
            && self.is_exceeded(last, now)
    }
}

impl Standard {
    /// Returns the silence after which a source counts as silent. Its calendar follows the zone of
    /// the cases that the source feeds, if they are all in one.
    #[must_use]
    pub fn silence_limit(&self, source: &DeclaredSource) -> SilenceLimit<'_> {
        let calendar = source.silence_calendar.and_then(|calendar| self.calendars.get(calendar));
        let of_zone = |(dimension, values): &(usize, Vec<String>)| {
            let [value] = &values[..] else { return None };
            let value: Box<str> = value.as_str().into();
            Some(self.zones.scope_zone(&[*dimension], &[value]))
        };
        SilenceLimit {
            silent_after_ms: source.silent_after_ms,
            calendar: calendar.map(|calendar| {
                let default = self.zones.get(0);
                let mut zones = source.conditions.iter().filter_map(of_zone);
                (calendar, zones.find(|zone| *zone != default).unwrap_or(default))
            }),
        }
    }
}

impl DeclaredSource {
    /// Maximum number of declared sources, one bit each in a `u64`.
    pub const MAX_SOURCES: usize = 63;

    /// Value of `silent_after_ms` of a source that may be silent for any time.
    pub const NEVER_SILENT: i64 = i64::MAX;

    /// Returns true if the source feeds a reading with these families in this scope.
    ///
    /// A family must be shared, and the scope's values must match the conditions. Every source
    /// feeds the whole organization.
    #[must_use]
    pub fn feeds_scope(&self, families: u64, scope: &Scope, standard: &Standard) -> bool {
        let dimensions = &standard.scopes[scope.kind];
        let value_of = |dimension: usize| {
            dimensions
                .iter()
                .position(|known| *known == dimension)
                .map(|index| &*scope.values[index])
        };
        let matches = |(dimension, values): &(usize, Vec<String>)| {
            value_of(*dimension).is_none_or(|value| values.iter().any(|known| known == value))
        };
        self.families & families != 0 && self.conditions.iter().all(matches)
    }
}
