"""``loans_review_history`` in Postgres, and what a customer's timeline tells of it and of late installments."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, and_, bindparam, cast, func, literal_column, or_, select, tuple_

from portal.loans.models import Loan, Payment, PaymentStatus, Review
from portal.shared.database import db
from portal.shared.pagination import Cursor

_EVENT = Review.new_data["_meta"]["event"].astext
# An installment is late from the beginning of the day, WIB, after it was due.
_LATE_FROM = func.timezone("Asia/Jakarta", cast(Payment.due_date + 1, DateTime()))


@cache
def _told(is_before: bool) -> Any:
    columns, where = (
        [_EVENT.label("event"), Review.new_data],
        [Review.loan_id == Loan.loan_id, _EVENT.not_like("score.%")],
    )
    return _newest(columns, Review.created_at, Review.id, where, is_before)


@cache
def _late(is_before: bool) -> Any:
    is_late = and_(Payment.status == PaymentStatus.PAID, Payment.payment_date >= _LATE_FROM)
    where = [Payment.loan_id == Loan.loan_id, or_(Payment.status == PaymentStatus.OVERDUE, is_late)]
    return _newest([Payment.sequence_number, Payment.payment_amount], _LATE_FROM, Payment.id, where, is_before)


def _newest(columns: Sequence[Any], at: Any, id_: Any, where: Sequence[Any], is_before: bool) -> Any:
    """A customer's newest: those of each of their loans by index, then the newest of all."""
    place = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
    one = (
        select(at.label("at"), id_.label("id"), *columns)
        .where(*where, *([tuple_(at, id_) < place] if is_before else []))
        .order_by(at.desc(), id_.desc())
        .limit(bindparam("most"))
        .lateral("one")
    )
    return (
        select(Loan.loan_id, *one.c)
        .join(one, literal_column("true"))
        .where(Loan.user_id == bindparam("user_id", type_=Uuid()))
        .order_by(one.c.at.desc(), one.c.id.desc())
        .limit(bindparam("most"))
    )


def told(user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
    """The newest entries of a customer's review histories, before a place; scores left out."""
    return db.session.execute(_told(before is not None), _asked(user_id, before, most)).all()


def late(user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
    """The newest installments of a customer that were not paid in time, before a place."""
    return db.session.execute(_late(before is not None), _asked(user_id, before, most)).all()


def _asked(user_id: UUID, before: Cursor | None, most: int) -> dict[str, Any]:
    place = {"at": before.at, "id": before.id} if before else {}
    return {"user_id": user_id, "most": most, **place}


def of_loan(loan_id: UUID) -> Sequence[Any]:
    """A loan's history, oldest first."""
    wanted = select(Review.__table__).where(Review.loan_id == loan_id)
    return db.session.execute(wanted.order_by(Review.created_at, Review.id)).all()


def of_loans(ids: Sequence[UUID]) -> Sequence[Any]:
    """``loan_id, new_data, status`` of these loans' entries, oldest first."""
    wanted = select(Review.loan_id, Review.new_data, Review.status).where(Review.loan_id.in_(ids))
    return db.session.execute(wanted.order_by(Review.loan_id, Review.created_at, Review.id)).all()


def newest_about(loan_id: UUID, sequence_number: int) -> Any:
    """``new_data, created_at`` of the newest entry about an installment: who was faster."""
    wanted = select(Review.new_data, Review.created_at).where(
        Review.loan_id == loan_id, Review.new_data["payments"].has_key(str(sequence_number))
    )
    return db.session.execute(wanted.order_by(Review.created_at.desc(), Review.id.desc()).limit(1)).first()
