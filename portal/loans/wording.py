"""The review history in words: events, fields and values as a person reads them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext, pgettext

from portal.loans.reasons import REASONS
from portal.loans.telling import Change
from portal.shared.errors import N_
from portal.shared.money import rupiah
from portal.shared.scoring import REASONS as SCORE_REASONS
from portal.shared.vocabulary import RiskLevel
from portal.web.filters import wib, wib_day

EVENTS = {
    "loan.submitted": N_("Submitted"),
    "score.recorded": N_("Score recorded"),
    "score.superseded": N_("Score superseded"),
    "loan.approved": N_("Approved"),
    "loan.rejected": N_("Rejected"),
    "loan.decision_undone": N_("Decision undone"),
    "payment.posted": N_("Payment posted"),
    "payment.reversed": N_("Payment reversed"),
    "payment.rescheduled": N_("Due date changed"),
}
FIELDS = {
    "user_id": N_("Customer"),
    "loan_amount": N_("Amount"),
    "tenor_month": N_("Tenor (months)"),
    "status": N_("Status"),
    "monthly_installment_amount": N_("Monthly installment"),
    "monthly_installment_due_date": N_("First due date"),
    "approved_at": N_("Approved at"),
    "rejected_at": N_("Rejected at"),
    "rejected_reason": N_("Reason for rejection"),
    "payment_amount": N_("Installment amount"),
    "due_date": N_("Due date"),
    "payment_date": N_("Paid at"),
    "reference": N_("Reference"),
    "decision": N_("Credit decision"),
    "risk_level": N_("Risk level"),
    "internal_score": N_("Internal score"),
    "external_score": N_("External score"),
    "manual_score": N_("Manual score"),
}
VALUES: dict[str, str] = {
    "pending": N_("Pending"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "paid": N_("Paid"),
    "overdue": N_("Overdue"),
    **{level.value: level.word for level in RiskLevel},
}
ROLES = {
    "kyc_reviewer": N_("KYC reviewer"),
    "credit_analyst": N_("Credit analyst"),
    "support_agent": N_("Support agent"),
    "admin": N_("Administrator"),
}


def event_word(event: str) -> str:
    return str(gettext(EVENTS.get(event, event)))


def role_word(role: str | None) -> str:
    return str(gettext(ROLES[role])) if role in ROLES else str(gettext("The portal"))


def code_word(code: str) -> str:
    """A reason's word: of a rejection or of a manual score."""
    word = REASONS[code].label if code in REASONS else SCORE_REASONS.get(code, code)
    return str(gettext(word))


def field_word(change: Change) -> str:
    """The field's name; for an installment with its number."""
    word = str(gettext(FIELDS.get(change.field, change.field)))
    if change.part.isdigit():
        return str(gettext("Installment %(number)s: %(field)s", number=change.part, field=word))
    return word


def value_word(field: str, value: Any, part: str = "loan") -> str | None:
    """A kept value as a person reads it: rupiah, WIB, words; None stays None. ``part`` as in :class:`Change`."""
    if value is None:
        return None
    if field.endswith("_amount"):
        return rupiah(Decimal(value))
    if field == "payment_date" or field.endswith("_at"):
        return wib(datetime.fromisoformat(value))
    if field.endswith("_date"):
        return wib_day(date.fromisoformat(value))
    if field == "rejected_reason":
        return ", ".join(code_word(code) for code in str(value).split(", "))
    if part.isdigit() and value == "pending":
        return str(pgettext("installment", "Pending"))
    return str(gettext(VALUES[value])) if value in VALUES else str(value)
