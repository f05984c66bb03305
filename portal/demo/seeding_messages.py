"""Messages at size, straight into Mongo: four for every customer, every fact of them from his id."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pymongo
from sqlalchemy import text

from portal.notifications import MESSAGES
from portal.notifications.models import COLLECTION
from portal.shared.database import db
from portal.shared.mongo import mongo

BATCH = 500
KINDS = ("kyc-verified", "loan-approved", "payment-due-tomorrow", "payment-overdue")
CHANNELS = ("email", "email", "sms", "push")
STATUSES = (*["sent"] * 17, "failed", "failed", "pending")
FAILURES = ("permanent", "unavailable", "timeout", "unknown", "rejected")
SPAN = 600 * 86_400
NOBODY = UUID(int=0)
_NEXT = text("SELECT id, fullname FROM user_profile WHERE id > :after ORDER BY id LIMIT :most")


def batches(users: int) -> int:
    """How many batches that many customers make."""
    return -(-users // BATCH)


def seed_messages(now: datetime) -> Iterator[int]:
    """Write the messages of every customer; yields how many of each batch."""
    after = NOBODY
    while True:
        with db.engine.connect() as connection:
            customers = connection.execute(_NEXT, {"after": after, "most": BATCH}).all()
        if not customers:
            return
        documents = [document for id_, name in customers for document in _messages(id_, name, now)]
        with pymongo.timeout(60):
            mongo.database[COLLECTION].insert_many(documents, ordered=False, bypass_document_validation=True)
        yield len(documents)
        after = customers[-1].id


def _messages(user_id: UUID, name: str, now: datetime) -> Sequence[dict[str, Any]]:
    digest = hashlib.blake2b(user_id.bytes, digest_size=64).digest()
    loan_id = UUID(hashlib.md5(f"loan{user_id}1".encode(), usedforsecurity=False).hexdigest())
    return [
        _message(user_id, name, kind, None if kind == "kyc-verified" else loan_id, digest[16 * n : 16 * n + 16], now)
        for n, kind in enumerate(KINDS)
    ]


def _message(user_id: UUID, name: str, kind: str, loan_id: UUID | None, digest: bytes, now: datetime) -> dict[str, Any]:
    lot = int.from_bytes(digest[:8], "big")
    status, channel = STATUSES[lot % 20], CHANNELS[lot // 20 % 4]
    is_pending = status == "pending"
    created_at = now - timedelta(seconds=lot % (86_400 if is_pending else SPAN) + (0 if is_pending else 86_400))
    ended_at = created_at + timedelta(seconds=61)
    wording = MESSAGES[kind].wording["id"]
    return {
        "_id": UUID(bytes=digest),
        "user_id": user_id,
        "loan_id": loan_id,
        "notification_category": MESSAGES[kind].category,
        "notification_type": channel,
        "notification_title": wording.title,
        "notification_content": wording.content.format(name=name),
        "notification_status": status,
        "notification_sent_at": ended_at if status == "sent" else None,
        "notification_failed_at": ended_at if status == "failed" else None,
        "error_class": FAILURES[lot // 80 % len(FAILURES)] if status == "failed" else None,
        "created_at": created_at,
        # Nobody waits for these: a worker beside the seed has other things to do.
        "due_at": now + timedelta(days=2) if is_pending else None,
        "tries": 0 if is_pending else 1,
        "context": {"message": kind},
    }
