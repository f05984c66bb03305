"""The score list and a score's page: statements are built once and read columns, not entities."""

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Row, Uuid, bindparam, func, literal_column, select, text, tuple_
from sqlalchemy.orm import scoped_session

from portal.credit_scores.models import IS_DECIDED, TURNS, CreditScore, Filters, ScoreEntry
from portal.shared.counting import capped
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice
from portal.shared.vocabulary import Decision, ScoreSource

ENTRIES = 200
_KEY = (CreditScore.created_at, CreditScore.credit_score_id)
_COLUMNS = (
    CreditScore.credit_score_id,
    CreditScore.user_id,
    CreditScore.loan_id,
    CreditScore.risk_level,
    *(getattr(CreditScore, f"{source}_score") for source in ScoreSource),
    *(getattr(CreditScore, f"{source}_score_mandatory") for source in ScoreSource),
    CreditScore.vendor_risk_level,
    CreditScore.decision,
    CreditScore.created_at,
    CreditScore.decided_at,
)


_NARROWED = TURNS | {decision.value: f"decision = '{decision}'" for decision in (Decision.APPROVED, Decision.REJECTED)}


def _listing(turn: str, risk: bool, since: bool, until: bool, place: str | None) -> Any:
    """One page: pending ones oldest first, decided ones newest first."""
    statement = select(*_COLUMNS).where(text(_NARROWED[turn])).limit(PAGE_SIZE + 1)
    if risk:
        statement = statement.where(CreditScore.risk_level == bindparam("risk_level"))
    if since:
        statement = statement.where(CreditScore.created_at > bindparam("since", type_=DateTime(timezone=True)))
    if until:
        statement = statement.where(CreditScore.created_at <= bindparam("until", type_=DateTime(timezone=True)))
    return _placed(statement, _KEY, place, ascends=(place != "before") == (turn in TURNS))


def _decided(since: bool, place: str | None) -> Any:
    """One page of what somebody decided, newest first."""
    statement = select(*_COLUMNS).where(text(IS_DECIDED), CreditScore.decided_by == bindparam("by", type_=Uuid()))
    if since:
        statement = statement.where(CreditScore.decided_at >= bindparam("since", type_=DateTime(timezone=True)))
    key = (CreditScore.decided_at, CreditScore.credit_score_id)
    return _placed(statement.limit(PAGE_SIZE + 1), key, place, ascends=place == "before")


def _placed(statement: Any, key: Sequence[Any], place: str | None, *, ascends: bool) -> Any:
    if place:
        at = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
        statement = statement.where(tuple_(*key) > at if ascends else tuple_(*key) < at)
    return statement.order_by(*[column.asc() if ascends else column.desc() for column in key])


_BOTH, _PLACES = (False, True), (None, "after", "before")
_LISTINGS: dict[tuple[Any, ...], Any] = {
    key: _listing(*key) for key in product(_NARROWED, _BOTH, _BOTH, _BOTH, _PLACES)
}
_DECIDED = {key: _decided(*key) for key in product(_BOTH, _PLACES)}
_COUNTED = {name: _NARROWED[name] for name in ("analyst", "services", "approved", "rejected")}
_BY_ID = (
    select(CreditScore.credit_score_id)
    .where(CreditScore.credit_score_id.between(bindparam("least", type_=Uuid()), bindparam("greatest", type_=Uuid())))
    .order_by(CreditScore.credit_score_id)
    .limit(bindparam("most"))
)
_COUNTS = text("SELECT " + ", ".join(f"{capped('credit_scores', rule)} AS {name}" for name, rule in _COUNTED.items()))
_ENTRIES = (
    select(ScoreEntry.__table__)
    .where(ScoreEntry.credit_score_id == bindparam("credit_score_id", type_=Uuid()))
    .order_by(ScoreEntry.credit_score_updated_at.desc(), ScoreEntry.id.desc())
    .limit(ENTRIES)
)


def _of_customer(*extra: Any) -> Any:
    """A customer's entries, newest first: those of each of his scores by index, then the newest of all."""
    at = ScoreEntry.credit_score_updated_at
    newest = (
        select(
            at.label("at"),
            ScoreEntry.id,
            ScoreEntry.credit_score_source,
            ScoreEntry.credit_score,
            ScoreEntry.entered_by,
        )
        .where(ScoreEntry.credit_score_id == CreditScore.credit_score_id, *extra)
        .order_by(at.desc(), ScoreEntry.id.desc())
        .limit(bindparam("most"))
        .lateral("newest")
    )
    return (
        select(CreditScore.credit_score_id, *newest.c)
        .join(newest, literal_column("true"))
        .where(CreditScore.user_id == bindparam("user_id", type_=Uuid()))
        .order_by(newest.c.at.desc(), newest.c.id.desc())
        .limit(bindparam("most"))
    )


_OF_CUSTOMER = _of_customer()
_OF_CUSTOMER_BEFORE = _of_customer(
    tuple_(ScoreEntry.credit_score_updated_at, ScoreEntry.id)
    < tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
)
_SCORES_OF_CUSTOMER = (
    select(*_COLUMNS)
    .where(CreditScore.user_id == bindparam("user_id", type_=Uuid()))
    .order_by(CreditScore.created_at.desc(), CreditScore.credit_score_id.desc())
    .limit(PAGE_SIZE)
)
_SCORE = select(CreditScore, func.clock_timestamp())


class ScoreLists:
    """``credit_scores`` and ``credit_scores_list`` as lists and pages show them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, filters: Filters, part: Slice) -> Sequence[Row[Any]]:
        """Up to one row more than a page, in reading order from ``part``."""
        cursor = part.after or part.before
        place = "after" if part.after else "before" if part.before else None
        given = [value is not None for value in (filters.risk_level, filters.since, filters.until)]
        statement = _DECIDED[given[1], place] if filters.by else _LISTINGS[(filters.turn, *given, place)]
        where = {"at": cursor.at, "id": cursor.id} if cursor else {}
        return self.session.execute(statement, {**filters.parameters, **where}).all()

    def counts(self) -> Row[Any]:
        """How many wait for whom and how many were decided, each counted up to 1,001."""
        return self.session.execute(_COUNTS).one()

    def score(self, credit_score_id: UUID) -> tuple[CreditScore, datetime] | None:
        """(score, the database's time)."""
        return self._one(CreditScore.credit_score_id == credit_score_id)

    def score_of_loan(self, loan_id: UUID) -> tuple[CreditScore, datetime] | None:
        """(score, the database's time)."""
        return self._one(CreditScore.loan_id == loan_id)

    def _one(self, condition: Any) -> tuple[CreditScore, datetime] | None:
        found = self.session.execute(_SCORE.where(condition), execution_options={"populate_existing": True}).first()
        return (found[0], found[1]) if found else None

    def ids_between(self, least: UUID, greatest: UUID, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_ID, {"least": least, "greatest": greatest, "most": most}))

    def entries(self, credit_score_id: UUID) -> Sequence[Row[Any]]:
        """The newest 200 entries, newest first."""
        return self.session.execute(_ENTRIES, {"credit_score_id": credit_score_id}).all()

    def of_customer(self, user_id: UUID) -> Sequence[Row[Any]]:
        """The newest 25 scores of a customer, newest first."""
        return self.session.execute(_SCORES_OF_CUSTOMER, {"user_id": user_id}).all()

    def entries_of_customer(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest entries of a customer's scores, before a place."""
        place = {"at": before.at, "id": before.id} if before else {}
        statement = _OF_CUSTOMER_BEFORE if before else _OF_CUSTOMER
        return self.session.execute(statement, {"user_id": user_id, "most": most, **place}).all()
