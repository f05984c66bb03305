"""Who looked at a customer and what was done to one, for the pages of other contexts."""

from collections.abc import Sequence
from uuid import UUID

from portal.audit.models import LOOKS
from portal.audit.repository import events
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening

DEEDS = ("customer.deactivated", "customer.activated")


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest looks at a customer and deeds to them before a place, newest first; ``facts`` are ids and codes."""
    return [Happening(*row) for row in events.of_customer(user_id, LOOKS + DEEDS, before, limit)]


def looks_at(user_id: UUID, *, limit: int) -> Sequence[Happening]:
    """Who looked at a customer last, newest first."""
    return [Happening(*row) for row in events.of_customer(user_id, LOOKS, None, limit)]


def newest_about(action: str, subject: UUID) -> Happening | None:
    """The last event of this action on this subject."""
    row = events.newest(action, subject)
    return Happening(*row) if row else None
