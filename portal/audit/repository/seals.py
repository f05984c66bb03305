"""Reads and writes of ``audit_seals``, in the caller's session."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.dialects.postgresql import insert

from portal.audit.models import AuditEvent, AuditSeal
from portal.shared.counting import CAP
from portal.shared.database import db

EVENT = AuditEvent.__table__.c


@cache
def _sealed_fields() -> Sequence[Any]:
    return (
        EVENT.event_id, EVENT.at, EVENT.action, EVENT.subject, EVENT.of_user, EVENT.actor_id, EVENT.actor_role,
        EVENT.session_id, func.host(EVENT.ip).label("ip"), EVENT.details,
    )  # fmt: skip


@cache
def _lacks_seal() -> Any:
    return ~select(1).where(AuditSeal.event_id == EVENT.event_id).exists()


@cache
def _unsealed() -> Select[Any]:
    """An event commits within moments of its time, so a gap can only be in the last hour before the newest seal."""
    newest = select(AuditSeal.event_id).order_by(AuditSeal.sequence.desc()).limit(1)
    hour_before = func.coalesce(func.max(AuditEvent.at) - text("interval '1 hour'"), text("'-infinity'::timestamptz"))
    since = select(hour_before).where(AuditEvent.event_id.in_(newest)).scalar_subquery()
    wanted = select(*_sealed_fields()).where(EVENT.at >= since, _lacks_seal())
    return wanted.order_by(EVENT.at, EVENT.event_id)


@cache
def _head() -> Any:
    newest = select(AuditSeal.sequence, AuditSeal.hash, AuditSeal.sealed_at)
    return newest.order_by(AuditSeal.sequence.desc()).limit(1)


@cache
def _waiting() -> Any:
    return text(
        "SELECT count(*) FROM (SELECT 1 FROM audit_events e WHERE e.at > coalesce((SELECT n.at FROM audit_events n"
        " JOIN audit_seals s USING (event_id) ORDER BY s.sequence DESC LIMIT 1), '-infinity') - interval '1 hour'"
        " AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.event_id) LIMIT :cap) waiting"
    )


@cache
def _health() -> Any:
    return text(
        "SELECT sealed_at, (SELECT at FROM audit_events WHERE at > coalesce(sealed_at, '-infinity')"
        " ORDER BY at LIMIT 1) AS waits_since FROM"
        " (SELECT (SELECT sealed_at FROM audit_seals ORDER BY sequence DESC LIMIT 1)) head(sealed_at)"
    )


def lock() -> bool:
    """Whether this transaction is the one that may extend the chain."""
    return bool(db.session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('audit.chain'))")))


def head() -> Any:
    """The newest seal: sequence, hash and time."""
    return db.session.execute(_head()).first()


def unsealed(limit: int) -> Sequence[Any]:
    return db.session.execute(_unsealed().limit(limit)).all()


def unsealed_ids() -> Sequence[UUID]:
    """Every event without a seal, however old."""
    return db.session.scalars(select(EVENT.event_id).where(_lacks_seal()).order_by(EVENT.at, EVENT.event_id)).all()


def waiting() -> int:
    """How many events wait for their seal, counted up to 1,001."""
    return int(db.session.scalar(_waiting(), {"cap": CAP}) or 0)


def health() -> Row[Any]:
    """When the newest seal was made, and the first event after that."""
    return db.session.execute(_health()).one()


def add(seals: list[dict[str, Any]]) -> None:
    db.session.execute(insert(AuditSeal), seals)


def chain() -> Iterator[Row[Any]]:
    """Every seal in order with its event's fields, streamed; the event's are None where it is gone."""
    statement = (
        select(AuditSeal.sequence, AuditSeal.hash, AuditSeal.event_id.label("sealed_id"), *_sealed_fields())
        .outerjoin(AuditEvent, AuditEvent.event_id == AuditSeal.event_id)
        .order_by(AuditSeal.sequence)
    )
    with db.session.execute(statement.execution_options(yield_per=2000)) as rows:
        yield from rows
