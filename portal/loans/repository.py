"""Loans, installments and review history in Postgres, as they are changed."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import scoped_session

from portal.loans.models import Loan, Payment, PaymentStatus, Review
from portal.shared.vocabulary import Decision


class LoanRepository:
    """``loans`` with what belongs to them, in the caller's session. Locks go loan first, installment second."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def get(self, loan_id: UUID) -> Loan | None:
        return self.session.get(Loan, loan_id, populate_existing=True)

    def statuses(self, ids: Sequence[UUID]) -> dict[UUID, Decision]:
        found = self.session.execute(select(Loan.loan_id, Loan.status).where(Loan.loan_id.in_(ids)))
        return {row.loan_id: row.status for row in found}

    def unpaid(self, ids: Sequence[UUID]) -> Sequence[Any]:
        """``loan_id, due_date, status`` of what these loans still have to pay."""
        wanted = select(Payment.loan_id, Payment.due_date, Payment.status)
        is_unpaid = Payment.status != PaymentStatus.PAID
        return self.session.execute(wanted.where(Payment.loan_id.in_(ids), is_unpaid)).all()

    def lock_new(self, name: UUID | str) -> None:
        """Until the transaction ends, nobody else gives this name (a loan's id, a payment's reference) to a new row."""
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(name), 0))))

    def locked(self, loan_id: UUID) -> Loan | None:
        """The loan, locked until the transaction ends."""
        return self.session.get(Loan, loan_id, with_for_update=True, populate_existing=True)

    def payment(self, payment_id: UUID, loan_id: UUID) -> Payment | None:
        """An installment of a loan, locked."""
        payment = self.session.get(Payment, payment_id, with_for_update=True, populate_existing=True)
        return payment if payment and payment.loan_id == loan_id else None

    def payments(self, loan_id: UUID) -> Sequence[Payment]:
        return self.session.scalars(
            select(Payment).where(Payment.loan_id == loan_id).order_by(Payment.sequence_number)
        ).all()

    def has_settled(self, loan_id: UUID) -> bool:
        statement = select(Payment.id).where(Payment.loan_id == loan_id, Payment.status == PaymentStatus.PAID)
        return self.session.scalar(statement.limit(1)) is not None

    def is_reference_used(self, reference: str) -> bool:
        return self.session.scalar(select(Payment.id).where(Payment.reference == reference)) is not None

    def add(self, *rows: Loan | Payment | Review) -> None:
        self.session.add_all(rows)
        self.session.flush()

    def remove_schedule(self, loan_id: UUID) -> None:
        self.session.execute(delete(Payment).where(Payment.loan_id == loan_id))

    def reviews(self, loan_id: UUID) -> Sequence[Review]:
        """The review history, oldest first."""
        return self.session.scalars(
            select(Review).where(Review.loan_id == loan_id).order_by(Review.created_at, Review.id)
        ).all()

    def newest_review_of(self, loan_id: UUID, sequence_number: int) -> Review | None:
        """The newest entry about an installment: who was faster."""
        return self.session.scalar(
            select(Review)
            .where(Review.loan_id == loan_id, Review.new_data["payments"].has_key(str(sequence_number)))
            .order_by(Review.created_at.desc(), Review.id.desc())
            .limit(1)
        )

    def overdue(self, today: date, limit: int) -> Sequence[UUID]:
        """Installments due before ``today`` and still pending, locked with their loans; who is changed is passed over.

        To wait would be a deadlock: whoever posts a payment locks its loan first.
        """
        return self.session.scalars(
            select(Payment.id)
            .join(Loan, Loan.loan_id == Payment.loan_id)
            .where(Payment.status == PaymentStatus.PENDING, Payment.due_date < today)
            .order_by(Payment.due_date, Payment.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()

    def mark_overdue(self, ids: Sequence[UUID]) -> Sequence[UUID]:
        """Mark them, and return the loans they belong to."""
        return self.session.scalars(
            update(Payment)
            .where(Payment.id.in_(ids))
            .values(status=PaymentStatus.OVERDUE, version=Payment.version + 1)
            .returning(Payment.loan_id)
            .execution_options(synchronize_session=False)
        ).all()

    def due_on(self, day: date, *, today: date, limit: int) -> Sequence[UUID]:
        """Loans with an installment due that day that got no reminder today."""
        return self.session.scalars(
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

    def take_reminder(self, ids: Sequence[UUID], today: date) -> Sequence[Any]:
        """Mark these loans as reminded today, and return (loan_id, user_id) of those that were not yet."""
        due = func.coalesce(Loan.reminded_on, date(1900, 1, 1)) < today
        in_order = select(Loan.loan_id).where(Loan.loan_id.in_(ids), due).order_by(Loan.loan_id).with_for_update()
        return self.session.execute(
            update(Loan)
            .where(Loan.loan_id.in_(in_order), due)
            .values(reminded_on=today, updated_at=Loan.updated_at)
            .returning(Loan.loan_id, Loan.user_id)
            .execution_options(synchronize_session=False)
        ).all()

    def every_loan(self) -> Iterator[Any]:
        """Every loan's columns by id, streamed."""
        statement = select(Loan.__table__).order_by(Loan.loan_id).execution_options(yield_per=500)
        yield from self.session.execute(statement)

    def count(self) -> int:
        return self.session.scalar(select(func.count()).select_from(Loan)) or 0

    def histories(self, ids: Sequence[UUID]) -> Sequence[Any]:
        """(loan_id, new_data, status) of these loans' entries, oldest first."""
        return self.session.execute(
            select(Review.loan_id, Review.new_data, Review.status)
            .where(Review.loan_id.in_(ids))
            .order_by(Review.loan_id, Review.created_at, Review.id)
        ).all()

    def schedules(self, ids: Sequence[UUID]) -> Sequence[Any]:
        """These loans' installments' columns."""
        return self.session.execute(
            select(Payment.__table__).where(Payment.loan_id.in_(ids)).order_by(Payment.loan_id, Payment.sequence_number)
        ).all()
