"""An event of the audit trail, its seal, and the words for what can happen."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.database import Base
from portal.shared.errors import N_

ACTIONS = {
    "access.refused": N_("Was refused a page"),
    "audit.checked": N_("Walked the hash chain"),
    "audit.exported": N_("Exported the audit trail"),
    "audit.opened": N_("Looked up a customer in the audit trail"),
    "auth.confirm-failed": N_("Failed to confirm the sign-in"),
    "auth.confirmed": N_("Confirmed the sign-in"),
    "auth.other-sessions-ended": N_("Signed out everywhere else"),
    "auth.passkey-added": N_("Added a passkey"),
    "auth.passkey-removed": N_("Removed a passkey"),
    "auth.passkey-renamed": N_("Renamed a passkey"),
    "auth.password-changed": N_("Changed the password"),
    "auth.password-set": N_("Set a password"),
    "auth.preferences-changed": N_("Changed preferences"),
    "auth.session-ended": N_("Ended a session"),
    "auth.sign-in-failed": N_("Failed to sign in"),
    "auth.signed-in": N_("Signed in"),
    "auth.signed-out": N_("Signed out"),
    "auth.token-reused": N_("A replaced token was used: the session ended"),
    "credit-score.approved": N_("Approved a loan by its score"),
    "credit-score.decision-undone": N_("Undid a decision on a loan"),
    "credit-score.entered": N_("Entered a score"),
    "credit-score.evaluated": N_("Took in a vendor's evaluation"),
    "credit-score.opened": N_("Opened a credit score"),
    "credit-score.rejected": N_("Rejected a loan by its score"),
    "credit-scores.reconciled": N_("Compared decisions and loans"),
    "customer.activated": N_("Activated a customer"),
    "customer.deactivated": N_("Deactivated a customer"),
    "customer.deleted": N_("Deleted a customer"),
    "customer.opened": N_("Opened a customer"),
    "customer.revealed": N_("Saw a customer's contact"),
    "kyc.claimed": N_("Took an identity check"),
    "kyc.decision-undone": N_("Undid a decision on an identity check"),
    "kyc.expired": N_("Expired an identity check"),
    "kyc.exported": N_("Exported identity checks"),
    "kyc.image-missing": N_("Asked for a document image that is not there"),
    "kyc.image-viewed": N_("Viewed a document image"),
    "kyc.number-checked": N_("Checked a document number"),
    "kyc.opened": N_("Opened an identity check"),
    "kyc.rejected": N_("Rejected an identity check"),
    "kyc.submitted": N_("Took in an identity check"),
    "kyc.verified": N_("Verified an identity check"),
    "loan.approved": N_("Approved a loan"),
    "loan.opened": N_("Opened a loan"),
    "loan.rejected": N_("Rejected a loan"),
    "loan.reminded": N_("Reminded of a payment"),
    "loan.submitted": N_("Took in a loan"),
    "loans.exported": N_("Exported loans"),
    "message.opened": N_("Opened a message"),
    "message.resent": N_("Sent a message again"),
    "messages.batch-confirmed": N_("Confirmed a bulk resend"),
    "messages.batch-rerun": N_("Ran a bulk resend again"),
    "messages.batch-stopped": N_("Stopped a bulk resend"),
    "messages.exported": N_("Exported messages"),
    "payment.posted": N_("Posted a payment"),
    "payment.rescheduled": N_("Changed a due date"),
    "payment.reversed": N_("Reversed a payment"),
    "risk-evaluation.revealed": N_("Saw a vendor's raw answer"),
    "staff.activated": N_("Gave a colleague access back"),
    "staff.deactivated": N_("Ended a colleague's access"),
    "staff.invited": N_("Invited a colleague"),
    "staff.reset": N_("Had a colleague choose a new password"),
    "staff.role-changed": N_("Changed a colleague's role"),
    "staff.sessions-ended": N_("Ended a colleague's sessions"),
}
"""What happened, in words, by its code."""
LOOKS = (
    "customer.opened", "customer.revealed", "kyc.opened", "kyc.image-viewed", "loan.opened", "credit-score.opened",
    "risk-evaluation.revealed", "message.opened",
)  # fmt: skip
"""The actions by which somebody saw something of a customer."""


def action_word(action: str) -> str:
    """The msgid of what an action's code means; one that nobody described is shown as it is."""
    return ACTIONS.get(action, action)


class AuditEvent(Base):
    """``audit_events``: append-only. Ids and codes only, never personal data.

    ``subject`` is what was acted upon, ``of_user`` the customer concerned; ``once_key`` is set where an event counts
    once per person, subject and hour.
    """

    __tablename__ = "audit_events"

    event_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[UUID | None]
    of_user: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str | None] = mapped_column(String(32))
    session_id: Mapped[UUID | None]
    ip: Mapped[str | None] = mapped_column(INET)
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    once_key: Mapped[str | None] = mapped_column(String(128), unique=True)

    __table_args__ = (
        Index("ix_audit_events_at", "at", "event_id"),
        Index("ix_audit_events_subject", "subject", "at", "event_id"),
        Index("ix_audit_events_of_user", "of_user", "at", "event_id"),
        Index("ix_audit_events_actor_id", "actor_id", "at", "event_id"),
        Index("ix_audit_events_action", "action", "at", "event_id"),
        Index("ix_audit_events_actor_action", "actor_id", "action", "at", "event_id"),
    )


class AuditSeal(Base):
    """``audit_seals``: the hash chain over the events, written by a job. Append-only."""

    __tablename__ = "audit_seals"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("audit_events.event_id"), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())
