"""The scoring policy, as the configuration states it, and why a manual score is entered: words of scores and loans."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from portal.shared.errors import N_
from portal.shared.vocabulary import RiskLevel, ScoreSource

LEAST, MOST = 0, 1000

REASONS = {
    "INCOME_VERIFIED": N_("Income verified"),
    "COLLATERAL_OR_GUARANTOR": N_("Collateral or guarantor"),
    "BUREAU_ERROR_DOCUMENTED": N_("Bureau error documented"),
    "THIN_FILE": N_("Thin credit file"),
    "GOOD_REPEAT_CUSTOMER": N_("Good repeat customer"),
    "NEW_ADVERSE_INFORMATION": N_("New adverse information"),
    "EMPLOYER_UNVERIFIED": N_("Employer unverified"),
    "OVER_INDEBTED": N_("Over-indebted"),
    "DATA_INCONSISTENT": N_("Data inconsistent"),
    "OTHER": N_("Other"),
}


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """Weights by source (they need not add up to 100), and the scores from which the risk is medium and low."""

    version: str
    weights: Mapping[ScoreSource, int]
    medium_from: int
    low_from: int

    def band(self, score: int) -> RiskLevel:
        """The risk level of a final score."""
        if score >= self.low_from:
            return RiskLevel.LOW
        return RiskLevel.MEDIUM if score >= self.medium_from else RiskLevel.HIGH


def parse(text: str) -> ScorePolicy:
    """``{"version": "v1", "weights": {"internal": 50, "external": 30, "manual": 20}, "medium": 550, "low": 700}``."""
    try:
        given = json.loads(text)
        weights = {source: given["weights"][source] for source in ScoreSource}
        policy = ScorePolicy(given["version"], weights, given["medium"], given["low"])
        numbers = (*weights.values(), policy.medium_from, policy.low_from)
        is_sound = (
            isinstance(policy.version, str)
            and 0 < len(policy.version) <= 32
            and all(type(number) is int for number in numbers)
            and all(weight > 0 for weight in weights.values())
            and LEAST < policy.medium_from < policy.low_from <= MOST
        )
    except (ValueError, KeyError, TypeError):
        is_sound = False
    if not is_sound:
        raise ValueError(
            "must be the policy as JSON: a version, weights above 0 by source, and 0 < medium < low <= 1000"
        )
    return policy
