"""Words of the data model that more than one context uses."""

from enum import StrEnum

from portal.shared.errors import N_


class Activity(StrEnum):
    """Whether an account or a profile is in use."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Decision(StrEnum):
    """How a loan and its credit score stand."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


ALREADY_DECIDED = {
    Decision.APPROVED: N_("This loan has already been approved."),
    Decision.REJECTED: N_("This loan has already been rejected."),
}


class RiskLevel(StrEnum):
    """How risky a loan is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ScoreSource(StrEnum):
    """Where a credit score comes from."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    MANUAL = "manual"
