"""How times, counts and ids are written, and where static files are."""

import hashlib
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, current_app, url_for
from flask_babel import format_date, get_locale, gettext

from portal.shared import clock, money
from portal.shared.clock import WIB

CAP = 1000


def init(app: Flask) -> None:
    """Register filters and globals."""
    app.jinja_env.filters.update(
        wib=wib, wib_time=wib_time, wib_day=wib_day, wib_short=wib_short, wib_since=wib_since,
        wib_date=wib_date, weekday=weekday, iso=iso, duration=duration, capped=capped, digits=money.digits,
        rupiah=money.rupiah, short_id=short_id, name=name,
    )  # fmt: skip
    app.jinja_env.globals.update(static_url=static_url, command_id=uuid4)


def _is_indonesian() -> bool:
    return get_locale() is not None and str(get_locale()) == "id"


def _clock(at: datetime) -> str:
    return at.astimezone(WIB).strftime("%H.%M" if _is_indonesian() else "%H:%M")


def wib(at: datetime) -> str:
    """``18 Nov 2025, 10:42 WIB``."""
    return f"{wib_day(at)}, {_clock(at)} WIB"


def wib_time(at: datetime) -> str:
    """``10:42 WIB``."""
    return f"{_clock(at)} WIB"


def wib_day(at: datetime | date) -> str:
    """``18 Nov 2025``, the business day of a time or a date itself."""
    return _day(at, "d MMM y")


def wib_short(at: datetime) -> str:
    """``18 Nov, 10:42``."""
    return f"{_day(at, 'd MMM')}, {_clock(at)}"


def wib_since(at: datetime) -> str:
    """``10:42`` while that day lasts, ``18 Nov, 10:42`` later."""
    return _clock(at) if at.astimezone(WIB).date() == clock.now().astimezone(WIB).date() else wib_short(at)


def wib_date(at: datetime) -> str:
    """``2025-11-18``, the business day of a time as addresses hold it."""
    return at.astimezone(WIB).date().isoformat()


def _day(at: datetime | date, pattern: str) -> str:
    day = at.astimezone(WIB).date() if isinstance(at, datetime) else at
    return str(format_date(day, pattern))


def weekday(day: date) -> str:
    """``Tue 18 Nov``."""
    return _day(day, "EEE d MMM")


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def duration(span: timedelta) -> str:
    """``27 h 11 min``; days from the third day on."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours = divmod(minutes // 60, 24)
    if days >= 3:
        return str(gettext("%(days)s d %(hours)s h", days=days, hours=hours))
    if minutes >= 60:
        return str(gettext("%(hours)s h %(minutes)02d min", hours=minutes // 60, minutes=minutes % 60))
    return str(gettext("%(minutes)s min", minutes=minutes))


def capped(number: int) -> str:
    """A count in Indonesian digits; counts stop at 1.000."""
    return "1.000+" if number > CAP else f"{number:,}".replace(",", ".")


def name(person: Any) -> str:
    """A customer's name, or that there is none any more."""
    return str(gettext(person.fullname)) if person.is_deleted else person.fullname


def short_id(identifier: UUID) -> str:
    return str(identifier)[:8]


def static_url(filename: str) -> str:
    """A static file's address with its hash, so that browsers may keep it for ever."""
    return url_for("static", filename=filename, v=_hash(str(current_app.static_folder), filename))


@cache
def _hash(folder: str, filename: str) -> str:
    return hashlib.sha256((Path(folder) / filename).read_bytes()).hexdigest()[:12]
