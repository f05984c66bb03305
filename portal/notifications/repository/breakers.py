"""Whether a channel's provider is worth asking: one answer for all workers, kept in Mongo beside the messages.

``notification_breakers`` holds for each channel its ``failures`` in a row, ``failing_since`` and ``open_until``.
"""

from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.collection import Collection

from portal.shared.mongo import Document, mongo

BREAKERS = "notification_breakers"
MAX_FAILURES = 5
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=4)
PROBE = timedelta(seconds=30)


def _breakers() -> Collection[Document]:
    return mongo.database[BREAKERS]


def permitted(channel: str, most: int, *, now: datetime) -> int:
    """How many messages may be tried now: ``most``, none while it is open, and after that one, by one worker."""
    found = _breakers().find_one({"_id": channel})
    if found is None or not found.get("open_until"):
        return most
    if found["open_until"] > now:
        return 0
    mine = {"_id": channel, "open_until": found["open_until"]}
    return _breakers().update_one(mine, {"$set": {"open_until": now + PROBE}}).modified_count


def failed(channel: str, *, now: datetime) -> datetime | None:
    """Count a failure; when the breaker is open now, until when."""
    counted = _breakers().find_one_and_update(
        {"_id": channel},
        {"$inc": {"failures": 1}, "$min": {"failing_since": now}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    beyond: int = (counted or {"failures": 1})["failures"] - MAX_FAILURES
    if beyond < 0:
        return None
    until: datetime = now + min(LONGEST, SHORTEST * 2 ** min(beyond, 10))
    _breakers().update_one({"_id": channel}, {"$max": {"open_until": until}})
    return until


def worked(channel: str) -> None:
    """The provider is there; forget its failures."""
    broken = {"_id": channel, "failures": {"$gt": 0}}
    mended = {"$set": {"failures": 0, "open_until": None}, "$unset": {"failing_since": ""}}
    _breakers().update_one(broken, mended)


def failing() -> dict[str, datetime]:
    """The channels whose provider does not work, and since when."""
    found = _breakers().find({"failures": {"$gte": MAX_FAILURES}, "failing_since": {"$ne": None}})
    return {row["_id"]: row["failing_since"] for row in found}
