"""``loans_payments`` in Postgres."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from portal.loans.models import Loan, Payment, PaymentStatus
from portal.shared.database import db


def get(payment_id: UUID, loan_id: UUID) -> Payment | None:
    """An installment of a loan, locked."""
    payment = db.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    return payment if payment and payment.loan_id == loan_id else None


def of_loan(loan_id: UUID) -> Sequence[Any]:
    """What a page shows of a loan's installments, in their order."""
    shown = select(
        Payment.id,
        Payment.sequence_number,
        Payment.due_date,
        Payment.payment_amount,
        Payment.payment_date,
        Payment.status,
        Payment.reference,
        Payment.version,
    )
    return db.session.execute(shown.where(Payment.loan_id == loan_id).order_by(Payment.sequence_number)).all()


def of_loans(ids: Sequence[UUID]) -> Sequence[Any]:
    """All columns of these loans' installments, in their order."""
    wanted = select(Payment.__table__).where(Payment.loan_id.in_(ids))
    return db.session.execute(wanted.order_by(Payment.loan_id, Payment.sequence_number)).all()


def unpaid(ids: Sequence[UUID]) -> Sequence[Any]:
    """``loan_id, due_date, status`` of what these loans still have to pay."""
    wanted = select(Payment.loan_id, Payment.due_date, Payment.status)
    return db.session.execute(wanted.where(Payment.loan_id.in_(ids), Payment.status != PaymentStatus.PAID)).all()


def has_paid(loan_id: UUID) -> bool:
    paid = select(Payment.id).where(Payment.loan_id == loan_id, Payment.status == PaymentStatus.PAID)
    return db.session.scalar(paid.limit(1)) is not None


def is_used(reference: str) -> bool:
    return db.session.scalar(select(Payment.id).where(Payment.reference == reference)) is not None


def remove(loan_id: UUID) -> None:
    db.session.execute(delete(Payment).where(Payment.loan_id == loan_id))


def overdue(today: date, limit: int) -> Sequence[UUID]:
    """Installments due before ``today`` and still pending, locked with their loans; who is changed is passed over.

    To wait would be a deadlock: whoever posts a payment locks its loan first.
    """
    return db.session.scalars(
        select(Payment.id)
        .join(Loan, Loan.loan_id == Payment.loan_id)
        .where(Payment.status == PaymentStatus.PENDING, Payment.due_date < today)
        .order_by(Payment.due_date, Payment.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def mark_overdue(ids: Sequence[UUID]) -> Sequence[UUID]:
    """Mark them, and return the loans they belong to."""
    return db.session.scalars(
        update(Payment)
        .where(Payment.id.in_(ids))
        .values(status=PaymentStatus.OVERDUE, version=Payment.version + 1)
        .returning(Payment.loan_id)
        .execution_options(synchronize_session=False)
    ).all()


def due_on(day: date, *, today: date, limit: int) -> Sequence[UUID]:
    """Loans with an installment due that day that got no reminder today."""
    return db.session.scalars(
        select(Payment.loan_id)
        .join(Loan, Loan.loan_id == Payment.loan_id)
        .where(
            Payment.status == PaymentStatus.PENDING,
            Payment.due_date == day,
            func.coalesce(Loan.reminded_on, date(1900, 1, 1)) < today,
        )
        .order_by(Payment.due_date, Payment.id)
        .limit(limit)
    ).all()
