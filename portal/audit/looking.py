"""Who looked at a customer and what was done to one, for the pages of other contexts."""

from collections.abc import Sequence
from uuid import UUID

from portal.audit.repository import AuditRepository
from portal.shared.database import db
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening

events = AuditRepository(db.session)

LOOKS = [
    "customer.opened",
    "customer.revealed",
    "kyc.opened",
    "kyc.image-viewed",
    "loan.opened",
    "credit-score.opened",
    "risk-evaluation.revealed",
    "message.opened",
]
"""The actions by which somebody saw something of a customer."""
DEEDS = ["customer.deactivated", "customer.activated"]


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest looks at a customer and deeds to him before a place, newest first; ``facts`` are ids and codes."""
    return [Happening(*row) for row in events.of_customer(user_id, [*LOOKS, *DEEDS], before, limit)]


def looks_at(user_id: UUID, *, limit: int) -> Sequence[Happening]:
    """Who looked at a customer last, newest first."""
    return [Happening(*row) for row in events.of_customer(user_id, LOOKS, None, limit)]


def newest_about(action: str, subject: UUID) -> Happening | None:
    """The last event of this action on this subject."""
    row = events.newest_about(action, subject)
    return Happening(*row) if row else None
