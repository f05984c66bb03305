"""Finding a customer or a loan by what identifies them."""

from dataclasses import dataclass
from uuid import UUID

from portal.loans import reading as loans
from portal.permissions import Permission
from portal.shared.actor import Actor
from portal.users import service as users
from portal.users.service import CANONICAL_UUID, Person


@dataclass(frozen=True, slots=True)
class Hits:
    """What a term found: customers, and a loan where the term is one's id."""

    customers: list[Person]
    loan_id: UUID | None


def search(term: str, *, actor: Actor) -> Hits:
    """Customers by id, e-mail or phone; a loan by its id, for those who may read loans."""
    text = term.strip().lower()
    is_id = CANONICAL_UUID.fullmatch(text) is not None
    may_read = actor.may(Permission.LOAN_READ)
    loan_id = UUID(text) if is_id and may_read and loans.exists(UUID(text)) else None
    return Hits(users.find(text), loan_id)
