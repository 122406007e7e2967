//! Local time as an integer: milliseconds since the local clock showed 1970-01-01T00:00.

use crate::domain::time::timestamp::{SECOND, Timestamp};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Returns the local time at `at` in milliseconds.
pub(super) fn local_millis(at: Timestamp, zone: &TimeZone) -> i64 {
    clamp_timestamp(at).plus_millis(offset_millis(zone.to_offset(to_jiff_timestamp(at)))).0
}

/// Returns the UTC offset at `at` in milliseconds, and the later time until which it holds.
pub(super) fn offset_until_change(at: Timestamp, zone: &TimeZone) -> (i64, Timestamp) {
    let start = to_jiff_timestamp(at);
    let end = zone
        .following(start)
        .next()
        .map_or(Timestamp(i64::MAX), |change| Timestamp(change.timestamp().as_millisecond()));
    (offset_millis(zone.to_offset(start)), end)
}

/// Returns the first time at which the local clock shows `local`. If the clocks skip that local
/// time, returns the moment of the skip. Returns `None` outside jiff's range.
pub(super) fn first_moment_showing(local: i64, zone: &TimeZone) -> Option<Timestamp> {
    let local_datetime = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(local).ok()?);
    let moment = zone.to_ambiguous_timestamp(local_datetime);
    let skipped = matches!(moment.offset(), AmbiguousOffset::Gap { .. });
    // For a skipped local time, jiff's earlier candidate lies before the skip.
    let earlier = moment.earlier().ok()?;
    let found = if skipped { zone.following(earlier).next()?.timestamp() } else { earlier };
    // Exact: the input has whole milliseconds, and offsets are whole seconds.
    Some(Timestamp(found.as_millisecond()))
}

fn offset_millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// Clamps a time to jiff's range of years, -9999 to 9999.
pub(super) fn clamp_timestamp(at: Timestamp) -> Timestamp {
    Timestamp(to_jiff_timestamp(at).as_millisecond())
}

/// Converts to a jiff timestamp, clamped to jiff's range.
pub(super) fn to_jiff_timestamp(at: Timestamp) -> jiff::Timestamp {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end)
}
