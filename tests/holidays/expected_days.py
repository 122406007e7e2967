"""Days of iCalendar files by the library recurring-ical-events, as JSON on standard output.

Arguments: the first and the last year, then files. For each file a list with an entry for each day that an event
touches: the day, the closed minutes of the day (of events that are no make-up days), and whether a make-up day covers
the day. Times in UTC are shown in the zone of `X-WR-TIMEZONE`, as the library does, or in that of Shanghai.
"""

import datetime
import json
import sys
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

MINUTES = 24 * 60
MARKS = ("补班", "上班", "(班)", "（班）")


def local(time, zone):
    """Returns a date or time as a local time without zone. Times with a name of a zone keep their hours."""
    if not isinstance(time, datetime.datetime):
        return datetime.datetime.combine(time, datetime.time())
    is_utc = time.tzinfo is not None and str(time.tzinfo) in ("UTC", "datetime.timezone.utc", "UTC+00:00")
    return (time.astimezone(zone) if is_utc else time).replace(tzinfo=None)


def days_of(path, first_year, last_year):
    with open(path, "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    zone = ZoneInfo(str(calendar.get("X-WR-TIMEZONE", "Asia/Shanghai")))
    closed, worked = {}, set()
    events = recurring_ical_events.of(calendar).between((first_year - 1, 11, 1), (last_year + 1, 2, 1))
    for event in events:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = local(event.start, zone), local(event.end, zone)
        is_day = not isinstance(event.start, datetime.datetime)
        if is_day and end <= start:
            end = start + datetime.timedelta(days=1)
        is_workday = any(mark in str(event.get("SUMMARY", "")) for mark in MARKS)
        day = start.replace(hour=0, minute=0, second=0)
        while day < end or day.date() == start.date():
            minutes = (
                max(0, int((start - day).total_seconds() // 60)),
                min(MINUTES, -int((day - end).total_seconds() // 60)),
            )
            if is_workday:
                worked.add(day.date())
            else:
                closed.setdefault(day.date(), set()).update(range(*minutes))
            day += datetime.timedelta(days=1)
    found = sorted(day for day in {*closed, *worked} if first_year <= day.year <= last_year)
    return [[str(day), len(closed.get(day, ())), day in worked] for day in found]


first, last = int(sys.argv[1]), int(sys.argv[2])
json.dump([days_of(path, first, last) for path in sys.argv[3:]], sys.stdout)
