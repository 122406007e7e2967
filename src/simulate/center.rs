//! The centers: who they are, how large, and how well they are run.
//!
//! The second center is in trouble (short of agents and technicians), so that a board shows reds and yellows beside greens.

/// One center of the organisation.
#[derive(Clone, Copy)]
pub(super) struct SimulatedCenter {
    /// Its place in the list of cities, from 0.
    pub(super) index: u64,
    /// Its name.
    pub(super) city: &'static str,
    /// The part of the country it lies in.
    pub(super) region: &'static str,
    /// How many customers it has, as a multiple of the average center's; the settings' rate is in it.
    pub(super) size: f64,
    /// Agents and counters on duty, as a share of what the expected work needs.
    pub(super) staffing: f64,
    /// The chance that a contact solves the customer's problem. Most of the others call again, so that about 73 of 100
    /// contacts are the customer's last within three days, and 68 where the center is in trouble.
    pub(super) resolution_probability: f64,
    /// The chance that an order is done by its due time: about 95 of 100 over all centers. While the orders of the first days are
    /// on their way, it looks like 96 or 97, because one done in time is counted before one that is not.
    pub(super) on_time_probability: f64,
}

/// How many customers a center of size 1 has.
const SUBSCRIBERS_AVERAGE: f64 = 2_000_000.0;
/// The most customers of one center: with fifty centers the telephone numbers just suffice.
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
/// The first six average 1, which makes six centers a mid-size operator.
const SIZES: [f64; 10] = [1.5, 1.1, 0.9, 0.8, 1.0, 0.7, 0.6, 0.9, 0.5, 1.2];
const STAFFING: [f64; 10] = [1.01, 1.00, 1.02, 0.99, 1.00, 1.03, 1.00, 0.98, 1.02, 1.01];
/// The place of the center in trouble.
const TROUBLED_CENTER: usize = 1;

/// The center at `place` in the list of cities, in an organisation `rate` times the usual size.
pub(super) fn build_center(place: usize, rate: f64) -> SimulatedCenter {
    let troubled = place == TROUBLED_CENTER;
    SimulatedCenter {
        index: place as u64,
        city: CITIES[place % CITIES.len()],
        region: REGIONS[place % REGIONS.len()],
        size: SIZES[place % SIZES.len()] * rate,
        staffing: if troubled { 0.945 } else { STAFFING[place % STAFFING.len()] },
        resolution_probability: if troubled { 0.65 } else { 0.73 },
        on_time_probability: if troubled { 0.86 } else { 0.972 },
    }
}

impl SimulatedCenter {
    /// How many customers it has.
    pub(super) fn subscriber_count(&self) -> i64 {
        (SUBSCRIBERS_AVERAGE * self.size).clamp(100_000.0, SUBSCRIBERS_MAX) as i64
    }

    /// How many people `load` (work arriving per unit of time, in people) needs here: the spare ones grow with the square
    /// root of the load, because a large team evens out its customers better than a small one.
    pub(super) fn people_needed(&self, load: f64, spare: f64) -> usize {
        ((load + spare * load.sqrt()) * self.staffing).ceil().max(2.0) as usize
    }
}
