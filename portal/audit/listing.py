"""The audit page's lists: newest first, each combination of filters on an index in page order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Result, asc, desc, select, text, tuple_, union_all
from sqlalchemy.orm import scoped_session

from portal.audit.models import AuditEvent, AuditSeal, Filters
from portal.shared.pagination import PAGE_SIZE, Slice

CAP = 1001
EVENT = AuditEvent.__table__.c
_COLUMNS = (
    EVENT.event_id, EVENT.at, EVENT.action, EVENT.subject, EVENT.of_user, EVENT.actor_id, EVENT.actor_role,
    EVENT.details,
)  # fmt: skip
_UNSEALED = text(
    "SELECT count(*) FROM (SELECT 1 FROM audit_events e WHERE e.at > coalesce((SELECT n.at FROM audit_events n"
    " JOIN audit_seals s USING (event_id) ORDER BY s.sequence DESC LIMIT 1), '-infinity') - interval '1 hour'"
    " AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.event_id) LIMIT :cap) waiting"
)


class Trail:
    """``audit_events`` as the page and its export show them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, filters: Filters, part: Slice) -> Sequence[Any]:
        """Up to one row more than a page, in reading order from ``part``."""
        return self.session.execute(page_of(filters, part)).all()

    def every(self, filters: Filters, most: int) -> Result[Any]:
        """Up to so many that match, newest first, streamed by a server-side cursor."""
        return self.session.execute(_newest(_narrowed(filters)).limit(most).execution_options(yield_per=1000))

    def sealed_until(self) -> Any:
        """The newest link and when it was made; nothing is walked."""
        newest = select(AuditSeal.sequence, AuditSeal.sealed_at).order_by(AuditSeal.sequence.desc()).limit(1)
        return self.session.execute(newest).first()

    def unsealed(self) -> int:
        return int(self.session.scalar(_UNSEALED, {"cap": CAP}) or 0)


def page_of(filters: Filters, part: Slice) -> Any:
    """The statement of a page. Of several actions each is read in its index's order, a page at most, then merged."""
    key, order = tuple_(EVENT.at, EVENT.event_id), asc if part.before else desc
    found = []
    for one in _one_by_one(filters):
        statement = _narrowed(one)
        if part.after:
            statement = statement.where(key < tuple_(part.after.at, part.after.id))
        if part.before:
            statement = statement.where(key > tuple_(part.before.at, part.before.id))
        found.append(statement.order_by(order(EVENT.at), order(EVENT.event_id)).limit(PAGE_SIZE + 1))
    if len(found) == 1:
        return found[0]
    merged = union_all(*found)
    return merged.order_by(order(text("at")), order(text("event_id"))).limit(PAGE_SIZE + 1)


def _one_by_one(filters: Filters) -> list[Filters]:
    """Split by action where an index holds each apart; what happened to one subject or customer is little."""
    if len(filters.actions) < 2 or filters.subject or filters.of:
        return [filters]
    return [replace(filters, actions=(action,)) for action in filters.actions]


def _newest(statement: Any) -> Any:
    return statement.order_by(EVENT.at.desc(), EVENT.event_id.desc())


def _narrowed(filters: Filters) -> Any:
    statement = select(*_COLUMNS)
    for column, value in (
        (EVENT.actor_id, filters.actor),
        (EVENT.subject, filters.subject),
        (EVENT.of_user, filters.of),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if filters.actions:
        one, *others = filters.actions
        statement = statement.where(EVENT.action.in_(filters.actions) if others else EVENT.action == one)
    if filters.since:
        statement = statement.where(EVENT.at >= filters.since)
    if filters.until:
        statement = statement.where(EVENT.at < filters.until)
    return statement
