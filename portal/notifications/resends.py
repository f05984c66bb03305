"""What was asked to be sent again, as rows: the chain that leads from a message to all its copies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import scoped_session

from portal.notifications.batch_models import Resend


class ResendRepository:
    """``resends``, read by primary key and by the message that was written first."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def root_of(self, message_id: UUID) -> UUID:
        """The message that was written first; itself unless it is a copy."""
        root: UUID | None = self.session.scalar(select(Resend.root_id).where(Resend.message_id == message_id))
        return root or message_id

    def of_root(self, root_id: UUID, most: int) -> Sequence[Resend]:
        """The newest copies of a message, the oldest of them first."""
        found = select(Resend).where(Resend.root_id == root_id).order_by(Resend.requested_at.desc()).limit(most)
        return list(reversed(self.session.scalars(found).all()))
