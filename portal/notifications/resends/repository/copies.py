"""What was asked to be sent again, one claim a copy."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import scoped_session

from portal.notifications.resends.models import Resend

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(name, 7)) FROM unnest(CAST(:names AS text[])) AS name"


class ResendRepository:
    """``resends``, in the caller's session."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def lock(self, roots: Collection[UUID]) -> None:
        """Until the transaction ends, nobody else sends any of these again; always in one order."""
        self.session.execute(text(_LOCK), {"names": sorted(str(root) for root in roots)})

    def get(self, ids: Sequence[UUID]) -> Sequence[Resend]:
        return self.session.scalars(select(Resend).where(Resend.message_id.in_(ids))).all()

    def roots_of(self, ids: Sequence[UUID]) -> dict[UUID, UUID]:
        """The first message of each of these copies."""
        if not ids:
            return {}
        known = select(Resend.message_id, Resend.root_id).where(Resend.message_id.in_(ids))
        return {row.message_id: row.root_id for row in self.session.execute(known)}

    def of_roots(self, roots: Collection[UUID]) -> dict[UUID, list[Resend]]:
        """What was asked for of each of these, the earliest first; those of which nothing was are missing."""
        found: dict[UUID, list[Resend]] = {}
        for claim in self.session.scalars(
            select(Resend).where(Resend.root_id.in_(roots)).order_by(Resend.requested_at)
        ):
            found.setdefault(claim.root_id, []).append(claim)
        return found
