"""Credit scores and their entries: as they are changed, and as pages show them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Row, Uuid, bindparam, func, literal_column, select, tuple_
from sqlalchemy.orm import scoped_session

from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.shared.pagination import PAGE_SIZE, Cursor
from portal.shared.vocabulary import ScoreSource

MAX_ENTRIES = 200
BATCH_SIZE = 1000
COLUMNS = (
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
"""What a line of a list needs."""


@cache
def _entries_of_customer(is_before: bool) -> Any:
    """A customer's entries, newest first: those of each of their scores by index, then the newest of all."""
    at, id_ = ScoreEntry.credit_score_updated_at, ScoreEntry.id
    place = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
    newest = (
        select(at.label("at"), id_, ScoreEntry.credit_score_source, ScoreEntry.credit_score, ScoreEntry.entered_by)
        .where(ScoreEntry.credit_score_id == CreditScore.credit_score_id, *([tuple_(at, id_) < place] * is_before))
        .order_by(at.desc(), id_.desc())
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


class ScoreRepository:
    """``credit_scores`` and ``credit_scores_list`` in the caller's session. Locks go loan first, score second."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def get(self, credit_score_id: UUID, *, for_update: bool = False) -> tuple[CreditScore, datetime] | None:
        """The score, locked until the transaction ends if it is for an update, and the database's time."""
        return self._one(CreditScore.credit_score_id == credit_score_id, for_update)

    def of_loan(self, loan_id: UUID, *, for_update: bool = False) -> tuple[CreditScore, datetime] | None:
        """As :meth:`get`, by its loan."""
        return self._one(CreditScore.loan_id == loan_id, for_update)

    def _one(self, is_meant: Any, for_update: bool) -> tuple[CreditScore, datetime] | None:
        wanted = select(CreditScore, func.clock_timestamp()).where(is_meant)
        wanted = wanted.with_for_update() if for_update else wanted
        found = self.session.execute(wanted.execution_options(populate_existing=True)).first()
        return (found[0], found[1]) if found else None

    def entry(self, entry_id: UUID) -> ScoreEntry | None:
        return self.session.get(ScoreEntry, entry_id)

    def add(self, *rows: CreditScore | ScoreEntry) -> None:
        self.session.add_all(rows)
        self.session.flush()

    def decisions(self) -> Iterator[Sequence[Any]]:
        """(loan_id, decision) of every score, streamed in batches."""
        statement = select(CreditScore.loan_id, CreditScore.decision).execution_options(yield_per=BATCH_SIZE)
        yield from self.session.execute(statement).partitions()

    def entries(self, credit_score_id: UUID) -> Sequence[Row[Any]]:
        """The newest 200 entries, newest first."""
        newest = select(ScoreEntry.__table__).where(ScoreEntry.credit_score_id == credit_score_id)
        newest = newest.order_by(ScoreEntry.credit_score_updated_at.desc(), ScoreEntry.id.desc())
        return self.session.execute(newest.limit(MAX_ENTRIES)).all()

    def of_customer(self, user_id: UUID) -> Sequence[Row[Any]]:
        """The newest 25 scores of a customer, newest first."""
        newest = select(*COLUMNS).where(CreditScore.user_id == user_id)
        newest = newest.order_by(CreditScore.created_at.desc(), CreditScore.credit_score_id.desc())
        return self.session.execute(newest.limit(PAGE_SIZE)).all()

    def entries_of_customer(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest entries of a customer's scores, before a place."""
        place = {"at": before.at, "id": before.id} if before else {}
        statement = _entries_of_customer(before is not None)
        return self.session.execute(statement, {"user_id": user_id, "most": most, **place}).all()
