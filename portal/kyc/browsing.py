"""The queue: a page of it, its counters, its export, and what can still be undone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth, config, users
from portal.kyc.holding import lists
from portal.kyc.listing import Narrowed
from portal.kyc.models import UNDO_WINDOW, DocumentType, KycStatus
from portal.shared import clock
from portal.shared.actor import Actor, initials
from portal.shared.ages import Age
from portal.shared.pagination import Cursor, Page, Slice
from portal.users import Person

NEAR = timedelta(hours=1)
EXPORTED_AT_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to."""

    status: KycStatus = KycStatus.PENDING
    document_type: DocumentType | None = None
    is_flagged: bool = False
    is_mine: bool = False
    age: Age | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    status: KycStatus
    created_at: datetime
    age: timedelta
    urgency: str
    has_duplicate: bool
    attempt: int
    holder: str | None
    is_mine: bool

    @property
    def holder_initials(self) -> str:
        return initials(self.holder or "")


@dataclass(frozen=True, slots=True)
class Counters:
    """How many there are of each, counted up to 1,001."""

    waiting: int
    mine: int
    late: int
    rejected: int
    expired: int
    verified: int


@dataclass(frozen=True, slots=True)
class Undoable:
    """The actor's newest decision while it can still be undone."""

    kyc_id: UUID
    fullname: str
    verdict: KycStatus
    until: datetime
    seconds_left: int


def browse(filters: Filters, part: Slice, *, actor: Actor) -> tuple[Page[QueueRow], Undoable | None]:
    """A page of the queue, pending ones oldest first, decided ones newest first; and what the actor can still undo."""
    found = lists.page(_narrowed(filters, actor), part)
    page = Page.of(found, part, lambda row: Cursor(row.created_at, row.kyc_id))
    last = lists.undoable(actor.id, UNDO_WINDOW)
    people = users.names_of([*(row.user_id for row in page.rows), *([last.user_id] if last else [])])
    lines = _lines(page.rows, people, actor)
    return Page(lines, page.before, page.after), _undoable(last, people) if last else None


def first(most: int, *, actor: Actor) -> Sequence[QueueRow]:
    """The oldest that wait, held or not."""
    found = lists.page(_narrowed(Filters(), actor), Slice())[:most]
    return _lines(found, users.names_of(row.user_id for row in found), actor)


def export(filters: Filters, *, actor: Actor) -> Iterator[QueueRow]:
    """All that match, streamed; who exported what is recorded first."""
    given = {name: str(getattr(filters, name)) for name in Filters.__slots__}
    audit.note("kyc.exported", None, actor=actor, filters=given)
    return _exported(filters, actor)


def _exported(filters: Filters, actor: Actor) -> Iterator[QueueRow]:
    """The query begins with the stream: Flask closes the session of the view before that."""
    with lists.every(_narrowed(filters, actor), EXPORTED_AT_MOST) as found:
        for batch in found.partitions():
            yield from _lines(batch, users.names_of(row.user_id for row in batch), actor)


def count(actor: Actor) -> Counters:
    """The queue's counters for this reviewer."""
    return Counters(**lists.counts(holder=actor.id, late_before=clock.now() - waiting_target())._mapping)


def undoable(actor: Actor) -> Undoable | None:
    """What this reviewer decided last, while it can be undone."""
    last = lists.undoable(actor.id, UNDO_WINDOW)
    return _undoable(last, users.names_of([last.user_id])) if last else None


def _narrowed(filters: Filters, actor: Actor) -> Narrowed:
    now = clock.now()
    return Narrowed(
        filters.status,
        filters.document_type,
        filters.is_flagged,
        actor.id if filters.is_mine else None,
        filters.age.since(now) if filters.age else None,
        filters.age.until(now) if filters.age else None,
    )


def _undoable(row: Row[Any], people: Mapping[UUID, Person]) -> Undoable:
    name = people[row.user_id].fullname
    return Undoable(row.kyc_id, name, row.verdict, row.until, int((row.until - row.now).total_seconds()))


def _lines(rows: Sequence[Row[Any]], people: Mapping[UUID, Person], actor: Actor) -> list[QueueRow]:
    staff = auth.names_of({row.lease_holder for row in rows if row.lease_until and row.lease_until > row.now})
    return [_line(row, people[row.user_id], staff, actor) for row in rows]


def _line(row: Row[Any], customer: Person, staff: dict[UUID, str], actor: Actor) -> QueueRow:
    is_held = row.lease_until is not None and row.lease_until > row.now
    age = row.now - row.created_at
    return QueueRow(
        row.kyc_id,
        customer,
        row.document_type,
        row.status,
        row.created_at,
        age,
        urgency(row.status, age),
        row.has_duplicate,
        row.attempt,
        staff.get(row.lease_holder) if is_held else None,
        is_held and row.lease_holder == actor.auth_id,
    )


def waiting_target() -> timedelta:
    """Within which a decision is due."""
    return config.current().kyc_target


def urgency(status: KycStatus, age: timedelta) -> str:
    """Whether a waiting check is past its target, near it, or neither."""
    if status is not KycStatus.PENDING or age < waiting_target() - NEAR:
        return ""
    return "late" if age >= waiting_target() else "near"
