"""Messages as they lie in the log."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.notifications import batches
from portal.notifications.models import COLLECTION
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


def make_batch(**given: Any) -> UUID:
    """A bulk resend of one message that can go out, looked at and not confirmed."""
    maya = given.pop("actor", None) or make_staff(Role.SUPPORT_AGENT).actor
    return batches.select([make_message(**given)], None, command=uuid4(), actor=maya)
