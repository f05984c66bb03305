"""Whether a channel's provider is worth asking: one answer for all workers, kept in Mongo beside the messages."""

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from portal.shared.mongo import Mongo

BREAKERS = "notification_breakers"
TOLERATED = 5
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=4)
PROBE = timedelta(seconds=30)


class Breaker:
    """``notification_breakers``: for each channel its ``failures`` in a row, ``failing_since`` and ``open_until``."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def permitted(self, channel: str, most: int, *, now: datetime) -> int:
        """How many messages may be tried now: ``most``, none while it is open, and after that one, by one worker."""
        breakers = self.mongo.database[BREAKERS]
        found = breakers.find_one({"_id": channel})
        if found is None or not found.get("open_until"):
            return most
        if found["open_until"] > now:
            return 0
        mine = {"_id": channel, "open_until": found["open_until"]}
        return breakers.update_one(mine, {"$set": {"open_until": now + PROBE}}).modified_count

    def failed(self, channel: str, *, now: datetime) -> datetime | None:
        """Count a failure; when the breaker is open now, until when."""
        breakers = self.mongo.database[BREAKERS]
        counted = breakers.find_one_and_update(
            {"_id": channel},
            {"$inc": {"failures": 1}, "$min": {"failing_since": now}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        beyond: int = (counted or {"failures": 1})["failures"] - TOLERATED
        if beyond < 0:
            return None
        until: datetime = now + min(LONGEST, SHORTEST * 2 ** min(beyond, 10))
        breakers.update_one({"_id": channel}, {"$max": {"open_until": until}})
        return until

    def worked(self, channel: str) -> None:
        """The provider is there; forget its failures."""
        broken = {"_id": channel, "failures": {"$gt": 0}}
        mended = {"$set": {"failures": 0, "open_until": None}, "$unset": {"failing_since": ""}}
        self.mongo.database[BREAKERS].update_one(broken, mended)

    def failing(self) -> dict[str, datetime]:
        """The channels whose provider does not work, and since when."""
        found = self.mongo.database[BREAKERS].find({"failures": {"$gte": TOLERATED}, "failing_since": {"$ne": None}})
        return {row["_id"]: row["failing_since"] for row in found}
