//! Size, staffing and quality of the simulated centers.
//!
//! The second center is short of agents and technicians, so that a board shows all levels.

/// One center of the organization.
#[derive(Clone, Copy)]
pub(super) struct SimulatedCenter {
    /// Index in the list of cities.
    pub(super) index: u64,
    /// Name of the center.
    pub(super) city: &'static str,
    /// Region of the country.
    pub(super) region: &'static str,
    /// Number of customers as a multiple of the average center, with the rate of the settings.
    pub(super) size: f64,
    /// Agents and counters on duty as a share of the expected need.
    pub(super) staffing: f64,
    /// Probability that a contact solves the customer's problem. Most of the other customers call
    /// again. About 73 % of the contacts are the customer's last within three days, and 68 % in the
    /// troubled center.
    pub(super) resolution_probability: f64,
    /// Probability that an order is done by its due time, about 95 % over all centers. In the first
    /// days the measured share is 96 to 97 %, because orders done on time are counted earlier.
    pub(super) on_time_probability: f64,
}

/// Number of customers of a center of size 1.
const SUBSCRIBERS_AVERAGE: f64 = 2_000_000.0;
/// Maximum number of customers of a center. The phone numbers suffice for 50 such centers.
const SUBSCRIBERS_MAX: f64 = 24_000_000.0;

const CITIES: [&str; 50] = [
    "hefei",
    "wuhu",
    "bengbu",
    "huainan",
    "maanshan",
    "huaibei",
    "tongling",
    "anqing",
    "huangshan",
    "chuzhou",
    "fuyang",
    "suzhou",
    "luan",
    "bozhou",
    "chizhou",
    "xuancheng",
    "nanjing",
    "wuxi",
    "xuzhou",
    "changzhou",
    "nantong",
    "lianyungang",
    "huaian",
    "yancheng",
    "yangzhou",
    "zhenjiang",
    "taizhou",
    "suqian",
    "hangzhou",
    "ningbo",
    "wenzhou",
    "jiaxing",
    "huzhou",
    "shaoxing",
    "jinhua",
    "quzhou",
    "zhoushan",
    "lishui",
    "nanchang",
    "jiujiang",
    "shangrao",
    "ganzhou",
    "wuhan",
    "yichang",
    "xiangyang",
    "jingzhou",
    "huanggang",
    "changsha",
    "zhuzhou",
    "yueyang",
];
const REGIONS: [&str; 4] = ["central", "south", "north", "east"];
/// Sizes of the centers. The first six average 1, so six centers are a mid-size operator.
const SIZES: [f64; 10] = [1.5, 1.1, 0.9, 0.8, 1.0, 0.7, 0.6, 0.9, 0.5, 1.2];
const STAFFING: [f64; 10] = [1.01, 1.00, 1.02, 0.99, 1.00, 1.03, 1.00, 0.98, 1.02, 1.01];
/// Index of the troubled center.
const TROUBLED_CENTER: usize = 1;

/// Returns center `index` of an organization of `rate` times the usual size.
pub(super) fn build_center(index: usize, rate: f64) -> SimulatedCenter {
    let troubled = index == TROUBLED_CENTER;
    SimulatedCenter {
        index: index as u64,
        city: CITIES[index % CITIES.len()],
        region: REGIONS[index % REGIONS.len()],
        size: SIZES[index % SIZES.len()] * rate,
        staffing: if troubled { 0.945 } else { STAFFING[index % STAFFING.len()] },
        resolution_probability: if troubled { 0.65 } else { 0.73 },
        on_time_probability: if troubled { 0.86 } else { 0.972 },
    }
}

impl SimulatedCenter {
    /// Returns the number of customers.
    pub(super) fn subscriber_count(&self) -> i64 {
        (SUBSCRIBERS_AVERAGE * self.size).clamp(100_000.0, SUBSCRIBERS_MAX) as i64
    }

    /// Returns the number of people needed for `load`, which is given in people. The spare staff
    /// grows with the square root of the load, because large teams even out fluctuations better.
    pub(super) fn people_needed(&self, load: f64, spare: f64) -> usize {
        ((load + spare * load.sqrt()) * self.staffing).ceil().max(2.0) as usize
    }
}
