"""Loans, their installments and their review history."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.vocabulary import Decision, ScoreSource


class Loan(Base):
    """``loans``: amounts are rupiah; the n-th installment falls due n−1 months after the first due date."""

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
        Index("ix_loans_user_id", "user_id", "created_at", "loan_id"),
    )


class PaymentStatus(StrEnum):
    """How an installment stands."""

    PENDING = "pending"
    PAID = "paid"
    OVERDUE = "overdue"


class Payment(Base):
    """``loans_payments``: one installment; ``payment_date`` is when it was settled."""

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

    __table_args__ = (
        CheckConstraint("payment_amount > 0 AND payment_amount <> 'NaN'", name="payment_amount"),
        CheckConstraint("sequence_number >= 1", name="sequence_number"),
        CheckConstraint("(payment_date IS NOT NULL) = (status = 'paid')", name="payment_date"),
        UniqueConstraint("loan_id", "sequence_number"),
    )


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
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_loans_review_history_loan_id", "loan_id", "created_at", "id"),)
