"""Keyset pages: a cursor over the index's own order, and one row too many instead of a count."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Generic, TypeVar
from uuid import UUID

from portal.shared.errors import N_, Refused

PAGE_SIZE = 25

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list ordered by time and id."""

    at: datetime
    id: UUID

    @classmethod
    def of(cls, at: date, id_: UUID) -> "Cursor":
        """The place of a row; a day stands for its beginning."""
        return cls(at if isinstance(at, datetime) else datetime.combine(at, time(), UTC), id_)

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        try:
            plain = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
            at, _, id_ = plain.partition("|")
            moment = datetime.fromisoformat(at)
            if moment.tzinfo is None or not 1900 <= moment.year <= 2200:
                raise ValueError(at)
            return cls(moment, UUID(id_))
        except (ValueError, binascii.Error) as error:
            raise Refused(N_("This page address is not complete. Start again from the first page.")) from error


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list to read: after or before a place, or its beginning."""

    after: Cursor | None = None
    before: Cursor | None = None

    @classmethod
    def parse(cls, *, after: str | None, before: str | None) -> "Slice":
        if after:
            return cls(after=Cursor.parse(after))
        return cls(before=Cursor.parse(before) if before else None)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list in its order, and the places before and after them where there is more.

    ``scanned_until`` is where a search for what no index orders stopped before the end.
    """

    rows: Sequence[T]
    before: Cursor | None = None
    after: Cursor | None = None
    scanned_until: Cursor | None = None

    @classmethod
    def of(cls, rows: Sequence[T], part: Slice, place: Callable[[T], Cursor], size: int = PAGE_SIZE) -> "Page[T]":
        """A page from up to ``size + 1`` rows, read forwards, or backwards when ``part.before`` is given."""
        has_more = len(rows) > size
        kept = list(rows[:size])
        if part.before:
            kept.reverse()
        if not kept:
            return cls([])
        has_before = has_more if part.before else part.after is not None
        has_after = has_more if not part.before else True
        return cls(kept, place(kept[0]) if has_before else None, place(kept[-1]) if has_after else None)
