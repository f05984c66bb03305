"""What a document of ``risk_evaluations_collection`` looks like; its raw score is not part of the everyday class."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from portal.shared.mongo import Document
from portal.shared.vocabulary import RiskLevel

COLLECTION = "risk_evaluations_collection"
PURPOSE = "raw_score"

_BINARY, _TEXT, _WHOLE = {"bsonType": "binData"}, {"bsonType": "string"}, {"bsonType": ["int", "long"]}
REASON = {
    "bsonType": "object",
    "required": ["code", "text", "direction"],
    "properties": {"code": _TEXT, "text": _TEXT, "direction": {"enum": ["positive", "negative"]}},
}
SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": ["_id", "credit_score_id", "loan_id", "vendor_name", "raw_score", "normalized_score", "created_at"],
    "properties": {
        **dict.fromkeys(("_id", "credit_score_id", "loan_id", "user_id", "raw_score"), _BINARY),
        "vendor_name": {**_TEXT, "maxLength": 255},
        "normalized_score": {
            "bsonType": "object",
            "required": ["score", "min", "max", "reason_codes"],
            "properties": {
                **dict.fromkeys(("score", "min", "max"), _WHOLE),
                "reason_codes": {"bsonType": "array", "items": REASON},
            },
        },
        "risk_level": {"enum": ["low", "medium", "high", None]},
        "created_at": {"bsonType": "date"},
    },
}

INDEXES = [
    IndexModel([("credit_score_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
    IndexModel([("loan_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
]


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """Why a vendor scored as they did; ``direction`` is ``positive`` or ``negative``."""

    code: str
    text: str
    direction: str


@dataclass(frozen=True, slots=True)
class RiskEvaluation:
    """What a vendor said, without the raw answer; ``score`` lies between ``least`` and ``most``."""

    id: UUID
    credit_score_id: UUID
    loan_id: UUID
    user_id: UUID | None
    vendor_name: str
    score: int
    least: int
    most: int
    reason_codes: tuple[ReasonCode, ...]
    risk_level: RiskLevel | None
    created_at: datetime

    @property
    def share(self) -> float:
        """Where the score lies on the vendor's own scale, in percent."""
        return round(100 * (self.score - self.least) / (self.most - self.least), 2)

    def to_document(self) -> Document:
        """Everything but the raw score."""
        return {
            "_id": self.id,
            "credit_score_id": self.credit_score_id,
            "loan_id": self.loan_id,
            "user_id": self.user_id,
            "vendor_name": self.vendor_name,
            "normalized_score": {
                "score": self.score,
                "min": self.least,
                "max": self.most,
                "reason_codes": [asdict(one) for one in self.reason_codes],
            },
            "risk_level": self.risk_level.value if self.risk_level else None,
            "created_at": self.created_at,
        }

    @classmethod
    def from_document(cls, document: Document) -> "RiskEvaluation":
        normalized = document["normalized_score"]
        return cls(
            document["_id"], document["credit_score_id"], document["loan_id"], document.get("user_id"),
            document["vendor_name"], normalized["score"], normalized["min"], normalized["max"],
            tuple(ReasonCode(one["code"], one["text"], one["direction"]) for one in normalized["reason_codes"]),
            RiskLevel(document["risk_level"]) if document.get("risk_level") else None,
            document["created_at"],
        )  # fmt: skip
