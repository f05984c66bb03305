"""Reads and writes of ``audit_events``, in the caller's session."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Select, Text, Uuid, any_, bindparam, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from portal.audit.models import AuditEvent
from portal.shared.counting import capped
from portal.shared.database import db
from portal.shared.pagination import Cursor

EVENT = AuditEvent.__table__.c


def _happenings(*rules: Any) -> Select[Any]:
    """Events as :class:`Happening` wants them, newest first."""
    wanted = select(EVENT.at, EVENT.event_id, EVENT.action, EVENT.subject, EVENT.actor_id, EVENT.details)
    return wanted.where(*rules).order_by(EVENT.at.desc(), EVENT.event_id.desc()).limit(bindparam("most"))


@cache
def _newest(is_about: bool) -> Select[Any]:
    about = [EVENT.subject == bindparam("subject", type_=Uuid())] if is_about else []
    return _happenings(*about, EVENT.action == bindparam("action"))


@cache
def _of_customer(is_before: bool) -> Select[Any]:
    of = EVENT.of_user == bindparam("of", type_=Uuid())
    place = tuple_(bindparam("place_at", type_=DateTime(timezone=True)), bindparam("place_id", type_=Uuid()))
    before = [tuple_(EVENT.at, EVENT.event_id) < place] if is_before else []
    return _happenings(of, EVENT.action == any_(bindparam("actions", type_=ARRAY(Text))), *before)


@cache
def _since() -> Any:
    number = capped("audit_events", "action = watched AND at >= :since")
    counted = text(f"SELECT watched, {number} AS number FROM unnest(:actions) watched")  # noqa: S608  a constant
    return counted.bindparams(bindparam("actions", type_=ARRAY(Text())))


def add(events: list[dict[str, Any]]) -> None:
    """Events that count once an hour and were recorded in it already change nothing."""
    db.session.execute(insert(AuditEvent).on_conflict_do_nothing(), events)


def newest(action: str, subject: UUID | None = None) -> Any:
    """The newest event of this action, on this subject if one is given."""
    given = {"action": action, "subject": subject, "most": 1}
    return db.session.execute(_newest(subject is not None), given).first()


def of_customer(of: UUID, actions: Sequence[str], before: Cursor | None, most: int) -> Sequence[Any]:
    """The newest events of these actions about a customer, before a place, newest first."""
    place = {"place_at": before.at, "place_id": before.id} if before else {}
    given = {"of": of, "actions": list(actions), "most": most, **place}
    return db.session.execute(_of_customer(before is not None), given).all()


def since(moment: datetime, actions: Sequence[str]) -> dict[str, int]:
    """How often each of these actions happened since then, counted up to 1,001."""
    rows = db.session.execute(_since(), {"actions": list(actions), "since": moment})
    return {row.watched: row.number for row in rows}
