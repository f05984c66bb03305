"""Loans, their installments and their review history."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.errors import N_, NP_, Conflict
from portal.shared.vocabulary import ALREADY_DECIDED, Decision, ScoreSource
from portal.shared.words import Words

MAX_TENOR = 60


class PaymentStatus(Words):
    """How an installment stands; a pending one waits for its day, not for staff."""

    PENDING = "pending", NP_("installment", "Pending"), "circle-dashed"
    PAID = "paid", N_("Paid"), "circle-check", "ok"
    OVERDUE = "overdue", N_("Overdue"), "clock-alert", "bad"


class Event(Words):
    """What the review history tells of."""

    SUBMITTED = "loan.submitted", N_("Submitted"), "file-text"
    SCORE_RECORDED = "score.recorded", N_("Score recorded"), "gauge"
    SCORE_SUPERSEDED = "score.superseded", N_("Score superseded"), "gauge"
    APPROVED = "loan.approved", N_("Approved"), "check", "ok"
    REJECTED = "loan.rejected", N_("Rejected"), "x", "bad"
    UNDONE = "loan.decision_undone", N_("Decision undone"), "undo-2", "info"
    POSTED = "payment.posted", N_("Payment posted"), "banknote", "ok"
    REVERSED = "payment.reversed", N_("Payment reversed"), "undo-2"
    RESCHEDULED = "payment.rescheduled", N_("Due date changed"), "calendar"


class Loan(Base):
    """``loans``: amounts are rupiah; the n-th installment falls due n−1 months after the first due date.

    ``reminded_on`` is the WIB day of the last reminder, so that there is at most one a day.
    """

    __tablename__ = "loans"

    loan_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    loan_amount: Mapped[Decimal]
    tenor_month: Mapped[int]
    status: Mapped[Decision] = mapped_column(native_enum(Decision, "loan_status"), server_default="pending")
    monthly_installment_amount: Mapped[Decimal]
    monthly_installment_due_date: Mapped[date]
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    rejected_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    version: Mapped[int] = mapped_column(server_default="1")
    reminded_on: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("loan_amount > 0 AND loan_amount <> 'NaN'", name="loan_amount"),
        CheckConstraint("tenor_month BETWEEN 1 AND 60", name="tenor_month"),
        CheckConstraint(
            "monthly_installment_amount > 0 AND monthly_installment_amount <> 'NaN'",
            name="monthly_installment_amount",
        ),
        CheckConstraint(
            "(approved_at IS NOT NULL) = (status = 'approved') AND (rejected_at IS NOT NULL) = (status = 'rejected')"
            " AND (coalesce(length(btrim(rejected_reason)), 0) > 0) = (status = 'rejected')",
            name="status",
        ),
        Index("ix_loans_newest", "created_at", "loan_id"),
        Index("ix_loans_status", "status", "created_at", "loan_id"),
        Index("ix_loans_tenor", "tenor_month", "created_at", "loan_id"),
        Index("ix_loans_status_tenor", "status", "tenor_month", "created_at", "loan_id"),
        Index("ix_loans_user_id", "user_id", "created_at", "loan_id"),
    )

    def require_pending(self) -> None:
        """Raise :class:`Conflict` unless nobody has decided yet."""
        if self.status is not Decision.PENDING:
            raise Conflict(ALREADY_DECIDED[self.status])

    def approve(self, *, at: datetime, first_due: date) -> None:
        self.require_pending()
        self.status, self.approved_at, self.monthly_installment_due_date = Decision.APPROVED, at, first_due
        self.version += 1

    def reject(self, *, at: datetime, reason: str) -> None:
        self.require_pending()
        self.status, self.rejected_at, self.rejected_reason = Decision.REJECTED, at, reason
        self.version += 1

    def reopen(self, *, first_due: date) -> None:
        """Back to pending, as before the decision."""
        self.status, self.monthly_installment_due_date = Decision.PENDING, first_due
        self.approved_at = self.rejected_at = self.rejected_reason = None
        self.version += 1


class Payment(Base):
    """``loans_payments``: one installment; ``payment_date`` is when it was settled, ``reference`` by which transfer."""

    __tablename__ = "loans_payments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.loan_id"))
    payment_amount: Mapped[Decimal]
    payment_date: Mapped[datetime | None]
    status: Mapped[PaymentStatus] = mapped_column(
        native_enum(PaymentStatus, "payment_status"), server_default="pending"
    )
    sequence_number: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    due_date: Mapped[date]
    reference: Mapped[str | None] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        CheckConstraint("payment_amount > 0 AND payment_amount <> 'NaN'", name="payment_amount"),
        CheckConstraint("sequence_number >= 1", name="sequence_number"),
        CheckConstraint(
            "(payment_date IS NOT NULL) = (status = 'paid') AND (reference IS NOT NULL) = (status = 'paid')",
            name="payment_date",
        ),
        UniqueConstraint("loan_id", "sequence_number"),
        Index("ix_loans_payments_due", "due_date", "id", postgresql_where=text("status = 'pending'")),
        Index("ix_loans_payments_overdue", "due_date", "id", postgresql_where=text("status = 'overdue'")),
    )

    def post(self, *, at: datetime, reference: str) -> None:
        self.status, self.payment_date, self.reference = PaymentStatus.PAID, at, reference
        self.version += 1

    def reverse(self, *, today: date) -> None:
        self.payment_date = self.reference = None
        self._reopen(today)

    def reschedule(self, due_date: date, *, today: date) -> None:
        self.due_date = due_date
        self._reopen(today)

    def _reopen(self, today: date) -> None:
        self.status = PaymentStatus.OVERDUE if self.due_date < today else PaymentStatus.PENDING
        self.version += 1


class Review(Base):
    """``loans_review_history``: append-only; ``status`` is the loan's status after the event."""

    __tablename__ = "loans_review_history"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.loan_id"))
    old_data: Mapped[dict[str, Any]]
    new_data: Mapped[dict[str, Any]]
    status: Mapped[Decision] = mapped_column(native_enum(Decision, "loan_status"))
    credit_score: Mapped[int | None]
    credit_score_reason: Mapped[str | None] = mapped_column(Text)
    credit_score_source: Mapped[ScoreSource | None] = mapped_column(native_enum(ScoreSource, "credit_score_source"))
    credit_score_updated_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (Index("ix_loans_review_history_loan_id", "loan_id", "created_at", "id"),)
