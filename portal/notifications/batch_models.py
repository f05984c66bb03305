"""What was asked to be sent again: claimed here before anything is written to Mongo."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.database import Base


class Resend(Base):
    """``resends``: one new message each; ``root_id`` is the message that was written first.

    ``batch_id`` is the batch it was asked for in, None when it was asked for alone.
    """

    __tablename__ = "resends"

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    resend_of: Mapped[UUID]
    root_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    reason: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[UUID | None]
    requested_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    due_at: Mapped[datetime]

    __table_args__ = (Index("ix_resends_root", "root_id", "requested_at"),)
