"""Words of the data model that more than one context uses."""

from portal.shared.errors import N_
from portal.shared.words import Words


class Activity(Words):
    """Whether an account or a profile is in use."""

    ACTIVE = "active", N_("Active"), "circle-check", "ok"
    INACTIVE = "inactive", N_("Inactive"), "circle-minus"


class Decision(Words):
    """How a loan and its credit score stand."""

    PENDING = "pending", N_("Pending"), "circle-dashed", "info"
    APPROVED = "approved", N_("Approved"), "circle-check", "ok"
    REJECTED = "rejected", N_("Rejected"), "circle-x", "bad"


ALREADY_DECIDED = {
    Decision.APPROVED: N_("This loan has already been approved."),
    Decision.REJECTED: N_("This loan has already been rejected."),
}


class RiskLevel(Words):
    """How risky a loan is."""

    LOW = "low", N_("Low risk"), "risk-low", "ok"
    MEDIUM = "medium", N_("Medium risk"), "risk-medium", "warn"
    HIGH = "high", N_("High risk"), "risk-high", "bad"


class ScoreSource(Words):
    """Where a credit score comes from."""

    INTERNAL = "internal", N_("Internal")
    EXTERNAL = "external", N_("External")
    MANUAL = "manual", N_("Manual")
