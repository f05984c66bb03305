"""Finding messages by their ids."""

from uuid import UUID

import structlog
from pymongo import ASCENDING
from pymongo.errors import PyMongoError

from portal.notifications.models import COLLECTION
from portal.shared.mongo import mongo

log = structlog.get_logger("portal.notifications")


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID] | None:
    """The messages whose ids lie between these; None while MongoDB does not answer."""
    try:
        found = mongo.database[COLLECTION].find({"_id": {"$gte": least, "$lte": most}}, {"_id": 1})
        return [document["_id"] for document in found.sort("_id", ASCENDING).limit(limit)]
    except PyMongoError:
        log.warning("messages unreadable", exc_info=True)
        return None
