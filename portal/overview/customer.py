"""A customer's page, who looked at it, and a contact in full."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, kyc, users
from portal.audit import action_word
from portal.overview.deletion import DELETE_REASONS
from portal.permissions import Permission, Role
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.errors import N_, Forbidden
from portal.users import LOOK_REASONS, STATUS_REASONS, Customer

MAX_LOOKS = 10
MAX_TEXT = 500
REASONS = LOOK_REASONS | STATUS_REASONS | DELETE_REASONS
"""Every reason's msgid by its code, as the trail keeps it."""
CONTACTS = {"phone": N_("Phone"), "email": N_("Email")}
PANELS = (
    ("loans", N_("Loans"), "loans.of_customer", Permission.LOAN_READ),
    ("scores", N_("Credit scores"), "credit_scores.of_customer", Permission.SCORE_READ),
    ("messages", N_("Messages"), "notifications.of_customer", Permission.MESSAGE_READ),
    ("kyc", N_("Identity checks"), "kyc.of_customer", Permission.KYC_STATUS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealAnswers(Answers):
    """Which contact to show, why, and what for."""

    field: str | None = None
    reason: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class LookRow:
    """Who looked at what of a customer, and why where a reason was asked for; both are msgids."""

    at: datetime
    by: str | None
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """A customer, and what the page about them has for whoever opens it; ``panels`` are (key, msgid, endpoint)."""

    customer: Customer
    is_identified: bool
    panels: list[tuple[str, str, str]]
    may_reveal: bool
    may_manage: bool
    looks: list[LookRow]


def show(user_id: UUID, *, actor: Actor) -> CustomerPage:
    """The page about a customer; that it is opened is for :func:`note_opening`."""
    may_manage = actor.may(Permission.CUSTOMER_MANAGE)
    return CustomerPage(
        users.customer(user_id),
        kyc.is_identified(user_id),
        [(key, title, endpoint) for key, title, endpoint, permission in PANELS if actor.may(permission)],
        may_reveal(user_id, actor=actor),
        may_manage,
        looks_at(user_id) if may_manage else [],
    )


def note_opening(user_id: UUID, *, actor: Actor) -> None:
    """Put into the trail that somebody opened a customer; once per person, subject and hour."""
    audit.note_opening("customer.opened", user_id, of=user_id, actor=actor)


def may_reveal(user_id: UUID, *, actor: Actor) -> bool:
    """Whether ``actor`` may see this customer's contact data: a reviewer only while holding the customer's case."""
    if not actor.may(Permission.CONTACT_REVEAL):
        return False
    return actor.role != Role.KYC_REVIEWER or kyc.holds_case_of(user_id, actor=actor)


def reveal(user_id: UUID, answers: RevealAnswers, *, actor: Actor) -> str:
    """A contact field in full, audited before it is read out."""
    if not may_reveal(user_id, actor=actor):
        raise Forbidden(N_("Claim a submission of this customer first, then look at the contact data."))
    field, reason = answers.field or "", answers.reason or ""
    with answers.judged() as wrong:
        wrong.unless(field in CONTACTS, "field", N_("Choose the phone or the email."))
        wrong.unless(reason in LOOK_REASONS, "reason", N_("Choose a reason."))
        wrong.unless_fits(answers.text, "text", least=1, most=MAX_TEXT, message=N_("Write what you need it for."))
    return users.reveal(user_id, field, reason=reason, text=answers.text, actor=actor)


def looks_at(user_id: UUID) -> list[LookRow]:
    """Who looked at a customer last, newest first."""
    seen = audit.looks_at(user_id, limit=MAX_LOOKS)
    names = auth.names_of({look.actor_id for look in seen if look.actor_id})
    return [
        LookRow(
            look.at,
            names.get(look.actor_id) if look.actor_id else None,
            action_word(look.kind),
            REASONS.get(look.facts.get("reason", ""), "–"),
        )
        for look in seen
    ]
