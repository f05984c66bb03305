"""Messages at size, straight into Mongo: four for every customer, every fact of them from the customer's id."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pymongo

from portal.demo.seed.customers import in_batches
from portal.notifications import MESSAGES
from portal.notifications.models import COLLECTION
from portal.shared.mongo import mongo

BATCH_SIZE = 500
KINDS = ("kyc-verified", "loan-approved", "payment-due-tomorrow", "payment-overdue")
CHANNELS = ("email", "email", "sms", "push")
STATUSES = (*["sent"] * 17, "failed", "failed", "pending")
FAILURES = ("permanent", "unavailable", "timeout", "unknown", "rejected")
SPAN = 600 * 86_400


def seed_messages(now: datetime) -> Iterator[tuple[int, int]]:
    """Write those of every customer; yields for each batch the number of customers and of messages."""
    for batch in in_batches(BATCH_SIZE):
        documents = [document for id_, name in batch for document in _messages(id_, name, now)]
        with pymongo.timeout(60):
            mongo.database[COLLECTION].insert_many(documents, ordered=False, bypass_document_validation=True)
        yield len(batch), len(documents)


def _messages(user_id: UUID, name: str, now: datetime) -> Iterator[dict[str, Any]]:
    digest = hashlib.blake2b(user_id.bytes, digest_size=64).digest()
    loan_id = UUID(hashlib.md5(f"loan{user_id}1".encode(), usedforsecurity=False).hexdigest())
    for place, kind in enumerate(KINDS):
        facts = _facts(digest[16 * place : 16 * place + 16], now)
        message, wording = MESSAGES[kind], MESSAGES[kind].wording["id"]
        yield facts | {
            "user_id": user_id,
            "loan_id": None if kind == "kyc-verified" else loan_id,
            "notification_category": message.category,
            "notification_title": wording.title,
            "notification_content": wording.content.format(name=name),
            "context": {"message": kind},
        }


def _facts(digest: bytes, now: datetime) -> dict[str, Any]:
    lot = int.from_bytes(digest[:8], "big")
    status, is_pending = STATUSES[lot % 20], STATUSES[lot % 20] == "pending"
    created_at = now - timedelta(seconds=lot % (86_400 if is_pending else SPAN) + (0 if is_pending else 86_400))
    ended_at = created_at + timedelta(seconds=61)
    return {
        "_id": UUID(bytes=digest),
        "notification_type": CHANNELS[lot // 20 % 4],
        "notification_status": status,
        "notification_sent_at": ended_at if status == "sent" else None,
        "notification_failed_at": ended_at if status == "failed" else None,
        "error_class": FAILURES[lot // 80 % len(FAILURES)] if status == "failed" else None,
        "created_at": created_at,
        # Nobody waits for these: a worker beside the seed has other things to do.
        "due_at": now + timedelta(days=2) if is_pending else None,
        "tries": 0 if is_pending else 1,
    }
