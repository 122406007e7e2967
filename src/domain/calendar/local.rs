//! Local time as a plain number: the milliseconds that a local clock shows to have passed since it showed 1970-01-01T00:00.

use super::super::time::{SECOND, Timestamp};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// What the local clock shows at a moment.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> i64 {
    held(at).plus(millis(zone.to_offset(instant(at)))).0
}

/// How far the local clock is ahead at a moment, and the later moment until which that holds.
pub(super) fn stretch(at: Timestamp, zone: &TimeZone) -> (i64, Timestamp) {
    let start = instant(at);
    let end = zone.following(start).next().map_or(Timestamp(i64::MAX), |change| Timestamp(change.timestamp().as_millisecond()));
    (millis(zone.to_offset(start)), end)
}

/// The first moment at which the local clock shows this; if it never does, the moment at which it skips it.
pub(super) fn first_moment(local: i64, zone: &TimeZone) -> Option<Timestamp> {
    let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(local).ok()?);
    let moment = zone.to_ambiguous_timestamp(shown);
    let skipped = matches!(moment.offset(), AmbiguousOffset::Gap { .. });
    // Of a reading that is skipped, the earlier guess lies before the skip.
    let earlier = moment.earlier().ok()?;
    let found = if skipped { zone.following(earlier).next()?.timestamp() } else { earlier };
    // Whole milliseconds went in and offsets are whole seconds: nothing is cut off here.
    Some(Timestamp(found.as_millisecond()))
}

fn millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// The same moment, held within the twenty thousand years that can be told.
pub(super) fn held(at: Timestamp) -> Timestamp {
    Timestamp(instant(at).as_millisecond())
}

/// The moment as jiff has it.
pub(super) fn instant(at: Timestamp) -> jiff::Timestamp {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end)
}
