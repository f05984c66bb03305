"""The message log: filters built field by field, pages in index order, counts that stop at 1,001."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection as MongoCollection

from portal.notifications.models import (
    COLLECTION,
    LOG,
    Filters,
)
from portal.shared.mongo import Document, Mongo
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice

CAP = 1001
LINE = dict.fromkeys(
    (
        "user_id", "loan_id", "notification_category", "notification_type", "notification_title",
        "notification_status", "notification_sent_at", "notification_failed_at", "created_at", "error_class",
        "resend_of", "context",
    ),
    1,
)  # fmt: skip


_NEWER_SENT: list[Document] = [
    {
        "$lookup": {
            "from": COLLECTION,
            "let": {name: f"${name}" for name in ("user_id", "message", "loan_id", "created_at")},
            "pipeline": [
                {
                    "$match": {
                        "notification_status": "sent",
                        "$expr": {
                            "$and": [
                                {"$eq": ["$user_id", "$$user_id"]},
                                {"$eq": ["$context.message", "$$message"]},
                                {"$gt": ["$created_at", "$$created_at"]},
                                {"$eq": ["$loan_id", "$$loan_id"]},
                            ]
                        },
                    }
                },
                {"$limit": 1},
                {"$project": {"_id": 1}},
            ],
            "as": "newer",
        }
    },
    {"$match": {"newer": {"$ne": []}}},
    {"$project": {"_id": 1}},
]


class MessageLists:
    """``notifications_collection`` as lists and pages show it."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def page(self, filters: Filters, part: Slice) -> Sequence[Document]:
        """Up to one row more than a page, in reading order from ``part``."""
        order = ASCENDING if part.before else DESCENDING
        rows: list[Document] = []
        for place in _places(part):
            by = [("_id", order)] if "_id" in place else [("created_at", order), ("_id", order)]
            left = PAGE_SIZE + 1 - len(rows)
            if left:
                found = self._messages.find(_within(filters, place), LINE, hint=filters.index)
                rows += found.sort(by).limit(left)
        return rows

    def counts(self, statuses: Sequence[str]) -> dict[str, int]:
        """How many there are of each status; nobody counts beyond 1,001."""
        return {
            status: self._messages.count_documents({"notification_status": status}, limit=CAP, hint=LOG)
            for status in statuses
        }

    def newer_than(self, newest: Cursor, filters: Filters, most: int) -> int:
        """How many came in after ``newest``, up to ``most``."""
        places = _places(Slice(before=newest))
        return min(
            most,
            sum(
                self._messages.count_documents(_within(filters, place), limit=most, hint=filters.index)
                for place in places
            ),
        )

    def affected(self, channel: str, since: datetime, classes: Collection[str], *, oldest: datetime) -> int:
        """How many of a channel wait, or failed in one of these ways since then; looks at the newest 1,001 only."""
        query = Filters(channel=channel, since=oldest).to_query()
        failed = {"error_class": {"$in": list(classes)}, "notification_failed_at": {"$gte": since}}
        steps: list[Document] = [
            {"$match": {**query, "notification_status": {"$in": ["failed", "pending"]}}},
            {"$sort": {"created_at": DESCENDING, "_id": DESCENDING}},
            {"$limit": CAP},
            {"$match": {"$or": [{"notification_status": "pending"}, failed]}},
            {"$count": "messages"},
        ]
        return next((row["messages"] for row in self._messages.aggregate(steps, hint=LOG)), 0)

    def every(self, filters: Filters, most: int) -> Iterator[Document]:
        """All that match, newest first, read in batches."""
        found = self._messages.find(filters.to_query(), LINE, batch_size=500, hint=filters.index)
        yield from found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(most)

    def get(self, message_id: UUID) -> Document | None:
        return self._messages.find_one({"_id": message_id})

    def of_ids(self, ids: Sequence[UUID]) -> dict[UUID, Document]:
        return {row["_id"]: row for row in self._messages.find({"_id": {"$in": list(ids)}})}

    def with_newer_sent(self, documents: Sequence[Document]) -> set[UUID]:
        """Those of which a newer one of the same kind, about the same thing, was sent to the same customer."""
        asked = [
            {
                "_id": document["_id"],
                "user_id": document["user_id"],
                "message": (document.get("context") or {}).get("message"),
                "loan_id": document.get("loan_id"),
                "created_at": document["created_at"],
            }
            for document in documents
        ]
        if not asked:
            return set()
        found = self.mongo.database.aggregate([{"$documents": asked}, *_NEWER_SENT])
        return {row["_id"] for row in found}

    @property
    def _messages(self) -> MongoCollection[Document]:
        return self.mongo.database[COLLECTION]


def _places(part: Slice) -> Sequence[Document]:
    """Beyond a place in the list: the rest of its moment first, then what lies behind; each is one range of the index.

    However many messages carry the same time, none of them is passed over one by one.
    """
    cursor = part.after or part.before
    if cursor is None:
        return [{}]
    operator = "$lt" if part.after else "$gt"
    return [{"created_at": cursor.at, "_id": {operator: cursor.id}}, {"created_at": {operator: cursor.at}}]


def _within(filters: Filters, place: Document) -> Document:
    return {"$and": [filters.to_query(), place]} if place else filters.to_query()
