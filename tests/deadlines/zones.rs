//! Local clocks, minute by minute, over the weeks of the test.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Minutes since 1970 at which the tables start: 2026-02-20T00:00:00Z.
pub(crate) const FIRST_MINUTE: i64 = 29_525_760;
/// Minutes in the tables. The plans end well before.
pub(crate) const MINUTE_COUNT: usize = 90 * 1_440;

/// Time zones. All but the first change their clocks within the tables.
pub(crate) const ZONES: [&str; 4] =
    ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

thread_local! {
    static LOCAL_MINUTES: [Vec<i64>; 4] = ZONES.map(|name| {
        let zone = TimeZone::get(name).expect("a bundled zone");
        let local = |minute: i64| {
            let at = Timestamp::from_second(minute * 60).expect("a time");
            minute + i64::from(zone.to_offset(at).seconds()) / 60
        };
        (0..MINUTE_COUNT as i64).map(|minute| local(FIRST_MINUTE + minute)).collect()
    });
}

/// Returns the local minutes since 1970 that the clock of a zone shows in each minute of the table.
pub(crate) fn with_local_minutes<R>(zone: usize, visit: impl FnOnce(&[i64]) -> R) -> R {
    LOCAL_MINUTES.with(|zones| visit(&zones[zone]))
}
