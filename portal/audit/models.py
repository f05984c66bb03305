"""An event of the audit trail, and its seal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.database import Base


class AuditEvent(Base):
    """``audit_events``: append-only. Ids and codes only, never personal data.

    ``subject`` is what was acted upon, ``of_user`` the customer concerned; ``once_key`` is set where an event counts
    once per person, subject and hour.
    """

    __tablename__ = "audit_events"

    event_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[UUID | None]
    of_user: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str | None] = mapped_column(String(32))
    session_id: Mapped[UUID | None]
    ip: Mapped[str | None] = mapped_column(INET)
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    once_key: Mapped[str | None] = mapped_column(String(128), unique=True)

    __table_args__ = (
        Index("ix_audit_events_at", "at", "event_id"),
        Index("ix_audit_events_subject", "subject", "at", "event_id"),
        Index("ix_audit_events_of_user", "of_user", "at", "event_id"),
        Index("ix_audit_events_actor_id", "actor_id", "at", "event_id"),
        Index("ix_audit_events_action", "action", "at", "event_id"),
        Index("ix_audit_events_actor_action", "actor_id", "action", "at", "event_id"),
    )


class AuditSeal(Base):
    """``audit_seals``: the hash chain over the events, written by a job. Append-only."""

    __tablename__ = "audit_seals"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("audit_events.event_id"), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class Filters:
    """What the trail is narrowed to."""

    actor: UUID | None = None
    actions: tuple[str, ...] = ()
    subject: UUID | None = None
    of: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
