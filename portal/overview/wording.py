"""The timeline in words: what happened, where it leads, what else is to be said."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from portal.audit import action_word
from portal.kyc import REASONS as KYC_REASONS
from portal.loans import code_word
from portal.permissions import Permission
from portal.shared.actor import Actor
from portal.shared.errors import N_
from portal.shared.money import rupiah
from portal.shared.timeline import Happening

LOOKING = {
    "CALL_BACK": _l("The customer asked to be called"),
    "VERIFY_IDENTITY": _l("To check who is calling"),
    "DELIVERY": _l("A message did not arrive"),
    "OTHER": _l("Another reason"),
}
MANAGING = {
    "CUSTOMER_REQUEST": _l("The customer asked for it"),
    "FRAUD_SUSPECTED": _l("Fraud is suspected"),
    "CLEARED": _l("The suspicion was cleared"),
    "MISTAKE": _l("It was a mistake"),
}
DELETING = {
    "CUSTOMER_REQUEST": _l("The customer asked for it"),
    "REGISTERED_TWICE": _l("The same person is registered twice"),
    "FRAUD": _l("Fraud was proven"),
    "AUTHORITY": _l("A court or an authority ordered it"),
}
REASONS = LOOKING | MANAGING | DELETING
"""Every reason's word by its code, as the trail keeps it."""

LOOKS: Mapping[str, tuple[str, str, str]] = {
    "kyc.submitted": (N_("Submission came in"), "", "id-card"),
    "kyc.verified": (N_("Submission verified"), "ok", "check"),
    "kyc.rejected": (N_("Submission rejected"), "bad", "x"),
    "kyc.expired": (N_("Submission expired"), "", "clock-alert"),
    "loan.submitted": (N_("Loan submitted"), "", "file-text"),
    "loan.approved": (N_("Loan approved"), "ok", "check"),
    "loan.rejected": (N_("Loan rejected"), "bad", "x"),
    "loan.decision_undone": (N_("Loan decision undone"), "info", "undo-2"),
    "payment.posted": (N_("Payment posted"), "ok", "banknote"),
    "payment.reversed": (N_("Payment reversed"), "", "undo-2"),
    "payment.rescheduled": (N_("Due date changed"), "", "calendar"),
    "payment.overdue": (N_("Installment overdue"), "bad", "clock-alert"),
    "score.entered": (N_("Score came in"), "", "gauge"),
    "message.sent": (N_("Message sent"), "", "send"),
    "message.pending": (N_("Message waits to be sent"), "", "hourglass"),
    "message.failed": (N_("Message failed"), "bad", "circle-alert"),
    "customer.deactivated": (N_("Customer deactivated"), "bad", "lock"),
    "customer.activated": (N_("Customer activated"), "ok", "lock-open"),
}
MISSING = {"messages": N_("The messages cannot be read at this moment. Open the page again in a minute.")}
CONTACTS = {"phone": N_("Phone"), "email": N_("Email")}
PAGES = {
    "kyc": ("kyc.show", "kyc_id", Permission.KYC_READ),
    "loan": ("loans.show", "loan_id", Permission.LOAN_READ),
    "payment": ("loans.payments", "loan_id", Permission.LOAN_READ),
    "score": ("credit_scores.show", "credit_score_id", Permission.SCORE_READ),
    "credit-score": ("credit_scores.show", "credit_score_id", Permission.SCORE_READ),
    "message": ("notifications.show", "message_id", Permission.MESSAGE_READ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How one thing that happened is shown."""

    word: str
    kind: str
    icon: str


def look_of(one: Happening) -> Look:
    if one.kind not in LOOKS:
        return Look(action_word(one.kind), "", "eye")
    word, kind, icon = LOOKS[one.kind]
    return Look(str(gettext(word)), kind, icon)


def missing_word(source: str) -> str:
    return str(gettext(MISSING[source]))


def reason_word(code: str) -> str:
    """A reason for looking, blocking or deleting; a dash where none was asked for."""
    return str(REASONS[code]) if code in REASONS else "–"


def address_of(one: Happening, actor: Actor) -> str | None:
    """The page about it, for whoever may open that."""
    endpoint, argument, permission = PAGES.get(one.kind.partition(".")[0], ("", "", ""))
    if one.subject is None or not actor.may(permission):
        return None
    subject: dict[str, Any] = {argument: one.subject}
    return url_for(endpoint, **subject)


def facts_of(one: Happening) -> str:
    """What else is to be said of it, in one line."""
    return ", ".join(str(word) for word in _words(one.facts) if word)


def _words(facts: Mapping[str, Any]) -> list[Any]:
    amount, number, codes = facts.get("amount"), facts.get("number"), facts.get("reason_codes") or []
    contact, source = CONTACTS.get(str(facts.get("field"))), facts.get("source")
    return [
        str(facts.get("document_type") or "").upper(),
        gettext("undone") if facts.get("is_undone") else "",
        gettext("Installment %(number)s", number=number) if number else "",
        rupiah(Decimal(amount)) if amount else "",
        gettext(source.word) if source else "",
        facts.get("score"),
        facts.get("title"),
        gettext(contact) if contact else "",
        REASONS.get(str(facts.get("reason")), ""),
        *(gettext(KYC_REASONS[code].label) if code in KYC_REASONS else code_word(code) for code in codes),
    ]


WORDS: dict[str, Any] = {"action_word": action_word, "reason_word": reason_word}
