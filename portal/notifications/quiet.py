"""When a message about a payment may be sent: by day, and never on a Sunday or a holiday."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.shared.clock import WIB

FROM, UNTIL, UNTIL_WITHOUT_ZONE = time(8), time(20), time(18)
SUNDAY = 6


def next_allowed(now: datetime, timezone: str | None, holidays: Collection[date]) -> datetime:
    """``now`` when that is allowed, else the next moment that is.

    08 to 20 in the customer's zone; 08 to 18 WIB, which is day in all of Indonesia but its first hour, without one.
    """
    zone = _zone(timezone)
    until = UNTIL if zone else UNTIL_WITHOUT_ZONE
    local = now.astimezone(zone or WIB)
    day = local.date()
    if _is_workday(day, holidays) and FROM <= local.time() < until:
        return now
    if local.time() >= FROM:
        day += timedelta(days=1)
    while not _is_workday(day, holidays):
        day += timedelta(days=1)
    return datetime.combine(day, FROM, zone or WIB).astimezone(now.tzinfo)


def _is_workday(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() != SUNDAY and day not in holidays


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
