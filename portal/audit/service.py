"""Recording who did or saw what, and proving that nobody changed the record."""

import hashlib
import json
from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Row

from portal.audit.listing import Trail
from portal.audit.models import Filters
from portal.audit.repository import AuditRepository
from portal.shared import clock, lists, metrics
from portal.shared.actor import PORTAL, Actor
from portal.shared.database import db, require_transaction, transaction
from portal.shared.hooks import Hook
from portal.shared.jobs import queue
from portal.shared.pagination import Cursor, Page, Slice

BATCH = 1000
EXPORTED_AT_MOST = 1_000_000
CHECKED = "audit.checked"
GENESIS = "0" * 64

events = AuditRepository(db.session)
trail = Trail(db.session)
actor_names: Hook[[set[UUID]], dict[UUID, str]] = Hook()
"""Asks whoever knows them for the names of actors by their ids."""


def _names_of(ids: set[UUID]) -> dict[UUID, str]:
    return dict(ChainMap(*actor_names(ids))) if ids else {}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with the name of whoever acted."""

    event: Row[Any]
    actor: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the daily walk found last: up to which link the chain holds, or at which one it is broken."""

    at: datetime
    links: int
    is_broken: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the trail is sealed, and what the daily walk found."""

    sequence: int
    sealed_at: datetime | None
    unsealed: int
    checked: Checked | None


def browse(filters: Filters, part: Slice, *, actor: Actor) -> Page[Entry]:
    """A page of the trail, newest first; looking up a customer in it is itself recorded."""
    if filters.of:
        note_opening("audit.opened", filters.of, of=filters.of, actor=actor)
    page = Page.of(trail.page(filters, part), part, lambda row: Cursor(row.at, row.event_id))
    return Page(_named(page.rows), page.before, page.after)


def latest(most: int) -> list[Entry]:
    """What happened last, newest first; at most a page."""
    return _named(trail.page(Filters(), Slice())[:most])


def _named(rows: Sequence[Row[Any]]) -> list[Entry]:
    names = _names_of({row.actor_id for row in rows if row.actor_id})
    return [Entry(row, names.get(row.actor_id, "")) for row in rows]


def name_of(actor_id: UUID | None) -> str:
    """What colleagues call a member of staff; empty for nobody."""
    return _names_of({actor_id}).get(actor_id, "") if actor_id else ""


def export(filters: Filters, *, actor: Actor) -> Iterator[Entry]:
    """Up to a million that match, newest first, as a stream; that they were taken out is recorded first."""
    note("audit.exported", None, of=filters.of, actor=actor)
    return _entries(filters)


def _entries(filters: Filters) -> Iterator[Entry]:
    known: dict[UUID, str] = {}
    with trail.every(filters, EXPORTED_AT_MOST) as rows:
        for batch in rows.partitions(1000):
            unknown = {row.actor_id for row in batch if row.actor_id} - known.keys()
            known |= _names_of(unknown)
            yield from (Entry(row, known.get(row.actor_id, "")) for row in batch)


def chain() -> Chain:
    """How far the trail is sealed, and what the daily walk found."""
    seal = trail.sealed_until()
    return Chain(seal.sequence if seal else 0, seal.sealed_at if seal else None, trail.unsealed(), last_checked())


def record(
    action: str,
    subject: UUID | None,
    *,
    of: UUID | None = None,
    once_an_hour: bool = False,
    actor: Actor,
    **details: Any,
) -> None:
    """Write one event into the caller's transaction, so that it stands exactly when the change does.

    ``details`` are ids, codes and counts, never personal data. With ``once_an_hour`` the same person's same act on the
    same subject counts once an hour.
    """
    require_transaction()
    hour = clock.now().strftime("%Y%m%d%H")
    once_key = f"{action}:{actor.auth_id}:{subject}:{hour}" if once_an_hour else None
    events.add({**_event(action, subject, of, actor, details), "once_key": once_key})


def record_all(action: str, told: Sequence[tuple[UUID, UUID, dict[str, Any]]], *, actor: Actor) -> None:
    """The same act on many subjects: (subject, of, details) of each, written at once into the caller's transaction."""
    require_transaction()
    if told:
        events.add_all([_event(action, subject, of, actor, details) for subject, of, details in told])


def _event(action: str, subject: UUID | None, of: UUID | None, actor: Actor, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "subject": subject,
        "of_user": of,
        "actor_id": actor.auth_id,
        "actor_role": actor.role,
        "session_id": actor.session_id,
        "ip": actor.ip,
        "details": details,
    }


def note(action: str, subject: UUID | None, *, of: UUID | None = None, actor: Actor = PORTAL, **details: Any) -> None:
    """Record an event that has no other effect, in a transaction of its own."""
    with transaction():
        record(action, subject, of=of, actor=actor, **details)


@lists.exported.listen
def note_export(action: str, actor: Actor, filters: dict[str, str]) -> None:
    """Record who takes a list along as a file, and what it was narrowed to."""
    note(action, None, actor=actor, filters=filters)


def note_opening(action: str, subject: UUID, *, of: UUID, actor: Actor) -> None:
    """Record that a page about a customer was opened; once per person, subject and hour."""
    with transaction():
        record(action, subject, of=of, once_an_hour=True, actor=actor)


def last_recorded(action: str) -> tuple[datetime, dict[str, Any]] | None:
    """When something was recorded last, and its details."""
    found = events.newest(action)
    return (found.at, found.details) if found else None


def seal() -> int:
    """Append every unsealed event to the hash chain; returns how many. Only one process seals at a time."""
    sealed = 0
    while True:
        with transaction():
            if not events.lock_chain():
                return sealed
            head = events.head()
            sequence, previous = (head.sequence, head.hash) if head else (0, GENESIS)
            batch = events.unsealed(BATCH)
            seals = []
            for event in batch:
                sequence, previous = sequence + 1, link(previous, event)
                seals.append({"sequence": sequence, "event_id": event.event_id, "hash": previous})
            if seals:
                events.add_seals(seals)
        sealed += len(batch)
        if len(batch) < BATCH:
            return sealed


def link(previous: str, event: Row[Any]) -> str:
    """Hex SHA-256 over the predecessor's hash and the event's canonical JSON."""
    body = json.dumps(
        {
            "event_id": str(event.event_id),
            "at": event.at.isoformat(),
            "action": event.action,
            "subject": _text(event.subject),
            "of_user": _text(event.of_user),
            "actor_id": _text(event.actor_id),
            "actor_role": event.actor_role,
            "session_id": _text(event.session_id),
            "ip": event.ip,
            "details": event.details,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256((previous + body).encode()).hexdigest()


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain found."""

    links: int
    broken: str | None
    unsealed: int
    head: str


def verify(expected_head: str | None = None) -> Verdict:
    """Walk the whole chain and name the first broken link, the unsealed tail, and a cut against an exported head.

    ``expected_head`` is ``sequence:hash`` as :func:`head` printed it earlier.
    """
    links, broken, previous = _walk(expected_head)
    return Verdict(links, broken, len(events.unsealed_ids()), f"{links}:{previous}")


def _walk(expected_head: str | None = None) -> tuple[int, str | None, str]:
    """How many links hold, or at which one and why it breaks, and the last hash that holds."""
    previous, links, broken = GENESIS, 0, None
    wanted, _, wanted_hash = (expected_head or "0:").partition(":")
    for row in events.chain():
        links += 1
        if row.sequence != links:
            broken = f"link {links} is missing: the chain jumps to {row.sequence}"
        elif row.event_id is None:
            broken = f"link {links}: event {row.sealed_id} was removed"
        elif link(previous, row) != row.hash:
            broken = f"link {links}: event {row.event_id} was changed or moved"
        elif links == int(wanted) and row.hash != wanted_hash:
            broken = f"link {links}: event {row.event_id} is not the one that was exported"
        if broken:
            break
        previous = row.hash
    if not broken and links < int(wanted):
        broken = f"the chain ends at {links}; the exported head was {wanted}: its tail was cut off"
    return links, broken, previous


def head() -> str:
    """``sequence:hash`` of the newest link, to be kept somewhere else."""
    newest = events.head()
    return f"{newest.sequence}:{newest.hash}" if newest else f"0:{GENESIS}"


def last_checked() -> Checked | None:
    """The newest daily walk; None before the first."""
    found = last_recorded(CHECKED)
    return Checked(found[0], found[1]["links"], found[1]["is_broken"]) if found else None


@metrics.gauges.listen
def measure() -> Iterator[GaugeMetricFamily]:
    """What the newest daily walk found."""
    last = last_checked()
    yield GaugeMetricFamily(
        "portal_audit_chain_broken",
        "1 when the daily walk found the trail's chain broken.",
        value=float(last is not None and last.is_broken),
    )


def check() -> None:
    """Seal what is new, walk the chain, and keep what was found."""
    seal()
    links, broken, _ = _walk()
    note(CHECKED, None, links=links, is_broken=broken is not None)


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="audit.check", queueing_lock="audit.check")
def check_job(timestamp: int) -> None:
    """Once a WIB day, as early as it can, so that it catches up by itself after downtime."""
    last = last_checked()
    if events.head() and (last is None or last.at.astimezone(clock.WIB).date() < clock.today()):
        check()


@queue.periodic(cron="* * * * *")
@queue.task(name="audit.seal", queueing_lock="audit.seal")
def seal_new_events(timestamp: int) -> None:
    seal()
