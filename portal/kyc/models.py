"""An identity check, the decisions on it, and the words for both."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.actor import Actor
from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.errors import N_, Conflict, Locked
from portal.shared.words import Words

LEASE = timedelta(minutes=10)
UNDO_WINDOW = timedelta(seconds=60)
MAX_NUMBER_TRIES = 5
STILL_VALID = "still_valid"
CHECKLIST = {
    "readable": N_("Corners and text clear"),
    "right_type": N_("Right type of document"),
    "name_matches": N_("Name matches the profile"),
    "same_person": N_("Same person on both"),
    "not_altered": N_("No edits or screen photo"),
    STILL_VALID: N_("Still valid"),
}
"""What a reviewer answers before a document is verified; the last line is for a SIM only."""
MAX_REJECTIONS = 1000
"""So many rejections are looked through for their reasons, which no index orders by time."""
IS_LISTED = "withdrawn_at IS NULL"
IS_MADE = "undone_at IS NULL AND verdict <> 'expired'"
IS_REJECTION = "undone_at IS NULL AND verdict = 'rejected'"


class KycStatus(Words):
    """Where an identity check stands."""

    PENDING = "pending", N_("Pending"), "circle-dashed", "info"
    VERIFIED = "verified", N_("Verified"), "circle-check", "ok"
    REJECTED = "rejected", N_("Rejected"), "circle-x", "bad"
    EXPIRED = "expired", N_("Expired"), "clock-alert", "warn"


class DocumentType(Words):
    """Which document the customer photographed."""

    KTP = "ktp", "KTP"
    SIM = "sim", "SIM"
    NPWP = "npwp", "NPWP"


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim that a form belongs to; None for what it did not say, which is refused once the state allows it."""

    version: int | None
    lease_token: UUID | None


class KycCheck(Base):
    """``user_kyc``: one submission of one document; a resubmission is a new row.

    The lease columns say who looks at it now. ``number_tries`` and ``number_matched`` belong to the present lease;
    ``attempt`` counts this customer's submissions of this document type. ``withdrawn_at`` is when the customer was
    deleted: from then on no list holds it and nobody can decide it.
    """

    __tablename__ = "user_kyc"

    kyc_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    status: Mapped[KycStatus] = mapped_column(native_enum(KycStatus, "kyc_status"), server_default="pending")
    document_type: Mapped[DocumentType] = mapped_column(native_enum(DocumentType, "document_type"))
    document_number_hash: Mapped[str] = mapped_column(String(255), index=True)
    document_front_image_path: Mapped[str] = mapped_column(String(255))
    document_selfie_image_path: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    attempt: Mapped[int] = mapped_column(server_default="1")
    has_duplicate: Mapped[bool] = mapped_column(server_default=text("false"))
    expires_at: Mapped[date | None]
    lease_holder: Mapped[UUID | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    number_tries: Mapped[int] = mapped_column(server_default="0")
    number_matched: Mapped[bool | None]
    version: Mapped[int] = mapped_column(server_default="1")
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name="lease"),
        Index("ix_user_kyc_queue", "status", "created_at", "kyc_id", postgresql_where=text(IS_LISTED)),
        Index(
            "ix_user_kyc_queue_type",
            "status",
            "document_type",
            "created_at",
            "kyc_id",
            postgresql_where=text(IS_LISTED),
        ),
        Index(
            "ix_user_kyc_flagged",
            "status",
            "created_at",
            "kyc_id",
            postgresql_where=text(f"has_duplicate AND {IS_LISTED}"),
        ),
        Index(
            "ix_user_kyc_flagged_type",
            "status",
            "document_type",
            "created_at",
            "kyc_id",
            postgresql_where=text(f"has_duplicate AND {IS_LISTED}"),
        ),
        Index("ix_user_kyc_user_id", "user_id", "created_at", "kyc_id"),
        Index("ix_user_kyc_lease_holder", "lease_holder", postgresql_where=text("lease_holder IS NOT NULL")),
        Index(
            "ix_user_kyc_verified",
            "user_id",
            "document_type",
            unique=True,
            postgresql_where=text("status = 'verified'"),
        ),
        Index("ix_user_kyc_expires_at", "expires_at", postgresql_where=text("status = 'verified'")),
    )

    def require_decidable(self, claim: Claim, *, by: Actor, at: datetime) -> None:
        """Raise :class:`Conflict` unless pending in that version, :class:`Locked` unless ``by`` holds it."""
        self.require_listed()
        if self.status is not KycStatus.PENDING:
            raise Conflict(ALREADY[self.status])
        if claim.version not in {None, self.version}:
            raise Conflict(N_("This submission was changed since you opened it. Look at it once more."))
        self.require_lease(claim.lease_token, by=by, at=at)

    def require_expirable(self, *, version: int | None) -> None:
        """Raise :class:`Conflict` unless verified, in that version."""
        self.require_listed()
        if self.status is not KycStatus.VERIFIED or version not in {None, self.version}:
            raise Conflict(N_("Only a verified submission can expire; this one was changed meanwhile."))

    def require_listed(self) -> None:
        """Raise :class:`Conflict` once the customer was deleted."""
        if self.withdrawn_at is not None:
            raise Conflict(N_("The customer was deleted. Nobody can decide this submission any more."))

    def require_lease(self, lease_token: UUID | None, *, by: Actor, at: datetime) -> None:
        """Raise :class:`Locked` unless ``by`` holds it now, by exactly this claim."""
        if self.is_held(at) and self.lease_holder != by.auth_id:
            raise Locked(N_("Another reviewer holds this submission now."))
        if not self.is_held(at) or self.lease_token != lease_token:
            raise Locked(N_("You no longer hold this submission. Take it again to decide it."))

    def is_held(self, at: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > at

    def release(self) -> None:
        self.lease_holder = self.lease_token = self.lease_until = None

    def move(self, status: KycStatus) -> None:
        """Enter a status: nobody holds it any more, and every form drawn before is out of date."""
        self.release()
        self.status = status
        self.version += 1


ALREADY = {
    KycStatus.VERIFIED: N_("This submission has already been verified."),
    KycStatus.REJECTED: N_("This submission has already been rejected."),
    KycStatus.EXPIRED: N_("This submission has expired."),
}


class KycDecision(Base):
    """``kyc_decisions``: who decided what, when and why; an undone decision stays, marked."""

    __tablename__ = "kyc_decisions"

    decision_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kyc_id: Mapped[UUID] = mapped_column(ForeignKey("user_kyc.kyc_id"))
    verdict: Mapped[KycStatus] = mapped_column(native_enum(KycStatus, "kyc_status"))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    checklist: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    number_unreadable: Mapped[bool] = mapped_column(server_default=text("false"))
    duplicates: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    reason_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    customer_text: Mapped[str | None] = mapped_column(Text)
    internal_note: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[UUID | None]
    expired_kyc_id: Mapped[UUID | None]
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("verdict <> 'pending'", name="verdict"),
        Index("ix_kyc_decisions_kyc_id", "kyc_id", "decided_at"),
        Index("ix_kyc_decisions_made", "decided_at", "decision_id", postgresql_where=text(IS_MADE)),
        Index("ix_kyc_decisions_made_by", "decided_by", "decided_at", "decision_id", postgresql_where=text(IS_MADE)),
        Index("ix_kyc_decisions_rejected", "decided_at", "decision_id", postgresql_where=text(IS_REJECTION)),
    )
