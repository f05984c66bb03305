"""What a list can be narrowed by: how a text in an address is read, and which rows it leaves."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Uuid, bindparam, text

from portal.shared import clock, money
from portal.shared.ages import LATE, Age, age_of, age_word, ages
from portal.shared.clock import WIB
from portal.shared.errors import N_
from portal.shared.ids import CANONICAL_UUID

DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
WRONG_DAY = N_("Write the date as year-month-day, such as 2027-03-31.")
WRONG_AMOUNT = N_("Write the amount in digits, such as 1500000 or 1666.67.")
TOO_MUCH = N_("The largest amount the books can hold is Rp99.999.999,99.")
EARLIER = N_("Choose a day on or after the first.")

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One way to narrow a list.

    ``column`` is an attribute of the table, or a name in a Mongo document. ``wrong`` is said of a text that means
    nothing. ``above`` names a field whose value this one may not be below, and ``below`` says so. Who is not
    ``in_bar`` stands in no filter bar: a tab or a link of another page narrows by it. ``implied`` rules hold wherever
    this field is given, so that an index with that rule can be used. What ``parts`` splits is read as a whole with
    one of the fields ``whole_with``, which leave few rows. ``kind`` says what is typed into it.
    """

    name: str
    label: str = ""
    column: Any = None
    wrong: str = N_("Choose one of the list.")
    default: Any = None
    above: str = ""
    below: str = EARLIER
    in_bar: Callable[[Mapping[str, Any]], bool] = lambda values: True
    is_scanned: bool = False
    implied: Sequence[str] = ()
    whole_with: Sequence[str] = ()
    kind: ClassVar[str] = "text"

    def options(self) -> Options | None:
        """Values and msgids to choose from; None where something is typed."""
        return None

    def read(self, text: str) -> Any:
        """What the text means; raises ValueError with what to say when it means nothing."""
        raise NotImplementedError

    def shape(self, value: Any) -> Hashable:
        """What of the value is part of the statement's text."""
        return None

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        """The conditions of a statement; values are bound by the field's name."""
        return [column == bindparam(self.name, type_=column.type)]

    def parts(self, column: Any, shape: Any) -> Sequence[Any]:
        """Conditions of values that an index holds apart: the rows of each are read in its order, then merged."""
        return []

    def parameters(self, value: Any) -> dict[str, Any]:
        return {self.name: value}


def nowhere(values: Mapping[str, Any]) -> bool:
    """For a field that stands in no filter bar."""
    return False


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice(Field):
    """One of an enum, or of codes with their words; with ``sorted_from`` those behind so many stand in the alphabet."""

    among: type[StrEnum] | Mapping[str, str]
    all: str = N_("All")
    sorted_from: int | None = None

    def _words(self) -> dict[str, str]:
        if isinstance(self.among, Mapping):
            return dict(self.among)
        return {member.value: getattr(member, "word", member.value) for member in self.among}

    def options(self) -> Options:
        return [("", self.all), *self._words().items()]

    def read(self, text: str) -> Any:
        if text not in self._words():
            raise ValueError(self.wrong)
        return text if isinstance(self.among, Mapping) else self.among(text)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule(Choice):
    """One of a few codes, each with a rule in SQL of its own, which an index may be made for."""

    rules: Mapping[str, Any]

    def shape(self, value: Any) -> Hashable:
        return str(value)

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        rule = self.rules[shape]
        return [text(rule) if isinstance(rule, str) else rule]

    def parameters(self, value: Any) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Id(Field):
    """A whole id. ``token`` names what the list is narrowed to, and ``all`` the way back, where links lead to it."""

    token: str = ""
    all: str = ""
    named: Callable[[UUID, Sequence[Any]], Any] | None = None
    in_bar: Callable[[Mapping[str, Any]], bool] = nowhere

    def read(self, text: str) -> UUID:
        if not CANONICAL_UUID.fullmatch(text):
            raise ValueError(self.wrong)
        return UUID(text)

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        return [column == bindparam(self.name, type_=Uuid())]


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole(Field):
    """A whole number within bounds, both included."""

    kind: ClassVar[str] = "whole"
    least: int = 0
    most: int = 999_999_999

    def read(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.least <= int(text) <= self.most:
            raise ValueError(self.wrong)
        return int(text)


def read_day(text: str) -> date:
    """A day as browsers send it, 1900 to 2199."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(WRONG_DAY)


@dataclass(frozen=True, kw_only=True, eq=False)
class Since(Field):
    """From the beginning of a day in WIB."""

    kind: ClassVar[str] = "date"

    def read(self, text: str) -> date:
        return read_day(text)

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        return [column >= bindparam(self.name, type_=DateTime(timezone=True))]

    def parameters(self, value: date) -> dict[str, Any]:
        return {self.name: datetime.combine(value, time(), WIB)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Until(Since):
    """Up to the end of a day in WIB."""

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        return [column < bindparam(self.name, type_=DateTime(timezone=True))]

    def parameters(self, value: date) -> dict[str, Any]:
        return {self.name: datetime.combine(value, time(), WIB) + timedelta(days=1)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Amount(Field):
    """At least so many rupiah, or with ``is_most`` at most."""

    kind: ClassVar[str] = "amount"
    is_most: bool = False

    def read(self, text: str) -> Decimal:
        try:
            amount = money.parse(text)
        except ValueError:
            raise ValueError(WRONG_AMOUNT) from None
        if amount > money.LARGEST:
            raise ValueError(TOO_MUCH)
        return amount

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        bound = bindparam(self.name, type_=column.type)
        return [column <= bound if self.is_most else column >= bound]


@dataclass(frozen=True, kw_only=True, eq=False)
class Waiting(Field):
    """How long something has been waiting, in the spans up to its target and beyond."""

    target: Callable[[], timedelta]

    def options(self) -> Options:
        spans = [(str(age), age_word(age)) for age in ages(self.target()) if not age.is_late]
        return [("", N_("Any time")), (LATE, N_("Past target")), *spans]

    def read(self, text: str) -> Age:
        age = age_of(text, self.target())
        if age is None:
            raise ValueError(self.wrong)
        return age

    def shape(self, value: Age) -> Hashable:
        return value.most is not None, bool(value.least)

    def where(self, column: Any, shape: Any) -> Iterable[Any]:
        has_since, has_until = shape
        since, until = (bindparam(f"{self.name}_{end}", type_=DateTime(timezone=True)) for end in ("since", "until"))
        return [*([column > since] if has_since else []), *([column <= until] if has_until else [])]

    def parameters(self, value: Age) -> dict[str, Any]:
        now = clock.now()
        bounds = {f"{self.name}_since": value.since(now), f"{self.name}_until": value.until(now)}
        return {name: at for name, at in bounds.items() if at is not None}
