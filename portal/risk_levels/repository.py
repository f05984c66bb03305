"""Risk evaluations in Mongo."""

from portal.risk_levels.models import COLLECTION, INDEXES, SCHEMA
from portal.shared.mongo import Mongo


class RiskEvaluationRepository:
    """``risk_evaluations_collection``."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def prepare(self) -> None:
        self.mongo.prepare(COLLECTION, schema=SCHEMA, indexes=INDEXES)
