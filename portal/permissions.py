"""Who may do what: the whole policy on one page."""

from enum import StrEnum
from typing import Self

from portal.shared.errors import N_


class Role(StrEnum):
    """The four roles of ``staff_members.role``; ``word`` is a msgid."""

    word: str

    def __new__(cls, value: str, word: str = "") -> Self:
        role = str.__new__(cls, value)
        role._value_, role.word = value, word
        return role

    KYC_REVIEWER = "kyc_reviewer", N_("KYC reviewer")
    CREDIT_ANALYST = "credit_analyst", N_("Credit analyst")
    SUPPORT_AGENT = "support_agent", N_("Support agent")
    ADMIN = "admin", N_("Administrator")


class Permission(StrEnum):
    """``resource:action``; every route names one or is public."""

    PORTAL_ENTER = "portal:enter"
    KYC_READ = "kyc:read"
    KYC_DECIDE = "kyc:decide"
    KYC_STATUS = "kyc:status"
    CUSTOMER_FIND = "customer:find"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_MANAGE = "customer:manage"
    CONTACT_REVEAL = "contact:reveal"  # a reviewer's only while holding the customer's case
    LOAN_READ = "loan:read"
    PAYMENT_POST = "payment:post"
    PAYMENT_CORRECT = "payment:correct"
    SCORE_READ = "score:read"
    MESSAGE_READ = "message:read"
    MESSAGE_REVEAL = "message:reveal"
    MESSAGE_RESEND = "message:resend"
    MESSAGE_PANEL = "message:panel"
    SCORE_DECIDE = "score:decide"
    RAW_SCORE_REVEAL = "raw-score:reveal"
    STAFF_MANAGE = "staff:manage"
    AUDIT_READ = "audit:read"


EVERYBODY = frozenset(
    {Permission.PORTAL_ENTER, Permission.KYC_STATUS, Permission.CUSTOMER_FIND, Permission.CUSTOMER_READ}
)

MESSAGES = frozenset({Permission.MESSAGE_READ, Permission.MESSAGE_PANEL})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.KYC_REVIEWER: EVERYBODY | {Permission.KYC_READ, Permission.KYC_DECIDE, Permission.CONTACT_REVEAL},
    Role.CREDIT_ANALYST: EVERYBODY
    | {
        Permission.LOAN_READ,
        Permission.PAYMENT_CORRECT,
        Permission.SCORE_READ,
        Permission.SCORE_DECIDE,
        Permission.RAW_SCORE_REVEAL,
        Permission.MESSAGE_PANEL,
    },
    Role.SUPPORT_AGENT: EVERYBODY
    | MESSAGES
    | {
        Permission.LOAN_READ,
        Permission.PAYMENT_POST,
        Permission.CONTACT_REVEAL,
        Permission.MESSAGE_REVEAL,
        Permission.MESSAGE_RESEND,
    },
    Role.ADMIN: EVERYBODY
    | MESSAGES
    | {Permission.LOAN_READ, Permission.CUSTOMER_MANAGE}
    | {Permission.STAFF_MANAGE, Permission.AUDIT_READ},
}
