"""Credit scores and the entries they are made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource


class CreditScore(Base):
    """``credit_scores``: one per loan; scores are 0–1000."""

    __tablename__ = "credit_scores"

    credit_score_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    loan_id: Mapped[UUID] = mapped_column(unique=True)
    risk_level: Mapped[RiskLevel | None] = mapped_column(native_enum(RiskLevel, "risk_level"))
    risk_level_reason: Mapped[str | None] = mapped_column(Text)
    internal_score: Mapped[int | None]
    internal_score_mandatory: Mapped[bool] = mapped_column(server_default=text("false"))
    external_score: Mapped[int | None]
    external_score_mandatory: Mapped[bool] = mapped_column(server_default=text("false"))
    manual_score: Mapped[int | None]
    manual_score_mandatory: Mapped[bool] = mapped_column(server_default=text("false"))
    decision: Mapped[Decision] = mapped_column(native_enum(Decision, "credit_decision"), server_default="pending")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        CheckConstraint("internal_score BETWEEN 0 AND 1000", name="internal_score"),
        CheckConstraint("external_score BETWEEN 0 AND 1000", name="external_score"),
        CheckConstraint("manual_score BETWEEN 0 AND 1000", name="manual_score"),
        Index("ix_credit_scores_user_id", "user_id", "created_at", "credit_score_id"),
    )


class ScoreEntry(Base):
    """``credit_scores_list``: every score that ever came in; entries are never changed."""

    __tablename__ = "credit_scores_list"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    credit_score_id: Mapped[UUID] = mapped_column(ForeignKey("credit_scores.credit_score_id"))
    credit_score: Mapped[int]
    credit_score_reason: Mapped[str | None] = mapped_column(Text)
    credit_score_raw: Mapped[dict[str, Any] | None]
    credit_score_source: Mapped[ScoreSource] = mapped_column(native_enum(ScoreSource, "credit_score_source"))
    credit_score_updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("credit_score BETWEEN 0 AND 1000", name="credit_score"),
        Index("ix_credit_scores_list_credit_score_id", "credit_score_id", "credit_score_updated_at", "id"),
    )
