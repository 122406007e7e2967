//! Customers: numbered, each with a telephone number and a tier that stay the same whenever they are met again.

use super::center::Center;
use super::chance::Chance;

/// A customer of a center.
#[derive(Clone, Copy)]
pub(super) struct Customer {
    /// Unique over all centers, below [`NUMBERS`].
    number: u64,
}

const PREFIXES: [&str; 12] = ["130", "131", "132", "138", "139", "145", "155", "156", "166", "175", "176", "186"];
const DIGITS: u64 = 100_000_000;
const NUMBERS: u64 = PREFIXES.len() as u64 * DIGITS;
/// Centers take turns in numbering their customers.
const CENTERS: u64 = 50;
/// Without a common factor with `DIGITS`, so that no two customers get the same digits.
const SCATTER: u64 = 61_803_399;
/// Customers in a hundred who are vip.
const VIP: u64 = 8;

impl Customer {
    /// Any customer of `center`.
    pub(super) fn any(center: &Center, chance: &mut Chance) -> Customer {
        let own = chance.between(0, center.subscribers()) as u64;
        Customer { number: (own * CENTERS + center.place) % NUMBERS }
    }

    /// `vip` or `standard`.
    pub(super) fn tier(self) -> &'static str {
        if self.number / CENTERS % 100 < VIP { "vip" } else { "standard" }
    }

    /// The first three and the last eight digits of the telephone number.
    pub(super) fn phone(self) -> (&'static str, u64) {
        let prefixes = PREFIXES.len() as u64;
        (PREFIXES[(self.number % prefixes) as usize], self.number / prefixes * SCATTER % DIGITS)
    }
}
