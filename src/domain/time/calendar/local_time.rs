//! Local time as a plain number: the milliseconds that a local clock shows to have passed since it showed 1970-01-01T00:00.

use crate::domain::time::timestamp::{SECOND, Timestamp};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// What the local clock shows at a moment.
pub(super) fn local_millis(at: Timestamp, zone: &TimeZone) -> i64 {
    clamp_timestamp(at).plus_millis(offset_millis(zone.to_offset(to_jiff_timestamp(at)))).0
}

/// How far the local clock is ahead at a moment, and the later moment until which that holds.
pub(super) fn offset_until_change(at: Timestamp, zone: &TimeZone) -> (i64, Timestamp) {
    let start = to_jiff_timestamp(at);
    let end = zone
        .following(start)
        .next()
        .map_or(Timestamp(i64::MAX), |change| Timestamp(change.timestamp().as_millisecond()));
    (offset_millis(zone.to_offset(start)), end)
}

/// The first moment at which the local clock shows this; if it never does, the moment at which it skips it.
pub(super) fn first_moment_showing(local: i64, zone: &TimeZone) -> Option<Timestamp> {
    let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(local).ok()?);
    let moment = zone.to_ambiguous_timestamp(shown);
    let skipped = matches!(moment.offset(), AmbiguousOffset::Gap { .. });
    // Of a reading that is skipped, the earlier guess lies before the skip.
    let earlier = moment.earlier().ok()?;
    let found = if skipped { zone.following(earlier).next()?.timestamp() } else { earlier };
    // Whole milliseconds went in and offsets are whole seconds: nothing is cut off here.
    Some(Timestamp(found.as_millisecond()))
}

fn offset_millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// The same moment, held within the twenty thousand years that can be told.
pub(super) fn clamp_timestamp(at: Timestamp) -> Timestamp {
    Timestamp(to_jiff_timestamp(at).as_millisecond())
}

/// The moment as jiff has it.
pub(super) fn to_jiff_timestamp(at: Timestamp) -> jiff::Timestamp {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end)
}
