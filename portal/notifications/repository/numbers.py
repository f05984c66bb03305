"""Messages in numbers, none beyond 1,001."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pymongo import DESCENDING

from portal.notifications.models import COLLECTION, LOG_INDEX, Category, Channel
from portal.shared.counting import CAP
from portal.shared.mongo import Document, mongo


def count(queries: Sequence[Document]) -> list[int]:
    """How many messages fulfil each of these filters, in one round trip."""
    first, *others = (_counting(place, query) for place, query in enumerate(queries))
    unions = [{"$unionWith": {"coll": COLLECTION, "pipeline": pipeline}} for pipeline in others]
    found = {row["place"]: row["number"] for row in mongo.database[COLLECTION].aggregate([*first, *unions])}
    return [found.get(place, 0) for place in range(len(queries))]


def _counting(place: int, query: Document) -> list[Document]:
    return [{"$match": query}, {"$limit": CAP}, {"$count": "number"}, {"$set": {"place": place}}]


def affected(channel: str, since: datetime, classes: Collection[str], *, oldest: datetime) -> int:
    """How many of a channel wait, or failed in one of these ways since then; looks at the newest 1,001 only."""
    newest = {
        "notification_status": {"$in": ["failed", "pending"]},
        "notification_category": {"$in": [category.value for category in Category]},
        "notification_type": Channel(channel).value,
        "created_at": {"$gte": oldest},
    }
    failed = {"error_class": {"$in": list(classes)}, "notification_failed_at": {"$gte": since}}
    steps: list[Document] = [
        {"$match": newest},
        {"$sort": {"created_at": DESCENDING, "_id": DESCENDING}},
        {"$limit": CAP},
        {"$match": {"$or": [{"notification_status": "pending"}, failed]}},
        {"$count": "messages"},
    ]
    found = mongo.database[COLLECTION].aggregate(steps, hint=LOG_INDEX)
    return next((row["messages"] for row in found), 0)
