"""Messages as they lie in the log."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.notifications.models import COLLECTION
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.factories import make_customer


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
