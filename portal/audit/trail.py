"""Recording who did or saw what, of whom."""

from collections import ChainMap
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.audit.repository import events
from portal.shared import clock, lists
from portal.shared.actor import PORTAL, Actor
from portal.shared.database import require_transaction, transaction
from portal.shared.hooks import Hook

actor_names: Hook[[set[UUID]], dict[UUID, str]] = Hook()
"""Asks whoever knows them for the names of actors by their ids."""


def names_of(ids: Collection[UUID | None]) -> dict[UUID, str]:
    """What colleagues call these members of staff; nobody is asked for no one."""
    wanted = {id_ for id_ in ids if id_}
    return dict(ChainMap(*actor_names(wanted))) if wanted else {}


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
    events.add([{**_event(action, subject, of, actor, details), "once_key": once_key}])


def record_all(action: str, told: Sequence[tuple[UUID, UUID, dict[str, Any]]], *, actor: Actor) -> None:
    """The same act on many subjects: (subject, of, details) of each, written at once into the caller's transaction."""
    require_transaction()
    if told:
        events.add([_event(action, subject, of, actor, details) for subject, of, details in told])


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


def note_opening(action: str, subject: UUID, *, of: UUID, actor: Actor) -> None:
    """Record that a page about a customer was opened; once per person, subject and hour."""
    note(action, subject, of=of, once_an_hour=True, actor=actor)


@lists.exported.listen
def note_export(action: str, actor: Actor, filters: dict[str, str]) -> None:
    """Record who takes a list along as a file, what it was narrowed to, and the customer of whom alone it tells."""
    note(action, None, of=UUID(filters["of"]) if "of" in filters else None, actor=actor, filters=filters)


def last_recorded(action: str) -> tuple[datetime, dict[str, Any]] | None:
    """When something was recorded last, and its details."""
    found = events.newest(action)
    return (found.at, found.details) if found else None
