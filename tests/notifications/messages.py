"""Messages as they lie in the log."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.notifications.models import ATTEMPTS, COLLECTION, ErrorClass
from portal.notifications.resends import batches
from portal.permissions import Role
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.factories import make_customer, make_staff


def make_message(**given: Any) -> UUID:
    """A failed SMS about a loan unless told otherwise; ``age`` is how long ago it was written."""
    age = given.pop("age", timedelta(hours=1))
    document = {
        "_id": uuid4(),
        "user_id": given.pop("user_id", None) or make_customer(),
        "loan_id": None,
        "notification_category": "loan",
        "notification_type": "sms",
        "notification_title": "Pinjaman Anda disetujui",
        "notification_content": "Halo, pinjaman Anda sudah disetujui.",
        "notification_status": "failed",
        "created_at": clock.now() - age,
        **given,
    }
    mongo.database[COLLECTION].insert_one(document)
    return UUID(str(document["_id"]))


def make_attempt(message_id: UUID, number: int = 1, **given: Any) -> UUID:
    """A try that was answered with HTTP 200, or what it is told; ``error_class`` says how it failed."""
    error_class = given.get("error_class")
    at = clock.now() - timedelta(minutes=50 - number)
    document = {
        "_id": uuid4(),
        "notification_id": message_id,
        "number": number,
        "started_at": at,
        "ended_at": at + timedelta(seconds=1),
        "channel": "sms",
        "provider": "gateway",
        "recipient_masked": "+62812••••789",
        "recipient_hash": "0" * 64,
        "outcome": ErrorClass(error_class).outcome.value if error_class else "sent",
        "provider_answer": "HTTP 200",
        **given,
    }
    mongo.database[ATTEMPTS].insert_one(document)
    return UUID(str(document["_id"]))


def make_batch(**given: Any) -> UUID:
    """A bulk resend of one message that can go out, looked at and not confirmed."""
    maya = given.pop("actor", None) or make_staff(Role.SUPPORT_AGENT).actor
    return batches.select([make_message(**given)], None, by=uuid4(), actor=maya)
