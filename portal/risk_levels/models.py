"""What a document of ``risk_evaluations_collection`` must look like."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

COLLECTION = "risk_evaluations_collection"

SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": ["_id", "credit_score_id", "loan_id", "vendor_name", "raw_score", "created_at"],
    "properties": {
        "_id": {"bsonType": "binData"},
        "credit_score_id": {"bsonType": "binData"},
        "loan_id": {"bsonType": "binData"},
        "vendor_name": {"bsonType": "string", "maxLength": 255},
        "raw_score": {"bsonType": "binData"},
        "normalized_score": {"bsonType": ["object", "null"]},
        "risk_level": {"enum": ["low", "medium", "high", None]},
        "created_at": {"bsonType": "date"},
    },
}

INDEXES = [
    IndexModel([("credit_score_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
    IndexModel([("loan_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
]
