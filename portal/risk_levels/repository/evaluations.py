"""Risk evaluations in Mongo."""

from typing import Any
from uuid import UUID

from bson import Binary
from pymongo.errors import DuplicateKeyError

from portal.risk_levels.models import COLLECTION, INDEXES, SCHEMA, RiskEvaluation
from portal.shared.mongo import Mongo

MAX_SHOWN = 100
_EVERYDAY: dict[str, Any] = {"raw_score": 0}


class RiskEvaluationRepository:
    """``risk_evaluations_collection``: append-only."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def prepare(self) -> None:
        self.mongo.prepare(COLLECTION, schema=SCHEMA, indexes=INDEXES)

    def add(self, evaluation: RiskEvaluation, raw_score: Binary) -> bool:
        """Whether it was written: under an id there is one evaluation, the first."""
        try:
            self.mongo.database[COLLECTION].insert_one({**evaluation.to_document(), "raw_score": raw_score})
        except DuplicateKeyError:
            return False
        return True

    def get(self, evaluation_id: UUID) -> RiskEvaluation | None:
        found = self.mongo.database[COLLECTION].find_one({"_id": evaluation_id}, _EVERYDAY)
        return RiskEvaluation.from_document(found) if found else None

    def of_score(self, credit_score_id: UUID) -> list[RiskEvaluation]:
        """The newest hundred, newest first."""
        found = (
            self.mongo.database[COLLECTION]
            .find({"credit_score_id": credit_score_id}, _EVERYDAY)
            .sort([("created_at", -1), ("_id", -1)])
            .limit(MAX_SHOWN)
        )
        return [RiskEvaluation.from_document(document) for document in found]

    def raw_score_of(self, evaluation_id: UUID) -> bytes:
        """The ciphertext, for a reveal only."""
        found = self.mongo.database[COLLECTION].find_one({"_id": evaluation_id}, {"raw_score": 1})
        return bytes(found["raw_score"]) if found else b""
