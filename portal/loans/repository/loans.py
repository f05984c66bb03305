"""``loans`` in Postgres. Locks go loan first, installment second."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, TextClause, Uuid, any_, bindparam, func, select, text, update

from portal.loans.models import Loan, Payment, Review
from portal.shared.counting import capped
from portal.shared.database import db

_ESTIMATES = (
    "SELECT v.value, c.reltuples * v.share AS number FROM pg_class c JOIN pg_stats s ON s.tablename = 'loans'"
    " AND s.schemaname = 'public' AND s.attname = 'status',"
    " unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS v(value, share)"
    " WHERE c.oid = 'public.loans'::regclass"
)


@cache
def _numbers() -> TextClause:
    pending, overdue = capped("loans", "status = 'pending'"), capped("loans_payments", "status = 'overdue'")
    return text(f"SELECT {pending} AS pending, {overdue} AS overdue")


@cache
def _terms() -> Any:
    return select(Loan.loan_id, Loan.loan_amount, Loan.tenor_month, Loan.status).where(
        Loan.loan_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
    )


def get(loan_id: UUID, *, for_update: bool = False) -> Loan | None:
    return db.session.get(Loan, loan_id, with_for_update=for_update, populate_existing=True)


def add(*rows: Loan | Payment | Review) -> None:
    db.session.add_all(rows)
    db.session.flush()


def lock_new(name: UUID | str) -> None:
    """Until the transaction ends, nobody else gives this name (a loan's id, a payment's reference) to a new row."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(name), 0))))


def terms(ids: Sequence[UUID]) -> Sequence[Any]:
    """``loan_id, loan_amount, tenor_month, status`` of these loans."""
    return db.session.execute(_terms(), {"ids": list(ids)}).all()


def numbers() -> Any:
    """How many loans wait for a decision and how many installments are overdue, each counted up to 1,001."""
    return db.session.execute(_numbers()).one()


def estimates() -> dict[str, int]:
    """About how many loans there are of each status, as the last ANALYZE saw them."""
    return {row.value: int(row.number) for row in db.session.execute(text(_ESTIMATES))}


def take_reminder(ids: Sequence[UUID], today: date) -> Sequence[Any]:
    """Mark these loans as reminded today, and return ``loan_id, user_id`` of those that were not yet."""
    due = func.coalesce(Loan.reminded_on, date(1900, 1, 1)) < today
    in_order = select(Loan.loan_id).where(Loan.loan_id.in_(ids), due).order_by(Loan.loan_id).with_for_update()
    return db.session.execute(
        update(Loan)
        .where(Loan.loan_id.in_(in_order), due)
        .values(reminded_on=today, updated_at=Loan.updated_at)
        .returning(Loan.loan_id, Loan.user_id)
        .execution_options(synchronize_session=False)
    ).all()


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Loan)) or 0


def every() -> Iterator[Any]:
    """Every loan's columns by id, streamed."""
    yield from db.session.execute(select(Loan.__table__).order_by(Loan.loan_id).execution_options(yield_per=500))
