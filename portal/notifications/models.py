"""A message to a customer, as ``notifications_collection`` keeps it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

COLLECTION = "notifications_collection"

SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": [
        "_id",
        "user_id",
        "notification_category",
        "notification_type",
        "notification_title",
        "notification_content",
        "notification_status",
        "created_at",
    ],
    "properties": {
        "_id": {"bsonType": "binData"},
        "user_id": {"bsonType": "binData"},
        "loan_id": {"bsonType": ["binData", "null"]},
        "notification_category": {"enum": ["loan", "kyc", "payment", "other"]},
        "notification_type": {"enum": ["email", "sms", "push"]},
        "notification_title": {"bsonType": "string", "maxLength": 255},
        "notification_content": {"bsonType": "string"},
        "notification_link": {"bsonType": ["string", "null"], "maxLength": 255},
        "notification_status": {"enum": ["pending", "sent", "failed"]},
        "notification_sent_at": {"bsonType": ["date", "null"]},
        "notification_failed_at": {"bsonType": ["date", "null"]},
        "notification_read_at": {"bsonType": ["date", "null"]},
        "created_at": {"bsonType": "date"},
    },
}

INDEXES = [
    IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
    IndexModel([("notification_status", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
    IndexModel([("user_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
    IndexModel([("loan_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message; ``context`` holds the facts it states, so that a stale one can be told later."""

    id: UUID
    user_id: UUID
    loan_id: UUID | None
    notification_category: str
    notification_type: str
    notification_title: str
    notification_content: str
    created_at: datetime
    notification_link: str | None = None
    notification_status: str = "pending"
    notification_sent_at: datetime | None = None
    notification_failed_at: datetime | None = None
    notification_read_at: datetime | None = None
    context: dict[str, Any] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        fields = asdict(self)
        return {"_id": fields.pop("id"), **fields}
