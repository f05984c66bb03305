"""Decisions as they are listed and counted, and the queue's numbers; no count goes beyond 1,001."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Row, TextClause, Uuid, any_, bindparam, select, text, true, tuple_
from sqlalchemy.orm import scoped_session

from portal.kyc.models import IS_LISTED, IS_MADE, IS_REJECTION, DecisionFilters, KycCheck, KycDecision
from portal.shared.ages import Age
from portal.shared.counting import capped
from portal.shared.pagination import PAGE_SIZE, Slice

NEWEST = 1000
"""So many rejections are looked through for their reasons, which no index orders by time."""

_KEY = ("decided_at", "decision_id")
_NAMES = ("decision_id", "kyc_id", "verdict", "decided_by", "decided_at", "reason_codes")
_COLUMNS = tuple(getattr(KycDecision, name) for name in _NAMES)


def _listing(place: str | None, by: bool, since: bool, reason: bool) -> Any:
    """One page of the decisions in force, newest first; with a reason, of the newest 1,000 rejections."""
    made: Any = select(*_COLUMNS).where(text(IS_REJECTION if reason else IS_MADE))
    if since:
        made = made.where(KycDecision.decided_at >= bindparam("since", type_=DateTime(timezone=True)))
    if reason:
        newest = made.order_by(*[getattr(KycDecision, name).desc() for name in _KEY]).limit(NEWEST).subquery()
        rows = newest.c
        made = select(*rows).where(bindparam("reason") == any_(rows.reason_codes))
    else:
        rows = KycDecision.__table__.c
    if by:
        made = made.where(rows.decided_by == bindparam("by", type_=Uuid()))
    is_forward = place != "before"
    key = [rows[name] for name in _KEY]
    if place:
        at = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
        made = made.where(tuple_(*key) < at if is_forward else tuple_(*key) > at)
    page = made.order_by(*[c.desc() if is_forward else c.asc() for c in key]).limit(PAGE_SIZE + 1).subquery()
    check = select(KycCheck.user_id, KycCheck.document_type).where(KycCheck.kyc_id == page.c.kyc_id).limit(1).lateral()
    shown = select(*page.c, *check.c).join(check, true())  # looked up one by one, however small the table
    return shown.order_by(*[page.c[name].desc() if is_forward else page.c[name].asc() for name in _KEY])


_LISTINGS: dict[tuple[Any, ...], Any] = {
    (place, *given): _listing(place, *given)
    for place in (None, "after", "before")
    for given in product((False, True), (False, True), (False, True))
}
_OLDEST = text(
    "SELECT extract(epoch FROM now() - min(created_at)) FROM user_kyc WHERE status = 'pending' AND withdrawn_at IS NULL"
)
_TEAM = text(
    "SELECT id, "  # noqa: S608  the rules are constants
    + capped("kyc_decisions", f"{IS_MADE} AND decided_by = id AND decided_at >= :since")
    + " AS number FROM unnest(CAST(:ids AS uuid[])) id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
_REASONS = text(
    "SELECT code, count(*) AS number FROM (SELECT reason_codes FROM kyc_decisions"  # noqa: S608
    f" WHERE {IS_REJECTION} AND decided_at >= :since ORDER BY decided_at DESC, decision_id DESC LIMIT {NEWEST}) r,"
    " unnest(reason_codes) code GROUP BY code ORDER BY number DESC, code"
)
_WAITS = f"status = 'pending' AND {IS_LISTED}"


@cache
def _numbers(spans: int) -> TextClause:
    """The queue's numbers with those of so many spans; the last one has no beginning, as it is past the target."""
    counted = {
        "waiting": capped("user_kyc", _WAITS),
        "mine": capped("user_kyc", f"lease_holder = :me AND {_WAITS} AND lease_until > clock_timestamp()"),
        "decided": capped("kyc_decisions", f"{IS_MADE} AND decided_by = :me AND decided_at >= :today"),
        "oldest": f"(SELECT created_at FROM user_kyc WHERE {_WAITS} ORDER BY created_at, kyc_id LIMIT 1)",  # noqa: S608
        **{f"age{n}": capped("user_kyc", f"{_WAITS} AND {_spanned(n, spans)}") for n in range(spans)},
    }
    return text("SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in counted.items()))


def _spanned(number: int, spans: int) -> str:
    bounds = ([f"created_at <= :until{number}"] if number else []) + (
        [f"created_at > :since{number}"] if number < spans - 1 else []
    )
    return " AND ".join(bounds) or "true"


class Tallies:
    """``kyc_decisions`` and ``user_kyc`` in numbers, and the decisions behind them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, filters: DecisionFilters, part: Slice) -> Sequence[Row[Any]]:
        """Up to one row more than a page of decisions, in reading order from ``part``."""
        place = "after" if part.after else "before" if part.before else None
        cursor = part.after or part.before
        given = {"by": filters.by, "since": filters.since, "reason": filters.reason}
        where = {"at": cursor.at, "id": cursor.id} if cursor else {}
        statement = _LISTINGS[(place, *(value is not None for value in given.values()))]
        return self.session.execute(statement, {**given, **where}).all()

    def numbers(self, spans: Sequence[Age], *, me: UUID, now: datetime, today: datetime) -> Mapping[str, Any]:
        bounds = {f"since{n}": age.since(now) for n, age in enumerate(spans)}
        bounds |= {f"until{n}": age.until(now) for n, age in enumerate(spans)}
        given = {name: at for name, at in bounds.items() if at is not None}
        return self.session.execute(_numbers(len(spans)), {"me": me, "today": today, **given}).one()._asdict()

    def oldest_seconds(self) -> float:
        """How long the longest waiting check has been waiting."""
        return float(self.session.scalar(_OLDEST) or 0)

    def team(self, ids: Sequence[UUID], since: datetime) -> dict[UUID, int]:
        """How many each of these people decided since then."""
        rows = self.session.execute(_TEAM, {"ids": list(ids), "since": since})
        return {row.id: row.number for row in rows}

    def reasons(self, since: datetime) -> dict[str, int]:
        """How often each reason stands in the newest rejections since then, the most frequent first."""
        return {row.code: row.number for row in self.session.execute(_REASONS, {"since": since})}
