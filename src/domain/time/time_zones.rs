//! Time zones of cases: calendar windows such as `today` begin at the midnight of the case's zone.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Time zones of a standard: its default zone, and others for certain values of one dimension.
///
/// A calendar window follows the zone of each case. A scope with several zones adds up the local
/// days of its groups. So `today` for the whole organization is the sum of each center's own day.
#[derive(Clone, Debug)]
pub struct TimeZones {
    /// Distinct zones, the default zone first.
    all: Vec<TimeZone>,
    dimension: Option<usize>,
    values: BTreeMap<String, usize>,
}

impl TimeZones {
    /// Maximum number of distinct zones.
    pub const ZONES_MAX: usize = 64;

    /// Creates a table with one zone for all cases.
    #[must_use]
    pub fn new(default_zone: TimeZone) -> TimeZones {
        TimeZones { all: vec![default_zone], dimension: None, values: BTreeMap::new() }
    }

    /// Assigns zones to values of a dimension, an index into
    /// [`crate::domain::standard::EventSchema::dimensions`].
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

    /// Returns the zone number for a case's dimension values. 0 is the default zone.
    #[must_use]
    pub fn zone_number(&self, values: &[Option<Box<str>>]) -> usize {
        self.zone_number_of_value(
            self.dimension.and_then(|dimension| values.get(dimension)?.as_deref()),
        )
    }

    fn zone_number_of_value(&self, value: Option<&str>) -> usize {
        value.and_then(|value| self.values.get(value)).copied().unwrap_or(0)
    }

    /// Returns the zone of all cases of a scope. Returns the default zone if its cases may be in
    /// several.
    ///
    /// `dimensions` and `values` are those of the scope, in the same order.
    #[must_use]
    pub fn scope_zone(&self, dimensions: &[usize], values: &[Box<str>]) -> &TimeZone {
        self.get(self.scope_zone_number(dimensions, values))
    }

    /// Returns the number of the zone that [`TimeZones::scope_zone`] returns.
    #[must_use]
    pub fn scope_zone_number(&self, dimensions: &[usize], values: &[Box<str>]) -> usize {
        let zone_value = dimensions
            .iter()
            .zip(values)
            .find(|(dimension, _)| Some(**dimension) == self.dimension);
        self.zone_number_of_value(zone_value.map(|(_, value)| &**value))
    }

    /// Returns the zone with this number, or the default zone if the number is unknown.
    #[must_use]
    pub fn get(&self, number: usize) -> &TimeZone {
        self.all.get(number).unwrap_or(&self.all[0])
    }

    /// Returns all distinct zones by number.
    #[must_use]
    pub fn all(&self) -> &[TimeZone] {
        &self.all
    }

    /// Returns the dimension that selects the zone, if one is declared.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.dimension
    }

    /// Iterates over the dimension's values, each with its zone.
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
        let zone = |name: &str| TimeZone::get(name).expect("bundled time zone");
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
        assert_eq!(zones.all().len(), 3, "a zone named twice is stored once");
        assert_eq!(TimeZones::new(TimeZone::UTC).zone_number(&sample_values(&[Some("london")])), 0);
    }
}
