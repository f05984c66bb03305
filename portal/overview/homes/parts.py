"""What homes are made of: numbers with words, and the lists they count."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError
from sqlalchemy.exc import SQLAlchemyError

from portal import staff
from portal.loans import BookNumbers
from portal.overview.links import Link, link
from portal.permissions import Role
from portal.shared import clock
from portal.shared.actor import Actor, initials
from portal.shared.ages import age_word
from portal.shared.database import db, is_unreachable
from portal.shared.errors import N_, Sentence

MAX_ROWS = 6
MAX_COLLEAGUES = 8

Answer = TypeVar("Answer")
log = structlog.get_logger("portal.homes")


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, and where exactly what it counts is; None while it cannot be read. Words are msgids."""

    key: str
    label: str
    icon: str
    number: int | None
    link: Link
    note: str
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A number as a bar or a cell; ``word`` is a msgid or a day. The target's line is above the one ``is_beyond``."""

    word: str | date
    number: int | None
    link: Link
    fill: str = "f-1"
    is_beyond: bool = False


@dataclass(frozen=True, slots=True)
class Mate:
    """What a colleague did today."""

    name: str
    number: int
    link: Link
    is_me: bool

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class Counters:
    """What is refreshed while the page is open: the tiles, and the chart below them.

    ``bars`` are None while they cannot be read; ``title`` and ``sentence`` are msgids.
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


def late_tile(found: Any, target: timedelta, list_: str) -> Tile:
    """How much of a queue is past its target."""
    late, note = (
        getattr(found, "late", None),
        Sentence(N_("target: %(hours)s hours"), hours=target // timedelta(hours=1)),
    )
    return Tile("late", N_("Past target"), "clock-alert", late, link(list_, age="late"), note, bool(late))


def age_bars(found: Any, list_: str) -> list[Bar] | None:
    """How much of a queue has been waiting for how long."""
    if found is None:
        return None
    return [
        Bar(age_word(age), number, link(list_, age=age), "f-bad" if age.is_late else "f-1", age.is_late)
        for age, number in found.ages.items()
    ]


def longest(found: Any, nobody: str) -> str:
    """How long the first of the queue has been waiting."""
    if found is None:
        return ""
    return Sentence(N_("The longest wait is %(time)s."), time=found.oldest) if found.oldest else nobody


def book_bars(found: BookNumbers | None) -> list[Bar]:
    """What waits in the loan book, and what is overdue."""
    return [
        Bar(N_("Loans waiting"), getattr(found, "pending", None), link("loans.index", status="pending")),
        Bar(N_("Overdue installments"), getattr(found, "overdue", None), link("loans.overdue")),
    ]


def team_of(
    actor: Actor, role: Role, decided: Callable[[Sequence[UUID]], Mapping[UUID, int]], list_: str
) -> list[Mate] | None:
    """The colleagues who decided something today, the busiest first, and oneself in any case."""
    names = asked(lambda: staff.colleagues(role))
    numbers = asked(lambda: decided([*names])) if names else None
    if names is None or numbers is None:
        return None
    mates = [
        Mate(name, numbers[id_], link(list_, by=id_, **from_day(0)), id_ == actor.auth_id)
        for id_, name in names.items()
        if numbers[id_] or id_ == actor.auth_id
    ]
    return sorted(mates, key=lambda mate: -mate.number)[:MAX_COLLEAGUES]


def days(first: date, last: date | None = None) -> dict[str, Any]:
    """WIB days as the lists' addresses name them."""
    return {"from": first, "to": last} if last else {"from": first}


def from_day(days_ago: int) -> dict[str, Any]:
    return days(clock.today() - timedelta(days=days_ago))
