//! What happens to an order from its assignment until the work is done: visits, pauses, replies, other owners, higher levels.

use super::super::chance::Chance;
use super::super::day;
use super::super::report::Value;
use super::family::Pause;
use super::life::{MORNING, Story};
use crate::domain::time::{HOUR, MINUTE, Timestamp};

/// The share of the orders that rest for a while: of those done in time, and of the late ones, which are often late for that.
const PAUSED: [f64; 2] = [0.10, 0.35];
/// The share of the appointments at which the customer is not there.
const MISSED: f64 = 0.06;
/// The share of the visits that begin by the time the customer was told, where the order is done in time.
const PUNCTUAL: f64 = 0.94;
/// Appointments are made for whole and half hours.
const GRID: i64 = 30 * MINUTE;
/// The share of the orders that another team takes over: of those done in time, and of the late ones.
const HANDED_ON: [f64; 2] = [0.06, 0.22];
/// The share of the orders that turn out to be worse than reported.
const RAISED: f64 = 0.03;
/// The share of the late orders, and of the others, that a manager takes care of.
const TO_MANAGER: [f64; 2] = [0.01, 0.4];
/// The share of the late complaints that the regulator hears of.
const TO_REGULATOR: f64 = 0.15;
/// The share of the complaints answered before they are settled.
const REPLIED: f64 = 0.985;
/// The share of the late orders that say whose fault it was.
const BLAMED: f64 = 0.7;
/// Whose fault it is that an order is late that was never paused for another's.
const LIABLE: [(&str, f64); 3] = [("us", 0.8), ("third_party", 0.1), ("force_majeure", 0.1)];

impl Story {
    /// The time that the customer of the visit at [`Story::began`] was told, in the future when it was.
    pub(super) fn appointment(&self, chance: &mut Chance) -> Timestamp {
        let come = grid(self.began.plus(GRID));
        let told = match self.kept {
            true if chance.yes(PUNCTUAL) => come,
            true => grid(self.began.plus(-chance.between(10 * MINUTE, 60 * MINUTE))),
            false => grid(self.due.plus(-chance.between(HOUR, 3 * HOUR))),
        };
        if told > self.assigned { told } else { come }
    }

    /// Writes what happens until the work is done.
    pub(super) fn work(&mut self, chance: &mut Chance) {
        let late = usize::from(!self.kept);
        self.add(self.assigned, "assigned", vec![("owner", self.owner())]);
        if !self.miss(chance) && chance.yes(PAUSED[late]) {
            self.rest(chance);
        }
        if self.family.visits {
            self.add(self.began, "arrived", Vec::new());
        }
        if self.family.replies && chance.yes(REPLIED) {
            let reply = day::by_day(self.assigned.plus(chance.duration(100 * MINUTE, 0.9)), chance.between(0, MORNING));
            let latest = self.assigned.plus(self.done.since(self.assigned) * 9 / 10);
            self.add(reply.min(latest), "replied", Vec::new());
        }
        self.look_again(late, chance);
        self.escalate(late, chance);
        let mut data = vec![("owner", self.owner())];
        if !self.kept && chance.yes(BLAMED) {
            let place = chance.weighted(&LIABLE.map(|liable| liable.1));
            data.push(("liable", Value::Word(self.pause.map_or(LIABLE[place].0, |pause| pause.liable))));
        }
        self.add(self.done, "resolved", data);
    }

    /// The time between the assignment and the last visit.
    fn travel(&self) -> i64 {
        self.began.since(self.assigned)
    }

    /// The technician stands before a closed door, and comes again at another time; false if the customer is there.
    fn miss(&mut self, chance: &mut Chance) -> bool {
        if self.appointment.is_none() || !chance.yes(MISSED) {
            return false;
        }
        let first = day::by_day(self.assigned.plus(self.travel() * chance.between(10, 40) / 100), chance.between(0, MORNING));
        let paused = first.plus(chance.between(10 * MINUTE, 20 * MINUTE));
        let resumed = paused.plus(self.began.since(paused) * chance.between(50, 90) / 100);
        let again = self.appointment.filter(|time| *time > resumed);
        let Some(again) = again.filter(|_| first > self.assigned && self.began.since(paused) > 2 * HOUR) else { return false };
        self.appointment = Some(grid(first.plus(GRID)));
        self.add(first, "arrived", Vec::new());
        self.pause(paused, resumed, Pause { reason: "missed_appointment", liable: "customer" }, vec![("appointment", Value::Time(again))]);
        true
    }

    /// Work rests for one of the family's reasons.
    fn rest(&mut self, chance: &mut Chance) {
        let travel = self.travel();
        if travel <= HOUR {
            return;
        }
        let place = chance.weighted(&self.family.pauses.iter().map(|pause| pause.1).collect::<Vec<_>>());
        let paused = self.assigned.plus(chance.between(travel / 10, travel / 2));
        let resumed = self.assigned.plus(chance.between(travel * 6 / 10, travel * 9 / 10));
        self.pause(paused, resumed, self.family.pauses[place].0, Vec::new());
    }

    fn pause(&mut self, paused: Timestamp, resumed: Timestamp, pause: Pause, then: super::life::Data) {
        self.pause = Some(pause);
        self.add(paused, "paused", vec![("reason", Value::Word(pause.reason)), ("liable", Value::Word(pause.liable))]);
        self.add(resumed, "resumed", then);
    }

    /// Now and then the order goes to another team, or turns out to be worse than reported.
    fn look_again(&mut self, late: usize, chance: &mut Chance) {
        let handed_on = chance.yes(HANDED_ON[late]);
        let raised = chance.yes(RAISED);
        let travel = self.travel();
        let time = self.assigned.plus(chance.between(travel * 2 / 10, travel * 8 / 10));
        let mut data = Vec::new();
        if handed_on {
            self.hand_on(chance);
        }
        match self.kind.class {
            Some("slow" | "noise") if raised => data.push(("class", Value::Word("outage"))),
            Some("billing" | "network" | "service" | "attitude") if raised && self.grade > 0 => {
                data.push(("grade", Value::Number(self.grade as i64)));
            }
            _ => {}
        }
        if handed_on || !data.is_empty() {
            data.insert(0, ("owner", self.owner()));
            self.add(time, "assigned", data);
        }
    }

    /// Overdue orders go to the next level soon after their due time, the few others soon after the report.
    fn escalate(&mut self, late: usize, chance: &mut Chance) {
        let from = if self.kept { self.assigned } else { self.due };
        let manager = from.plus(chance.between(5 * MINUTE, 50 * MINUTE));
        if chance.yes(TO_MANAGER[late]) && manager < self.done {
            self.add(manager, "escalated", vec![("level", Value::Word("manager"))]);
        }
        let regulator = self.due.plus(chance.between(2 * HOUR, 30 * HOUR));
        if self.family.replies && chance.yes(TO_REGULATOR) && regulator < self.done {
            self.add(regulator, "escalated", vec![("level", Value::Word("regulator"))]);
        }
    }
}

/// The last whole or half hour before `time`, or `time` itself.
fn grid(time: Timestamp) -> Timestamp {
    Timestamp(time.0.div_euclid(GRID) * GRID)
}
