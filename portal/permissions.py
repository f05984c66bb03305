"""Who may do what: the whole policy on one page."""

from portal.shared.errors import N_
from portal.shared.words import Words


class Role(Words):
    """The four roles of ``staff_members.role``."""

    KYC_REVIEWER = "kyc_reviewer", N_("KYC reviewer")
    CREDIT_ANALYST = "credit_analyst", N_("Credit analyst")
    SUPPORT_AGENT = "support_agent", N_("Support agent")
    ADMIN = "admin", N_("Administrator")


class Permission(Words):
    """``resource:action``; every route names one or is public. The word says what whoever lacks it cannot do."""

    PORTAL_ENTER = "portal:enter"
    KYC_READ = "kyc:read", N_("open identity checks")
    KYC_DECIDE = "kyc:decide", N_("decide identity checks")
    KYC_STATUS = "kyc:status"
    CUSTOMER_FIND = "customer:find"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_MANAGE = "customer:manage", N_("deactivate or delete customers")
    CONTACT_REVEAL = "contact:reveal", N_("show contact details")  # a reviewer's only while holding the customer's case
    LOAN_READ = "loan:read", N_("open loans")
    PAYMENT_POST = "payment:post", N_("post payments")
    PAYMENT_CORRECT = "payment:correct", N_("correct payments")
    SCORE_READ = "score:read", N_("open credit scores")
    MESSAGE_READ = "message:read", N_("open messages")
    MESSAGE_REVEAL = "message:reveal", N_("show what a message says")
    MESSAGE_RESEND = "message:resend", N_("send messages again")
    MESSAGE_PANEL = "message:panel", N_("see messages about a loan")
    SCORE_DECIDE = "score:decide", N_("decide credit scores")
    RAW_SCORE_REVEAL = "raw-score:reveal", N_("show a vendor's raw answer")
    STAFF_MANAGE = "staff:manage", N_("manage staff")
    AUDIT_READ = "audit:read", N_("open the audit trail")


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


def roles_with(permission: Permission) -> list[Role]:
    """Every role that was granted it."""
    return [role for role in Role if permission in GRANTS[role]]
