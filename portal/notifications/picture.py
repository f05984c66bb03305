"""What became of the messages of late, for the home page of those who send them again.

A handful of counts over the log's own indexes, none beyond 1,001, in one round trip. They stop there, so that a day on
which a million messages fail costs no more than one with a thousand; a counter kept beside the log would be one more
thing to agree with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from portal import users
from portal.notifications.models import COLLECTION
from portal.shared import clock
from portal.shared.clock import WIB
from portal.shared.counting import CAP
from portal.shared.mongo import Document, Mongo, mongo
from portal.users import Person

DAYS_COUNTED = 7
CHANNELS = ("sms", "email", "push")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that did not arrive."""

    id: UUID
    customer: Person
    channel: str
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryNumbers:
    """Messages written in the last seven WIB days that failed, by day (today first) and channel; and those that wait.

    No count goes beyond 1,001.
    """

    days: dict[date, int]
    failed: dict[str, int]
    pending: dict[str, int]

    @property
    def first_day(self) -> date:
        return min(self.days)

    @property
    def all_failed(self) -> int:
        return min(CAP, sum(self.days.values()))

    @property
    def all_pending(self) -> int:
        return min(CAP, sum(self.pending.values()))


class MessageTallies:
    """``notifications_collection`` in numbers."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def count(self, queries: Sequence[Document]) -> list[int]:
        """How many documents fulfil each of these filters, in one round trip."""
        first, *others = (_counting(place, query) for place, query in enumerate(queries))
        unions = [{"$unionWith": {"coll": COLLECTION, "pipeline": pipeline}} for pipeline in others]
        found = {row["place"]: row["number"] for row in self.mongo.database[COLLECTION].aggregate([*first, *unions])}
        return [found.get(place, 0) for place in range(len(queries))]

    def newest_failed(self, most: int) -> list[Document]:
        """The newest messages that failed."""
        found = self.mongo.database[COLLECTION].find({"notification_status": "failed"}, _LINE)
        return list(found.sort([("created_at", -1), ("_id", -1)]).limit(most))


_LINE = dict.fromkeys(("user_id", "notification_type", "notification_title", "created_at"), 1)
tallies = MessageTallies(mongo)


def delivery_numbers() -> DeliveryNumbers:
    """All of them; raises what Mongo raises when it does not answer."""
    days = [clock.today() - n * DAY for n in range(DAYS_COUNTED)]
    since = {"created_at": {"$gte": _begin(days[-1])}}
    counts = iter(
        tallies.count(
            [
                *({**_FAILED, "created_at": {"$gte": _begin(day), "$lt": _begin(day + DAY)}} for day in days),
                *({**_FAILED, "notification_type": channel, **since} for channel in CHANNELS),
                *({"notification_status": "pending", "notification_type": channel} for channel in CHANNELS),
            ]
        )
    )
    return DeliveryNumbers(_named(days, counts), _named(CHANNELS, counts), _named(CHANNELS, counts))


def newest_failed(most: int) -> list[Failed]:
    """The newest messages that did not arrive; raises as :func:`delivery_numbers`."""
    rows = tallies.newest_failed(most)
    people = users.names_of(row["user_id"] for row in rows)
    return [
        Failed(
            row["_id"],
            people[row["user_id"]],
            row["notification_type"],
            row["notification_title"],
            row["created_at"],
        )
        for row in rows
    ]


_FAILED: Document = {"notification_status": "failed"}


def _counting(place: int, query: Document) -> list[Document]:
    return [{"$match": query}, {"$limit": CAP}, {"$count": "number"}, {"$set": {"place": place}}]


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), WIB)


def _named(names: Iterable[Any], counts: Iterable[int]) -> dict[Any, int]:
    return dict(zip(names, counts, strict=False))
