"""Credit scores and their entries, as they are changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import scoped_session

from portal.credit_scores.models import CreditScore, ScoreEntry


class ScoreRepository:
    """``credit_scores`` and ``credit_scores_list`` in the caller's session. Locks go loan first, score second."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def get(self, credit_score_id: UUID) -> CreditScore | None:
        return self.session.get(CreditScore, credit_score_id, populate_existing=True)

    def id_of_loan(self, loan_id: UUID) -> UUID | None:
        return self.session.scalar(select(CreditScore.credit_score_id).where(CreditScore.loan_id == loan_id))

    def locked(self, credit_score_id: UUID) -> tuple[CreditScore, datetime] | None:
        """The score, locked until the transaction ends, and the database's time."""
        statement = (
            select(CreditScore, func.clock_timestamp())
            .where(CreditScore.credit_score_id == credit_score_id)
            .with_for_update(of=CreditScore)
            .execution_options(populate_existing=True)
        )
        row = self.session.execute(statement).first()
        return (row[0], row[1]) if row else None

    def entry(self, entry_id: UUID) -> ScoreEntry | None:
        return self.session.get(ScoreEntry, entry_id)

    def add(self, *rows: CreditScore | ScoreEntry) -> None:
        self.session.add_all(rows)
        self.session.flush()

    def decisions(self) -> Iterator[Any]:
        """(loan_id, decision) of every score, streamed."""
        statement = select(CreditScore.loan_id, CreditScore.decision).execution_options(yield_per=1000)
        for batch in self.session.execute(statement).partitions():
            yield from batch
