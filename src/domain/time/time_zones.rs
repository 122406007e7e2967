//! Time zones: where each case lives, so that its day begins at its own midnight.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The time zones of a standard: its own, and others for cases with certain values of one dimension.
///
/// A calendar window is that of a case's own zone. A scope that mixes zones adds up what its groups call `today`: the
/// organisation's figure is that of each center's own day, not that of one stretch of time.
#[derive(Clone, Debug)]
pub struct TimeZones {
    /// Every zone once, the standard's own first.
    all: Vec<TimeZone>,
    dimension: Option<usize>,
    values: BTreeMap<String, usize>,
}

impl TimeZones {
    /// The most different zones there can be.
    pub const ZONES_MAX: usize = 64;

    /// One zone for all cases.
    #[must_use]
    pub fn new(own: TimeZone) -> TimeZones {
        TimeZones { all: vec![own], dimension: None, values: BTreeMap::new() }
    }

    /// Cases with these values of a dimension, a place in [`crate::domain::standard::Schema::dimensions`], live elsewhere.
    #[must_use]
    pub fn with_dimension_zones(
        mut self,
        dimension: usize,
        values: impl IntoIterator<Item = (String, TimeZone)>,
    ) -> TimeZones {
        self.dimension = Some(dimension);
        for (value, zone) in values {
            let number = self.all.iter().position(|known| *known == zone).unwrap_or_else(|| {
                self.all.push(zone);
                self.all.len() - 1
            });
            self.values.insert(value, number);
        }
        self
    }

    /// The number of the zone in which cases with these values of the dimensions live; 0, the standard's own, if nothing else
    /// is declared.
    #[must_use]
    pub fn zone_number(&self, values: &[Option<Box<str>>]) -> usize {
        self.zone_number_of_value(
            self.dimension.and_then(|dimension| values.get(dimension)?.as_deref()),
        )
    }

    /// The number of the zone in which cases with this value of the dimension live.
    fn zone_number_of_value(&self, value: Option<&str>) -> usize {
        value.and_then(|value| self.values.get(value)).copied().unwrap_or(0)
    }

    /// The zone in which all cases of a scope live; the standard's own if they may live in several. `dimensions` are those of
    /// the scope, `values` theirs.
    #[must_use]
    pub fn scope_zone(&self, dimensions: &[usize], values: &[Box<str>]) -> &TimeZone {
        let own = dimensions
            .iter()
            .zip(values)
            .find(|(dimension, _)| Some(**dimension) == self.dimension);
        self.get(self.zone_number_of_value(own.map(|(_, value)| &**value)))
    }

    /// A zone by its number; the standard's own if there is no such number.
    #[must_use]
    pub fn get(&self, number: usize) -> &TimeZone {
        self.all.get(number).unwrap_or(&self.all[0])
    }

    /// Every zone, by number.
    #[must_use]
    pub fn all(&self) -> &[TimeZone] {
        &self.all
    }

    /// The dimension by which cases live elsewhere, if any do.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.dimension
    }

    /// The values of the dimension, each with its zone.
    pub fn dimension_zones(&self) -> impl Iterator<Item = (&str, &TimeZone)> {
        self.values.iter().map(|(value, number)| (value.as_str(), self.get(*number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_values(values: &[Option<&str>]) -> Vec<Option<Box<str>>> {
        values.iter().map(|value| value.map(Box::from)).collect()
    }

    #[test]
    fn uses_zone_of_dimension_value_or_default() {
        let zone = |name: &str| TimeZone::get(name).expect("a bundled zone");
        let other = [
            ("london", "Europe/London"),
            ("leeds", "Europe/London"),
            ("hefei", "Asia/Shanghai"),
            ("urumqi", "Asia/Urumqi"),
        ];
        let zones = TimeZones::new(zone("Asia/Shanghai"))
            .with_dimension_zones(1, other.map(|(value, name)| (value.to_owned(), zone(name))));
        let of =
            |center: Option<&str>| zones.zone_number(&sample_values(&[Some("london"), center]));
        assert_eq!([None, Some("hefei"), Some("wuhu")].map(of), [0, 0, 0]);
        assert_eq!((of(Some("london")), of(Some("leeds")), of(Some("urumqi"))), (1, 1, 2));
        assert_eq!(zones.get(2).iana_name(), Some("Asia/Urumqi"));
        assert_eq!(zones.all().len(), 3, "a zone that is named twice is there once");
        assert_eq!(TimeZones::new(TimeZone::UTC).zone_number(&sample_values(&[Some("london")])), 0);
    }
}
