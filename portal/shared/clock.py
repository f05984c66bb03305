"""Time as the portal keeps it: aware UTC inside, WIB (Asia/Jakarta) for business days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")


def now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's business date in WIB."""
    return datetime.now(WIB).date()


def midnight(days_ago: int = 0) -> datetime:
    """When today, or a day before, began in WIB."""
    return datetime.combine(today() - timedelta(days=days_ago), time(), WIB)
