"""Reads and writes of the audit trail."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Row, Text, Uuid, any_, bindparam, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import scoped_session

from portal.audit.models import AuditEvent, AuditSeal
from portal.shared.pagination import Cursor

EVENT = AuditEvent.__table__.c
SEALED_FIELDS = (
    EVENT.event_id,
    EVENT.at,
    EVENT.action,
    EVENT.subject,
    EVENT.of_user,
    EVENT.actor_id,
    EVENT.actor_role,
    EVENT.session_id,
    func.host(EVENT.ip).label("ip"),
    EVENT.details,
)
# An event commits within moments of its time, so a gap in the seals can only be in the last hour before the newest one.
_UNSEALED = (
    select(*SEALED_FIELDS)
    .where(
        EVENT.at
        >= select(func.coalesce(func.max(AuditEvent.at) - text("interval '1 hour'"), text("'-infinity'::timestamptz")))
        .where(AuditEvent.event_id.in_(select(AuditSeal.event_id).order_by(AuditSeal.sequence.desc()).limit(1)))
        .scalar_subquery(),
        ~select(1).where(AuditSeal.event_id == EVENT.event_id).exists(),
    )
    .order_by(EVENT.at, EVENT.event_id)
)
_HEAD = select(AuditSeal.sequence, AuditSeal.hash, AuditSeal.sealed_at).order_by(AuditSeal.sequence.desc()).limit(1)


_NEWEST = (
    select(EVENT.at, EVENT.details)
    .where(EVENT.action == bindparam("action"))
    .order_by(EVENT.at.desc(), EVENT.event_id.desc())
    .limit(1)
)


_PLACE = tuple_(bindparam("place_at", type_=DateTime(timezone=True)), bindparam("place_id", type_=Uuid()))
_OF_CUSTOMER = (
    select(EVENT.at, EVENT.event_id, EVENT.action, EVENT.subject, EVENT.actor_id, EVENT.details)
    .where(
        EVENT.of_user == bindparam("of", type_=Uuid()), EVENT.action == any_(bindparam("actions", type_=ARRAY(Text)))
    )
    .order_by(EVENT.at.desc(), EVENT.event_id.desc())
    .limit(bindparam("most"))
)
_OF_CUSTOMER_BEFORE = _OF_CUSTOMER.where(tuple_(EVENT.at, EVENT.event_id) < _PLACE)
_NEWEST_ABOUT = (
    select(EVENT.at, EVENT.event_id, EVENT.action, EVENT.subject, EVENT.actor_id, EVENT.details)
    .where(EVENT.subject == bindparam("subject", type_=Uuid()), EVENT.action == bindparam("action"))
    .order_by(EVENT.at.desc(), EVENT.event_id.desc())
    .limit(1)
)


class AuditRepository:
    """The trail and its chain, in the caller's session."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def add(self, values: dict[str, Any]) -> None:
        self.session.execute(insert(AuditEvent).values(**values).on_conflict_do_nothing())

    def add_all(self, values: list[dict[str, Any]]) -> None:
        self.session.execute(insert(AuditEvent).on_conflict_do_nothing(), values)

    def newest(self, action: str) -> Any:
        """(at, details) of the newest event of this action."""
        return self.session.execute(_NEWEST, {"action": action}).first()

    def newest_about(self, action: str, subject: UUID) -> Any:
        """The newest event of this action on this subject."""
        return self.session.execute(_NEWEST_ABOUT, {"action": action, "subject": subject}).first()

    def of_customer(self, of: UUID, actions: list[str], before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest events of these actions about a customer, before a place, newest first."""
        statement = _OF_CUSTOMER_BEFORE if before else _OF_CUSTOMER
        place = {"place_at": before.at, "place_id": before.id} if before else {}
        return self.session.execute(statement, {"of": of, "actions": actions, "most": most, **place}).all()

    def lock_chain(self) -> bool:
        """Whether this transaction is the one that may extend the chain."""
        return bool(self.session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('audit.chain'))")))

    def head(self) -> Any:
        """The newest seal: sequence, hash and time."""
        return self.session.execute(_HEAD).first()

    def unsealed(self, limit: int) -> Sequence[Any]:
        return self.session.execute(_UNSEALED.limit(limit)).all()

    def add_seals(self, seals: list[dict[str, Any]]) -> None:
        self.session.execute(insert(AuditSeal), seals)

    def chain(self) -> Iterator[Row[Any]]:
        """Every seal in order with its event's fields, streamed; the event's are None where it is gone."""
        statement = (
            select(AuditSeal.sequence, AuditSeal.hash, AuditSeal.event_id.label("sealed_id"), *SEALED_FIELDS)
            .outerjoin(AuditEvent, AuditEvent.event_id == AuditSeal.event_id)
            .order_by(AuditSeal.sequence)
        )
        with self.session.execute(statement.execution_options(yield_per=2000)) as rows:
            yield from rows

    def unsealed_ids(self) -> Sequence[UUID]:
        """Every event without a seal, however old."""
        statement = select(EVENT.event_id).where(~select(1).where(AuditSeal.event_id == EVENT.event_id).exists())
        return self.session.scalars(statement.order_by(EVENT.at, EVENT.event_id)).all()
