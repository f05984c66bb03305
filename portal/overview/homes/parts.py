"""What homes are made of: numbers with words, and the addresses of the lists they count."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog
from flask import url_for
from flask_babel import gettext as _
from pymongo.errors import PyMongoError
from sqlalchemy.exc import SQLAlchemyError

from portal import staff
from portal.loans import BookNumbers
from portal.permissions import Role
from portal.shared import clock
from portal.shared.actor import Actor, initials
from portal.shared.ages import Age
from portal.shared.database import db, is_unreachable
from portal.web.ages import age_word
from portal.web.filters import duration

MOST_ROWS = 6
MOST_COLLEAGUES = 8

Answer = TypeVar("Answer")
log = structlog.get_logger("portal.homes")


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, and the address of exactly what it counts; None while it cannot be read."""

    key: str
    label: str
    icon: str
    number: int | None
    href: str
    note: str = ""
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A number as a bar. The one that ``is_beyond`` has the target's line above it."""

    word: str
    number: int
    href: str
    fill: str = "f-1"
    is_beyond: bool = False


@dataclass(frozen=True, slots=True)
class Mate:
    """What a colleague did today."""

    name: str
    number: int
    href: str
    is_me: bool

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class Counters:
    """What is refreshed while the page is open: the tiles, and the picture below them.

    ``bars`` are None while they cannot be read.
    """

    tiles: list[Tile]
    bars: list[Bar] | None
    title: str
    sentence: str = ""
    target: timedelta | None = None

    @property
    def mark(self) -> str:
        """The same as long as no number changes."""
        numbers = [tile.number for tile in self.tiles], [bar.number for bar in self.bars or ()]
        return hashlib.blake2b(repr(numbers).encode(), digest_size=6).hexdigest()


class Waits(Protocol):
    """The numbers of a queue."""

    @property
    def oldest(self) -> timedelta | None: ...

    @property
    def late(self) -> int: ...

    @property
    def ages(self) -> Mapping[Age, int]: ...


def asked(ask: Callable[[], Answer]) -> Answer | None:
    """What a context answers, None when its store does not; without Postgres there is no page at all."""
    try:
        return ask()
    except (PyMongoError, SQLAlchemyError) as error:
        db.session.rollback()
        if isinstance(error, SQLAlchemyError) and is_unreachable(error):
            raise
        log.warning("not read", kind=type(error).__name__)
        return None


def late_tile(found: Waits | None, target: timedelta, href: str) -> Tile:
    number = found.late if found else None
    note = _("target: %(hours)s hours", hours=target // timedelta(hours=1))
    return Tile("late", _("Past target"), "clock-alert", number, href, note, bool(number))


def overdue_tile(found: BookNumbers | None) -> Tile:
    number = found.overdue if found else None
    return Tile(
        "overdue", _("Overdue installments"), "clock-alert", number, url_for("loans.overdue"), _("not paid in time"),
        bool(number),
    )  # fmt: skip


def age_bars(found: Waits | None, href: Callable[[Age], str]) -> list[Bar] | None:
    if found is None:
        return None
    return [
        Bar(age_word(age), number, href(age), "f-bad" if age.is_late else "f-1", age.is_late)
        for age, number in found.ages.items()
    ]


def longest(found: Waits | None, nobody: str) -> str:
    """How long the first of the queue has been waiting."""
    if found is None:
        return ""
    return str(_("The longest wait is %(time)s.", time=duration(found.oldest))) if found.oldest else nobody


def team_of(
    actor: Actor, role: Role, decided: Callable[[Sequence[UUID]], Mapping[UUID, int]], href: Callable[[UUID], str]
) -> list[Mate] | None:
    """The colleagues who decided something today, the busiest first, and oneself in any case."""
    names = asked(lambda: staff.colleagues(role))
    numbers = asked(lambda: decided([*names])) if names else None
    if names is None or numbers is None:
        return None
    mates = [
        Mate(name, numbers[id_], href(id_), id_ == actor.auth_id)
        for id_, name in names.items()
        if numbers[id_] or id_ == actor.auth_id
    ]
    return sorted(mates, key=lambda mate: -mate.number)[:MOST_COLLEAGUES]


def days(first: date, last: date | None = None) -> dict[str, Any]:
    """WIB days as the lists' addresses name them."""
    return {"from": first, "to": last} if last else {"from": first}


def from_day(days_ago: int) -> dict[str, Any]:
    return days(clock.today() - timedelta(days=days_ago))
