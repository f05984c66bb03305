"""The message log: filters built field by field, pages in index order, counts that stop at 1,001."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from portal.notifications.models import COLLECTION
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


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; ``since`` and ``until`` are moments, the latter exclusive."""

    status: str | None = None
    category: str | None = None
    channel: str | None = None
    user_id: UUID | None = None
    loan_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def to_query(self) -> Document:
        """The filter Mongo gets: typed values only, never an operator of somebody else's."""
        given = {
            "notification_status": self.status,
            "notification_category": self.category,
            "notification_type": self.channel,
            "user_id": self.user_id,
            "loan_id": self.loan_id,
        }
        query: Document = {name: value for name, value in given.items() if value is not None}
        span = {"$gte": self.since, "$lt": self.until}
        bounds = {operator: at for operator, at in span.items() if at}
        return {**query, "created_at": bounds} if bounds else query


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
        query = {"$and": [filters.to_query(), _place(part)]} if part.after or part.before else filters.to_query()
        found = self._messages.find(query, LINE).sort([("created_at", order), ("_id", order)])
        return list(found.limit(PAGE_SIZE + 1))

    def counts(self, statuses: Sequence[str]) -> dict[str, int]:
        """How many there are of each status; nobody counts beyond 1,001."""
        return {
            status: self._messages.count_documents({"notification_status": status}, limit=CAP) for status in statuses
        }

    def newer_than(self, newest: Cursor, filters: Filters, most: int) -> int:
        """How many came in after ``newest``, up to ``most``."""
        query = {"$and": [filters.to_query(), _place(Slice(before=newest))]}
        return self._messages.count_documents(query, limit=most)

    def every(self, filters: Filters, most: int) -> Iterator[Document]:
        """All that match, newest first, read in batches."""
        found = self._messages.find(filters.to_query(), LINE, batch_size=500)
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
    def _messages(self) -> Collection[Document]:
        return self.mongo.database[COLLECTION]


def _place(part: Slice) -> Document:
    """Beyond a place in the list; the first condition bounds the index, the second parts equal times."""
    cursor = part.after or part.before
    assert cursor
    operator = "$lt" if part.after else "$gt"
    return {
        "created_at": {f"{operator}e": cursor.at},
        "$or": [{"created_at": {operator: cursor.at}}, {"_id": {operator: cursor.id}}],
    }
