"""Finding anything by what identifies it, and a customer's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, credit_scores, kyc, loans, notifications, users
from portal.permissions import Permission, Role
from portal.shared import ids
from portal.shared.actor import Actor
from portal.shared.errors import N_, Forbidden
from portal.users import MAX_HITS, Person

MOST_LOOKS = 10
BY_ID: tuple[tuple[str, str, Callable[..., list[UUID] | None]], ...] = (
    ("loan", Permission.LOAN_READ, loans.ids_between),
    ("submission", Permission.KYC_READ, kyc.ids_between),
    ("score", Permission.SCORE_READ, credit_scores.ids_between),
    ("message", Permission.MESSAGE_READ, notifications.ids_between),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something found by its id: a customer, loan, submission, score or message."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Hits:
    """What a term found, at most 50: ``only`` when it is one thing, by its id; ``missing`` names who did not answer."""

    customers: list[Person]
    things: list[Thing]
    only: Thing | None
    is_cut: bool
    missing: list[str]


def search(term: str, *, actor: Actor) -> Hits:
    """Customers by id, e-mail, phone or name, and by its id, or the beginning of it, whatever the actor may read."""
    span = ids.span(term)
    customers = users.find(term)
    answers = {
        kind: ids_between(*span, limit=MAX_HITS) if span else []
        for kind, permission, ids_between in BY_ID
        if actor.may(permission)
    }
    things = [Thing(kind, id_) for kind, found in answers.items() for id_ in found or []]
    everything = [*(Thing("customer", person.user_id) for person in customers), *things]
    is_by_id = span is not None and len(everything) == 1 and span[0] <= everything[0].id <= span[1]
    return Hits(
        customers,
        things[: MAX_HITS - len(customers)],
        everything[0] if is_by_id else None,
        len(everything) >= MAX_HITS,
        [kind for kind, found in answers.items() if found is None],
    )


def may_reveal(user_id: UUID, *, actor: Actor) -> bool:
    """Whether ``actor`` may see this customer's contact data: a reviewer only while holding the customer's case."""
    if not actor.may(Permission.CONTACT_REVEAL):
        return False
    return actor.role != Role.KYC_REVIEWER or kyc.holds_case_of(user_id, actor=actor)


def reveal(user_id: UUID, field: str, *, reason: str, text: str, actor: Actor) -> str:
    """A contact field in full, audited before it is read out."""
    if not may_reveal(user_id, actor=actor):
        raise Forbidden(N_("Claim a submission of this customer first, then look at the contact data."))
    return users.reveal(user_id, field, reason=reason, text=text, actor=actor)


def is_identified(user_id: UUID) -> bool:
    """Whether the customer's KTP is verified."""
    return kyc.is_identified(user_id)


@dataclass(frozen=True, slots=True)
class Look:
    """Who looked at what of a customer, and the code of the reason where one was asked for."""

    at: datetime
    by: str | None
    action: str
    reason: str


def looks_at(user_id: UUID) -> list[Look]:
    """Who looked at a customer last, newest first."""
    seen = audit.looks_at(user_id, limit=MOST_LOOKS)
    names = auth.names_of({look.actor_id for look in seen if look.actor_id})
    return [
        Look(look.at, names.get(look.actor_id) if look.actor_id else None, look.kind, look.facts.get("reason", ""))
        for look in seen
    ]


def note_opening(user_id: UUID, *, actor: Actor) -> None:
    """Put into the trail that somebody opened a customer; once per person, subject and hour."""
    audit.note_opening("customer.opened", user_id, of=user_id, actor=actor)
