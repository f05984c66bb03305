"""Sealing the trail into a hash chain, and proving that nobody changed what is sealed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.audit.repository import seals
from portal.audit.trail import last_recorded, note
from portal.shared import clock
from portal.shared.database import transaction
from portal.shared.jobs import queue

BATCH_SIZE = 1000
CHECKED = "audit.checked"
GENESIS = "0" * 64


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain found."""

    links: int
    broken: str | None
    unsealed: int
    head: str


def state() -> Chain:
    """How far the trail is sealed, and what the daily walk found; nothing is walked."""
    newest = seals.head()
    sequence, sealed_at = (newest.sequence, newest.sealed_at) if newest else (0, None)
    return Chain(sequence, sealed_at, seals.waiting(), last_checked())


def seal() -> int:
    """Append every unsealed event to the hash chain; returns how many. Only one process seals at a time."""
    sealed, batch = 0, BATCH_SIZE
    while batch == BATCH_SIZE:
        with transaction():
            batch = _seal_batch() if seals.lock() else 0
        sealed += batch
    return sealed


def _seal_batch() -> int:
    newest = seals.head()
    sequence, previous = (newest.sequence, newest.hash) if newest else (0, GENESIS)
    links = []
    for event in seals.unsealed(BATCH_SIZE):
        sequence, previous = sequence + 1, link(previous, event)
        links.append({"sequence": sequence, "event_id": event.event_id, "hash": previous})
    if links:
        seals.add(links)
    return len(links)


def link(previous: str, event: Any) -> str:
    """Hex SHA-256 over the predecessor's hash and the event's canonical JSON."""
    ids = ("event_id", "subject", "of_user", "actor_id", "session_id")
    body = {
        **{name: str(value) if (value := getattr(event, name)) else None for name in ids},
        "at": event.at.isoformat(),
        "action": event.action,
        "actor_role": event.actor_role,
        "ip": event.ip,
        "details": event.details,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((previous + canonical).encode()).hexdigest()


def verify(expected_head: str | None = None) -> Verdict:
    """Walk the whole chain and name the first broken link, the unsealed tail, and a cut against an exported head.

    ``expected_head`` is ``sequence:hash`` as :func:`head` printed it earlier.
    """
    links, broken, previous = _walk(expected_head)
    return Verdict(links, broken, len(seals.unsealed_ids()), f"{links}:{previous}")


def _walk(expected_head: str | None = None) -> tuple[int, str | None, str]:
    """How many links hold, or at which one and why it breaks, and the last hash that holds."""
    previous, links = GENESIS, 0
    wanted, _, wanted_hash = (expected_head or "0:").partition(":")
    for row in seals.chain():
        links += 1
        broken = _fault(links, previous, row)
        if not broken and links == int(wanted) and row.hash != wanted_hash:
            broken = f"link {links}: event {row.event_id} is not the one that was exported"
        if broken:
            return links, broken, previous
        previous = row.hash
    if links < int(wanted):
        return links, f"the chain ends at {links}; the exported head was {wanted}: its tail was cut off", previous
    return links, None, previous


def _fault(links: int, previous: str, row: Any) -> str | None:
    """Why this link does not follow the one before."""
    if row.sequence != links:
        return f"link {links} is missing: the chain jumps to {row.sequence}"
    if row.event_id is None:
        return f"link {links}: event {row.sealed_id} was removed"
    return f"link {links}: event {row.event_id} was changed or moved" if link(previous, row) != row.hash else None


def head() -> str:
    """``sequence:hash`` of the newest link, to be kept somewhere else."""
    newest = seals.head()
    return f"{newest.sequence}:{newest.hash}" if newest else f"0:{GENESIS}"


def last_checked() -> Checked | None:
    """The newest daily walk; None before the first."""
    found = last_recorded(CHECKED)
    return Checked(found[0], found[1]["links"], found[1]["is_broken"]) if found else None


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
    if seals.head() and (last is None or last.at.astimezone(clock.WIB).date() < clock.today()):
        check()


@queue.periodic(cron="* * * * *")
@queue.task(name="audit.seal", queueing_lock="audit.seal")
def seal_new_events(timestamp: int) -> None:
    seal()
