"""Vendors' risk evaluations."""

from portal.risk_levels.repository import RiskEvaluationRepository
from portal.shared.mongo import mongo

evaluations = RiskEvaluationRepository(mongo)


def prepare() -> None:
    """Bring the collection's validator and indexes up to date."""
    evaluations.prepare()
