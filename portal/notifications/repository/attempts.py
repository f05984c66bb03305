"""Messages as they are sent, and each attempt at it. Every update matches only the state it starts from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo.collection import Collection

from portal.notifications.models import ATTEMPTS, COLLECTION, Attempt
from portal.shared.mongo import Document, mongo


def _messages() -> Collection[Document]:
    return mongo.database[COLLECTION]


def _attempts() -> Collection[Document]:
    return mongo.database[ATTEMPTS]


def _due(channel: str, now: datetime) -> Document:
    """Pending, and not before its time; one without a time is due."""
    return {"notification_type": channel, "notification_status": "pending", "due_at": {"$not": {"$gt": now}}}


def is_any_due(channel: str, now: datetime) -> bool:
    return _messages().find_one(_due(channel, now), {"_id": 1}) is not None


def claim(channel: str, most: int, *, token: UUID, now: datetime, until: datetime) -> Sequence[Document]:
    """Take up to ``most`` due messages, the one waiting longest first; nobody else gets them until then."""
    messages = _messages()
    ids = [row["_id"] for row in messages.find(_due(channel, now), {"_id": 1}).sort("due_at").limit(most)]
    if not ids:
        return []
    free = {"_id": {"$in": ids}, **_due(channel, now)}
    messages.update_many(free, {"$set": {"claimed_by": token, "due_at": until}})
    return list(messages.find({"_id": {"$in": ids}, "notification_status": "pending", "claimed_by": token}))


def put_back(message_id: UUID, *, token: UUID, due_at: datetime) -> None:
    """Give up a claim: the message waits until then."""
    mine = {"_id": message_id, "notification_status": "pending", "claimed_by": token}
    _messages().update_one(mine, {"$set": {"due_at": due_at, "claimed_by": None}})


def begin(attempt: Attempt, *, token: UUID, until: datetime) -> bool:
    """Write down that the send begins, before it does; False when the claim is no longer ours."""
    mine = {"_id": attempt.notification_id, "notification_status": "pending", "claimed_by": token, "open_attempt": None}
    change = {"$set": {"open_attempt": attempt.id, "attempts": attempt.number, "due_at": until}}
    if not _messages().update_one(mine, change).modified_count:
        return False
    _attempts().insert_one(attempt.to_document())
    return True


def end(attempt_id: UUID, facts: Document) -> None:
    """Keep how an attempt ended; the first word counts."""
    _attempts().update_one({"_id": attempt_id, "ended_at": None}, {"$set": facts})


def mark(message_id: UUID, attempt_id: UUID | None, change: Document, *, tries: int = 0) -> bool:
    """Say how a pending message stands after this attempt; it is nobody's then."""
    pending = {"_id": message_id, "notification_status": "pending", "open_attempt": attempt_id}
    free = {"open_attempt": None, "claimed_by": None}
    update = {"$set": {**free, **change}, "$inc": {"tries": tries}}
    return _messages().update_one(pending, update).modified_count == 1


def get(attempt_id: UUID) -> Document | None:
    return _attempts().find_one({"_id": attempt_id})


def of_message(message_id: UUID) -> Sequence[Document]:
    """Every attempt at a message, the first one first."""
    return list(_attempts().find({"notification_id": message_id}).sort("number"))


def newest_hashes(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where each of these messages was sent last, as :func:`portal.shared.crypto.address_hash` tells it."""
    if not ids:
        return {}
    tried = {"notification_id": {"$in": list(ids)}}
    found = _attempts().find(tried, {"notification_id": 1, "recipient_hash": 1}).sort("number")
    return {row["notification_id"]: row["recipient_hash"] for row in found}


def add_receipt(message_id: UUID, channel: str, receipt: Document) -> bool:
    """Keep what a provider said later of the newest attempt that it accepted, once for each event."""
    sent = {"notification_id": message_id, "channel": channel, "outcome": {"$in": ["sent", "unknown", "timeout"]}}
    newest = _attempts().find_one(sent, {"_id": 1}, sort=[("number", -1)])
    if newest is None:
        return False
    fresh = {"_id": newest["_id"], "receipts.event": {"$ne": receipt["event"]}}
    _attempts().update_one(fresh, {"$push": {"receipts": receipt}})
    return True


def mark_address(message_id: UUID, error_class: str) -> None:
    """The provider accepted it and then found that the address does not work."""
    known = {"_id": message_id, "notification_status": {"$ne": "pending"}}
    _messages().update_one(known, {"$set": {"error_class": error_class}})
