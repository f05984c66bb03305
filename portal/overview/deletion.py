"""Deleting a customer: in every context at once, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, kyc, users
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once
from portal.shared.database import transaction
from portal.shared.errors import N_

DELETE_REASONS = {
    "CUSTOMER_REQUEST": N_("The customer asked for it"),
    "REGISTERED_TWICE": N_("The same person is registered twice"),
    "FRAUD": N_("Fraud was proven"),
    "AUTHORITY": N_("A court or an authority ordered it"),
}
"""Why a customer is deleted, by the code that the trail keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAnswers(Answers):
    """Why, and the beginning of the id, typed, so that no slip of the hand does it."""

    version: int | None = None
    reason: str | None = None
    confirmation: str = ""


@dataclass(frozen=True, slots=True)
class Deletion:
    """That a customer was deleted, by whom and why, as a msgid; nothing personal."""

    user_id: UUID
    at: datetime
    by: str | None
    reason: str


def delete(user_id: UUID, answers: DeleteAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Delete a customer: no list shows them, account and sessions end, their submissions are nobody's to decide.

    Their loans stay readable and open; nobody can decide one any more, and no message is sent to them.
    """
    with transaction(), once(by, "customer.deleted", actor) as earlier:
        if earlier:
            return
        users.remove(user_id, version=answers.version, actor=actor)  # a wrong answer takes this back
        with answers.judged() as wrong:
            wrong.unless(answers.reason in DELETE_REASONS, "reason", N_("Choose a reason."))
            is_typed = answers.confirmation.lower() == str(user_id)[:8]
            wrong.unless(is_typed, "confirmation", N_("Type the first 8 characters of the ID as they stand above."))
        withdrawn = kyc.withdraw_all(user_id)
        audit.record("customer.deleted", user_id, of=user_id, actor=actor, reason=answers.reason, submissions=withdrawn)


def deletion_of(user_id: UUID) -> Deletion | None:
    """That this customer was deleted; None while they are there, or never were."""
    at = users.deleted_at(user_id)
    if at is None:
        return None
    event = audit.newest_about("customer.deleted", user_id)
    by = auth.names_of({event.actor_id}).get(event.actor_id) if event and event.actor_id else None
    return Deletion(user_id, at, by, DELETE_REASONS.get(event.facts.get("reason", ""), "–") if event else "–")
