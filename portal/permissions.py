"""Who may do what: the whole policy on one page."""

from enum import StrEnum


class Role(StrEnum):
    """The four roles of ``staff_members.role``."""

    KYC_REVIEWER = "kyc_reviewer"
    CREDIT_ANALYST = "credit_analyst"
    SUPPORT_AGENT = "support_agent"
    ADMIN = "admin"


class Permission(StrEnum):
    """``resource:action``; every route names one or is public."""

    PORTAL_ENTER = "portal:enter"
    KYC_READ = "kyc:read"
    KYC_DECIDE = "kyc:decide"
    KYC_STATUS = "kyc:status"


EVERYBODY = frozenset({Permission.PORTAL_ENTER, Permission.KYC_STATUS})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.KYC_REVIEWER: EVERYBODY | {Permission.KYC_READ, Permission.KYC_DECIDE},
    Role.CREDIT_ANALYST: EVERYBODY,
    Role.SUPPORT_AGENT: EVERYBODY,
    Role.ADMIN: EVERYBODY,
}
