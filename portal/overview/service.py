"""Finding a customer or a loan by what identifies them."""

from dataclasses import dataclass
from uuid import UUID

from portal.audit import service as audit
from portal.kyc import reading as kyc
from portal.loans import reading as loans
from portal.permissions import Permission, Role
from portal.shared.actor import Actor
from portal.shared.errors import N_, Forbidden
from portal.users import service as users
from portal.users.service import CANONICAL_UUID, Person


@dataclass(frozen=True, slots=True)
class Hits:
    """What a term found: customers, and a loan where the term is one's id."""

    customers: list[Person]
    loan_id: UUID | None


def search(term: str, *, actor: Actor) -> Hits:
    """Customers by id, e-mail, phone or name; a loan by its id, for those who may read loans."""
    text = term.strip().lower()
    is_id = CANONICAL_UUID.fullmatch(text) is not None
    may_read = actor.may(Permission.LOAN_READ)
    loan_id = UUID(text) if is_id and may_read and loans.exists(UUID(text)) else None
    return Hits(users.find(text), loan_id)


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


def note_opening(user_id: UUID, *, actor: Actor) -> None:
    """Put into the trail that somebody opened a customer; once per person, subject and hour."""
    audit.note_opening("customer.opened", user_id, of=user_id, actor=actor)
