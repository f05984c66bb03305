"""What was asked to be sent again: claimed here before anything is written to Mongo."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.database import Base, native_enum
from portal.shared.errors import N_
from portal.shared.words import Words


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

    __table_args__ = (
        Index("ix_resends_root", "root_id", "requested_at"),
        Index("ix_resends_once_in_a_batch", "batch_id", "root_id", unique=True),
    )


class BatchState(Words):
    """Where a bulk resend stands."""

    COUNTING = "counting", N_("Counting"), "hourglass", "info"
    COUNTED = "counted", N_("To be confirmed"), "circle-dashed", "warn"
    RUNNING = "running", N_("Running"), "send", "info"
    DONE = "done", N_("Done"), "circle-check", "ok"
    CANCELLED = "cancelled", N_("Stopped"), "circle-minus"


class ItemResult(Words):
    """What became of one message of a bulk resend so far; ``code`` beside it says why."""

    SELECTED = "selected"
    READY = "ready", N_("Can go out"), "circle-dashed"
    QUEUED = "queued", N_("Queued"), "clock", "info"
    SKIPPED = "skipped", N_("Not sent"), "circle-minus"


class ResendBatch(Base):
    """``resend_batches``: many messages sent again at once. What is meant is frozen in its items when it begins."""

    __tablename__ = "resend_batches"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    state: Mapped[BatchState] = mapped_column(native_enum(BatchState, "batch_state"), server_default="counting")
    version: Mapped[int] = mapped_column(server_default="1")
    filters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    selected: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    needs_reason: Mapped[bool] = mapped_column(server_default=text("false"))
    confirmed: Mapped[int | None]
    confirmed_by: Mapped[UUID | None]
    confirmed_as: Mapped[str | None] = mapped_column(String(32))
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_resend_batches_newest", "requested_at", "batch_id"),)

    def move(self, state: BatchState, *, ended_at: datetime | None = None) -> None:
        """Enter a state: every form drawn before is out of date."""
        self.state, self.ended_at = state, ended_at
        self.version += 1


class ResendItem(Base):
    """``resend_batch_items``: a message in a bulk resend. The copies of one message count once, so none goes twice."""

    __tablename__ = "resend_batch_items"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("resend_batches.batch_id"), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    root_id: Mapped[UUID]
    written_at: Mapped[datetime]
    result: Mapped[ItemResult] = mapped_column(native_enum(ItemResult, "item_result"), server_default="selected")
    code: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime | None]
    copy_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("batch_id", "root_id"),
        CheckConstraint("(result = 'queued') = (copy_id IS NOT NULL)", name="queued"),
        Index("ix_resend_batch_items_place", "batch_id", "written_at", "message_id"),
        Index("ix_resend_batch_items_result", "batch_id", "result", "written_at", "message_id"),
    )
