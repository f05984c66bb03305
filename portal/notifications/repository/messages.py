"""Messages as they are written and found. Nothing is deleted."""

from collections.abc import Sequence
from uuid import UUID

from pymongo import ASCENDING, UpdateOne
from pymongo.collection import Collection

from portal.notifications.models import (
    ATTEMPT_INDEXES,
    ATTEMPT_SCHEMA,
    ATTEMPTS,
    COLLECTION,
    INDEXES,
    SCHEMA,
    Notification,
)
from portal.shared.mongo import Document, mongo

_LIKE_IT_BUT_NEWER = [
    {"$eq": ["$user_id", "$$user_id"]},
    {"$eq": ["$context.message", "$$message"]},
    {"$gt": ["$created_at", "$$created_at"]},
    {"$eq": ["$loan_id", "$$loan_id"]},
]
_NEWER_SENT: list[Document] = [
    {"$lookup": {
        "from": COLLECTION,
        "let": {name: f"${name}" for name in ("user_id", "message", "loan_id", "created_at")},
        "pipeline": [
            {"$match": {"notification_status": "sent", "$expr": {"$and": _LIKE_IT_BUT_NEWER}}},
            {"$limit": 1},
            {"$project": {"_id": 1}},
        ],
        "as": "newer",
    }},
    {"$match": {"newer": {"$ne": []}}},
    {"$project": {"_id": 1}},
]  # fmt: skip


def _messages() -> Collection[Document]:
    return mongo.database[COLLECTION]


def prepare() -> None:
    """Bring validators and indexes up to date."""
    mongo.prepare(COLLECTION, schema=SCHEMA, indexes=INDEXES)
    mongo.prepare(ATTEMPTS, schema=ATTEMPT_SCHEMA, indexes=ATTEMPT_INDEXES)


def add(message: Notification) -> None:
    """Write a message under its id; writing it again changes nothing."""
    _messages().update_one({"_id": message.id}, {"$setOnInsert": message.to_document()}, upsert=True)


def add_copies(documents: Sequence[Document]) -> None:
    """Write messages under their ids; writing them again changes nothing."""
    _messages().bulk_write(
        [UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True) for document in documents],
        ordered=False,
    )


def get(message_id: UUID) -> Document | None:
    return _messages().find_one({"_id": message_id})


def of_ids(ids: Sequence[UUID]) -> dict[UUID, Document]:
    return {row["_id"]: row for row in _messages().find({"_id": {"$in": list(ids)}})}


def ids_between(least: UUID, most: UUID, limit: int) -> list[UUID]:
    """The ids between these, the first ones."""
    found = _messages().find({"_id": {"$gte": least, "$lte": most}}, {"_id": 1})
    return [row["_id"] for row in found.sort("_id", ASCENDING).limit(limit)]


def with_newer_sent(documents: Sequence[Document]) -> set[UUID]:
    """Those of which a newer one of the same kind, about the same thing, was sent to the same customer."""
    names = ("_id", "user_id", "loan_id", "created_at")
    asked: list[Document] = [
        {name: document.get(name) for name in names} | {"message": (document.get("context") or {}).get("message")}
        for document in documents
    ]
    if not asked:
        return set()
    return {row["_id"] for row in mongo.database.aggregate([{"$documents": asked}, *_NEWER_SENT])}


def outcomes_of(batch_id: UUID) -> dict[str, int]:
    """How many copies of a bulk resend have each status, read from the index alone."""
    by_status = {"$group": {"_id": "$notification_status", "number": {"$sum": 1}}}
    found = _messages().aggregate([{"$match": {"batch_id": batch_id}}, by_status])
    return {row["_id"]: row["number"] for row in found}
