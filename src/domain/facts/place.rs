//! Position of each fact within its life cycle, counted from the first kind of the family or
//! commitment. Each constant has the name of the fact in a standard.

#![expect(missing_docs, reason = "each constant has the name of the fact in a standard")]

pub mod contact {
    pub const OFFERED: u16 = 0;
    pub const ANSWERED: u16 = 1;
    pub const ABANDONED: u16 = 2;
    pub const OVERFLOWED: u16 = 3;
    pub const TRANSFERRED: u16 = 4;
    pub const ENDED: u16 = 5;
    pub const HANDLED: u16 = 6;
    pub const COMPLETED: u16 = 7;
    pub const EXPIRED: u16 = 8;
    pub const WAITING: u16 = 9;
    pub const TALKING: u16 = 10;
    pub const NOT_OFFERED: u16 = 11;
    pub const CALLBACK: u16 = 12;
    pub const RING_MISSED: u16 = 13;
    pub const CALLED_BACK: u16 = 14;
}
/// Counted from the first fact of the family, as those of the contact.
pub mod leg {
    pub const OFFERED: u16 = 15;
    pub const ANSWERED: u16 = 16;
    pub const ABANDONED: u16 = 17;
    pub const OVERFLOWED: u16 = 18;
    pub const TRANSFERRED: u16 = 19;
    pub const TALKED: u16 = 20;
    pub const EXPIRED: u16 = 21;
    pub const WAITING: u16 = 22;
    pub const TALKING: u16 = 23;
    pub const NOT_OFFERED: u16 = 24;
    pub const CALLED_BACK: u16 = 25;
}
pub mod queue {
    pub const JOINED: u16 = 0;
    pub const CALLED: u16 = 1;
    pub const LEFT: u16 = 2;
    pub const SERVED: u16 = 3;
    pub const EXPIRED: u16 = 4;
    pub const WAITING: u16 = 5;
    pub const AT_COUNTER: u16 = 6;
}
pub mod agent {
    pub const READY_TIME: u16 = 0;
    pub const TALKING_TIME: u16 = 1;
    pub const WRAPUP_TIME: u16 = 2;
    pub const PAUSE_TIME: u16 = 3;
    pub const EXPIRED: u16 = 4;
    pub const READY: u16 = 5;
    pub const TALKING: u16 = 6;
    pub const WRAPUP: u16 = 7;
    pub const PAUSE: u16 = 8;
    pub const OFFLINE: u16 = 9;
}
pub mod order {
    pub const OPENED: u16 = 0;
    pub const ASSIGNED: u16 = 1;
    pub const ARRIVED: u16 = 2;
    pub const REPLIED: u16 = 3;
    pub const RESOLVED: u16 = 4;
    pub const FIRST_RESOLVED: u16 = 5;
    pub const BY_FIRST_OWNER: u16 = 6;
    pub const REOPENED: u16 = 7;
    pub const REOPENED_ONCE: u16 = 8;
    pub const CONFIRMED: u16 = 9;
    pub const CONFIRMED_ONCE: u16 = 10;
    pub const ESCALATED: u16 = 11;
    pub const ESCALATED_ONCE: u16 = 12;
    pub const RESUMED: u16 = 13;
    pub const CANCELLED: u16 = 14;
    pub const EXPIRED: u16 = 15;
    pub const OPEN: u16 = 16;
    pub const PAUSED: u16 = 17;
    pub const CUSTOMER_REPLIED: u16 = 18;
    pub const HELD: u16 = 19;
}
pub mod commitment {
    pub const PROMISED: u16 = 0;
    pub const KEPT: u16 = 1;
    pub const MISSED: u16 = 2;
    pub const LATE: u16 = 3;
    pub const KEPT_DUE: u16 = 4;
    pub const EXCUSED: u16 = 5;
    pub const NET: u16 = 6;
    pub const WARNED: u16 = 7;
    pub const RUNNING: u16 = 8;
    pub const OVERDUE: u16 = 9;
    pub const DUE_SOON: u16 = 10;
    pub const STOPPED: u16 = 11;
    pub const MISSED_SHARE: u16 = 12;
}
pub mod one_shot {
    pub const CONTACTS: u16 = 0;
    pub const ONCE: u16 = 1;
}

/// Durations of an agent's states, each with the current state that precedes it.
pub const AGENT_STATE_DURATIONS: [(u16, u16); 4] = [
    (agent::READY_TIME, agent::READY),
    (agent::TALKING_TIME, agent::TALKING),
    (agent::WRAPUP_TIME, agent::WRAPUP),
    (agent::PAUSE_TIME, agent::PAUSE),
];

/// Facts of contacts that have a counterpart for legs, and that counterpart.
pub const LEG_COUNTERPARTS: [(u16, u16); 10] = [
    (contact::OFFERED, leg::OFFERED),
    (contact::ANSWERED, leg::ANSWERED),
    (contact::ABANDONED, leg::ABANDONED),
    (contact::OVERFLOWED, leg::OVERFLOWED),
    (contact::TRANSFERRED, leg::TRANSFERRED),
    (contact::EXPIRED, leg::EXPIRED),
    (contact::WAITING, leg::WAITING),
    (contact::TALKING, leg::TALKING),
    (contact::NOT_OFFERED, leg::NOT_OFFERED),
    (contact::CALLED_BACK, leg::CALLED_BACK),
];
