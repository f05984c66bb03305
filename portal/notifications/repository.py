"""Messages and their attempts in Mongo. Every update matches only the state it starts from; nothing is deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import UpdateOne

from portal.notifications.models import (
    ATTEMPT_INDEXES,
    ATTEMPT_SCHEMA,
    ATTEMPTS,
    COLLECTION,
    INDEXES,
    SCHEMA,
    Attempt,
    Notification,
)
from portal.shared.mongo import Document, Mongo


class NotificationRepository:
    """``notifications_collection`` and ``notification_attempts``."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def prepare(self) -> None:
        self.mongo.prepare(COLLECTION, schema=SCHEMA, indexes=INDEXES)
        self.mongo.prepare(ATTEMPTS, schema=ATTEMPT_SCHEMA, indexes=ATTEMPT_INDEXES)

    def add(self, message: Notification) -> None:
        """Write a message under its id; writing it again changes nothing."""
        document = message.to_document()
        self.mongo.database[COLLECTION].update_one({"_id": message.id}, {"$setOnInsert": document}, upsert=True)

    def add_copies(self, documents: Sequence[Document]) -> None:
        """Write messages under their ids; writing them again changes nothing."""
        self.mongo.database[COLLECTION].bulk_write(
            [UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True) for document in documents],
            ordered=False,
        )

    def is_any_due(self, channel: str, now: datetime) -> bool:
        return self.mongo.database[COLLECTION].find_one(_due(channel, now), {"_id": 1}) is not None

    def claim(self, channel: str, most: int, *, token: UUID, now: datetime, until: datetime) -> Sequence[Document]:
        """Take up to ``most`` due messages, the one waiting longest first; nobody else gets them until then."""
        messages = self.mongo.database[COLLECTION]
        ids = [row["_id"] for row in messages.find(_due(channel, now), {"_id": 1}).sort("due_at").limit(most)]
        if not ids:
            return []
        free = {"_id": {"$in": ids}, **_due(channel, now)}
        messages.update_many(free, {"$set": {"claimed_by": token, "due_at": until}})
        return list(messages.find({"_id": {"$in": ids}, "notification_status": "pending", "claimed_by": token}))

    def put_back(self, message_id: UUID, *, token: UUID, due_at: datetime) -> None:
        """Give up a claim: the message waits until then."""
        mine = {"_id": message_id, "notification_status": "pending", "claimed_by": token}
        change = {"$set": {"due_at": due_at, "claimed_by": None}}
        self.mongo.database[COLLECTION].update_one(mine, change)

    def begin(self, attempt: Attempt, *, token: UUID, until: datetime) -> bool:
        """Write down that the send begins, before it does; False when the claim is no longer ours."""
        mine = {
            "_id": attempt.notification_id,
            "notification_status": "pending",
            "claimed_by": token,
            "open_attempt": None,
        }
        change = {"$set": {"open_attempt": attempt.id, "attempts": attempt.number, "due_at": until}}
        if not self.mongo.database[COLLECTION].update_one(mine, change).modified_count:
            return False
        self.mongo.database[ATTEMPTS].insert_one(attempt.to_document())
        return True

    def end(self, attempt_id: UUID, facts: Document) -> None:
        """Keep how an attempt ended; the first word counts."""
        self.mongo.database[ATTEMPTS].update_one({"_id": attempt_id, "ended_at": None}, {"$set": facts})

    def attempt(self, attempt_id: UUID) -> Document | None:
        return self.mongo.database[ATTEMPTS].find_one({"_id": attempt_id})

    def attempts_of(self, message_id: UUID) -> Sequence[Document]:
        """Every attempt at a message, the first one first."""
        return list(self.mongo.database[ATTEMPTS].find({"notification_id": message_id}).sort("number"))

    def newest_hashes(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Where each of these messages was sent last, as :func:`portal.shared.crypto.address_hash` tells it."""
        tried = {"notification_id": {"$in": list(ids)}}
        if not ids:
            return {}
        found = self.mongo.database[ATTEMPTS].find(tried, {"notification_id": 1, "recipient_hash": 1}).sort("number")
        return {row["notification_id"]: row["recipient_hash"] for row in found}

    def mark(self, message_id: UUID, attempt_id: UUID | None, change: Document, *, tries: int = 0) -> bool:
        """Say how a pending message stands after this attempt; it is nobody's then."""
        pending = {"_id": message_id, "notification_status": "pending", "open_attempt": attempt_id}
        free = {"open_attempt": None, "claimed_by": None}
        update = {"$set": {**free, **change}, "$inc": {"tries": tries}}
        return self.mongo.database[COLLECTION].update_one(pending, update).modified_count == 1

    def add_receipt(self, message_id: UUID, channel: str, receipt: Document) -> bool:
        """Keep what a provider said later of the newest attempt that it accepted, once for each event."""
        sent = {"notification_id": message_id, "channel": channel, "outcome": {"$in": ["sent", "unknown", "timeout"]}}
        newest = self.mongo.database[ATTEMPTS].find_one(sent, {"_id": 1}, sort=[("number", -1)])
        if newest is None:
            return False
        fresh = {"_id": newest["_id"], "receipts.event": {"$ne": receipt["event"]}}
        self.mongo.database[ATTEMPTS].update_one(fresh, {"$push": {"receipts": receipt}})
        return True

    def outcomes_of(self, batch_id: UUID) -> dict[str, int]:
        """How many copies of a bulk resend have each status, read from the index alone."""
        by_status = {"$group": {"_id": "$notification_status", "number": {"$sum": 1}}}
        found = self.mongo.database[COLLECTION].aggregate([{"$match": {"batch_id": batch_id}}, by_status])
        return {row["_id"]: row["number"] for row in found}

    def mark_address(self, message_id: UUID, error_class: str) -> None:
        """The provider accepted it and then found that the address does not work."""
        known = {"_id": message_id, "notification_status": {"$ne": "pending"}}
        self.mongo.database[COLLECTION].update_one(known, {"$set": {"error_class": error_class}})


def _due(channel: str, now: datetime) -> dict[str, Any]:
    """Pending, and not before its time; one without a time is due."""
    return {"notification_type": channel, "notification_status": "pending", "due_at": {"$not": {"$gt": now}}}
