"""Deleting a customer: in every context at once, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, kyc, users
from portal.shared.actor import Actor
from portal.shared.commands import earlier_answer
from portal.shared.database import transaction


@dataclass(frozen=True, slots=True)
class Deletion:
    """That a customer was deleted, by whom and why; nothing personal. ``reason`` is a code, empty when not recorded."""

    user_id: UUID
    at: datetime
    by: str | None
    reason: str


def delete(user_id: UUID, *, reason: str, version: int, command: UUID, actor: Actor) -> None:
    """Delete a customer: no list shows him, his account and sessions end, his submissions are nobody's to decide.

    His loans stay readable and open; nobody can decide one any more, and no message is sent to him.
    """
    with transaction():
        if earlier_answer(command, "customer.deleted", actor=actor):
            return
        users.remove(user_id, version=version, actor=actor)
        withdrawn = kyc.withdraw_all(user_id)
        audit.record("customer.deleted", user_id, of=user_id, actor=actor, reason=reason, submissions=withdrawn)


def deletion_of(user_id: UUID) -> Deletion | None:
    """That this customer was deleted; None while he is there, or never was."""
    at = users.deleted_at(user_id)
    if at is None:
        return None
    event = audit.newest_about("customer.deleted", user_id)
    by = auth.names_of({event.actor_id}).get(event.actor_id) if event and event.actor_id else None
    return Deletion(user_id, at, by, str(event.facts.get("reason", "")) if event else "")
