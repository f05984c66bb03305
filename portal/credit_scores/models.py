"""Credit scores and the entries they are made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.credit_scores.policy import WORSE, Inputs
from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.errors import Conflict
from portal.shared.vocabulary import ALREADY_DECIDED, Decision, RiskLevel, ScoreSource

IS_PENDING = "decision = 'pending'"
LACKS = {source: f"{source}_score_mandatory AND {source}_score IS NULL" for source in ScoreSource}
_LACKS_A_SERVICE = f"(({LACKS[ScoreSource.INTERNAL]}) OR ({LACKS[ScoreSource.EXTERNAL]}))"
TURNS = {
    "analyst": f"{IS_PENDING} AND NOT {_LACKS_A_SERVICE}",
    "services": f"{IS_PENDING} AND {_LACKS_A_SERVICE}",
    **{source.value: f"{IS_PENDING} AND {lack}" for source, lack in LACKS.items()},
    "ready": f"{IS_PENDING} AND risk_level IS NOT NULL",
}
"""Which pending scores wait for whom, which wait for a source, and which have all they need, as SQL: the lists' partial
indexes and filters.
"""
IS_DECIDED = "decision <> 'pending'"
_INDEXES = {
    "decision": (IS_DECIDED, "decision", "created_at"),
    "decision_risk": (IS_DECIDED, "decision", "risk_level", "created_at"),
    "decided_by": (IS_DECIDED, "decided_by", "decided_at"),
    "analyst_risk": (TURNS["analyst"], "risk_level", "created_at"),
    **{turn: (rule, "created_at") for turn, rule in TURNS.items()},
}
"""Partial indexes: the rule of their rows, and what they are ordered by before the id."""


def inputs_of(row: Any) -> Inputs:
    """What the policy is asked about a score: an entity, or a row that has its columns."""
    return Inputs(
        {source: getattr(row, f"{source}_score") for source in ScoreSource},
        frozenset(source for source in ScoreSource if getattr(row, f"{source}_score_mandatory")),
        row.vendor_risk_level,
    )


class CreditScore(Base):
    """``credit_scores``: one per loan; scores are 0–1000.

    ``vendor_levels`` holds each vendor's newest level and its time, ``vendor_risk_level`` the worst of them.
    ``decided_by``, ``decided_at`` and ``message_id`` tell of a decision that stands, so that it can be undone.
    """

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
    version: Mapped[int] = mapped_column(server_default="1")
    vendor_risk_level: Mapped[RiskLevel | None] = mapped_column(native_enum(RiskLevel, "risk_level"))
    vendor_levels: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    message_id: Mapped[UUID | None]

    __table_args__ = (
        *(CheckConstraint(f"{source}_score BETWEEN 0 AND 1000", name=f"{source}_score") for source in ScoreSource),
        Index("ix_credit_scores_user_id", "user_id", "created_at", "credit_score_id"),
        *(
            Index(f"ix_credit_scores_{name}", *columns, "credit_score_id", postgresql_where=text(rule))
            for name, (rule, *columns) in _INDEXES.items()
        ),
    )

    @property
    def inputs(self) -> Inputs:
        """What the policy is asked about."""
        return inputs_of(self)

    def require_pending(self) -> None:
        """Raise :class:`Conflict` unless nobody has decided yet."""
        if self.decision is not Decision.PENDING:
            raise Conflict(ALREADY_DECIDED[self.decision])

    def put(self, source: ScoreSource, score: int) -> None:
        """Make this the source's headline."""
        setattr(self, f"{source}_score", score)

    def note_level(self, vendor: str, level: RiskLevel | None, at: datetime) -> None:
        """Note a vendor's level, unless a newer one of theirs is known."""
        known = self.vendor_levels.get(vendor)
        if known and datetime.fromisoformat(known["at"]) >= at:
            return
        self.vendor_levels = {**self.vendor_levels, vendor: {"level": level, "at": at.isoformat()}}
        levels = [RiskLevel(said["level"]) for said in self.vendor_levels.values() if said["level"]]
        self.vendor_risk_level = max(levels, key=WORSE.__getitem__, default=None)

    def decide(self, decision: Decision, *, by: UUID, at: datetime) -> None:
        self.require_pending()
        self.decision, self.decided_by, self.decided_at = decision, by, at

    def reopen(self) -> None:
        """Back to pending, as before the decision."""
        self.decision = Decision.PENDING
        self.decided_by = self.decided_at = self.message_id = None


class ScoreEntry(Base):
    """``credit_scores_list``: every score that ever came in; entries are never changed.

    ``credit_score_raw`` holds codes, ``{"reason_codes": […]}`` or ``{"late": true}``; never a vendor's answer.
    """

    __tablename__ = "credit_scores_list"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    credit_score_id: Mapped[UUID] = mapped_column(ForeignKey("credit_scores.credit_score_id"))
    credit_score: Mapped[int]
    credit_score_reason: Mapped[str | None] = mapped_column(Text)
    credit_score_raw: Mapped[dict[str, Any] | None]
    credit_score_source: Mapped[ScoreSource] = mapped_column(native_enum(ScoreSource, "credit_score_source"))
    credit_score_updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    entered_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("credit_score BETWEEN 0 AND 1000", name="credit_score"),
        Index("ix_credit_scores_list_credit_score_id", "credit_score_id", "credit_score_updated_at", "id"),
    )
