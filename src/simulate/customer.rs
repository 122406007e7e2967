//! Simulated customers. A customer's phone number and tier follow from the customer's number.

use super::center::SimulatedCenter;
use super::rng::SimulationRng;

/// A customer of a center.
#[derive(Clone, Copy)]
pub(super) struct SimulatedCustomer {
    /// Unique over all centers, less than [`CUSTOMER_NUMBERS`].
    number: u64,
}

const PHONE_PREFIXES: [&str; 12] =
    ["130", "131", "132", "138", "139", "145", "155", "156", "166", "175", "176", "186"];
const NUMBERS_PER_PREFIX: u64 = 100_000_000;
const CUSTOMER_NUMBERS: u64 = PHONE_PREFIXES.len() as u64 * NUMBERS_PER_PREFIX;
/// Maximum number of centers. Customer numbers are interleaved by center.
const CENTERS_MAX: u64 = 50;
/// Coprime to [`NUMBERS_PER_PREFIX`], so that no two customers get the same digits.
const SCATTER_FACTOR: u64 = 61_803_399;
/// Share of VIP customers in percent.
const VIP_PERCENT: u64 = 8;

impl SimulatedCustomer {
    /// Returns a random customer of `center`.
    pub(super) fn random_customer(
        center: &SimulatedCenter,
        rng: &mut SimulationRng,
    ) -> SimulatedCustomer {
        let center_number = rng.random_range(0, center.subscriber_count()) as u64;
        SimulatedCustomer {
            number: (center_number * CENTERS_MAX + center.index) % CUSTOMER_NUMBERS,
        }
    }

    /// Returns `vip` or `standard`.
    pub(super) fn tier(self) -> &'static str {
        if self.number / CENTERS_MAX % 100 < VIP_PERCENT { "vip" } else { "standard" }
    }

    /// Returns the first three and the last eight digits of the phone number.
    pub(super) fn phone_number(self) -> (&'static str, u64) {
        let prefixes = PHONE_PREFIXES.len() as u64;
        (
            PHONE_PREFIXES[(self.number % prefixes) as usize],
            self.number / prefixes * SCATTER_FACTOR % NUMBERS_PER_PREFIX,
        )
    }
}
