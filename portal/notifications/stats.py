"""The messages in numbers, on the timeline, in a search; and the channels whose provider is down.

Numbers are a handful of counts over the log's own indexes, none beyond 1,001, in one round trip. They stop there, so
that a day on which a million messages fail costs no more than one with a thousand; a counter kept beside the log would
be one more thing to agree with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from portal.notifications.delivery import FAULTS, MAX_AGE
from portal.notifications.log import LOG, MessageRow, newest_of
from portal.notifications.models import Channel, Status
from portal.notifications.repository import breakers, messages, numbers
from portal.shared import clock
from portal.shared.actor import PORTAL
from portal.shared.clock import WIB
from portal.shared.counting import CAP
from portal.shared.lists import Asked
from portal.shared.mongo import Document
from portal.shared.pagination import Cursor, Slice
from portal.shared.timeline import Happening

DAYS_COUNTED = 7
DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)

log = structlog.get_logger("portal.notifications")


@dataclass(frozen=True, slots=True)
class Outage:
    """A channel whose provider fails, since when, and how many messages wait or failed for it, counted up to 1,001."""

    channel: Channel
    since: datetime
    affected: int


@dataclass(frozen=True, slots=True)
class DeliveryNumbers:
    """Messages written in the last seven WIB days that failed, by day (today first) and channel; and those that wait.

    No count goes beyond 1,001.
    """

    days: dict[date, int]
    failed: dict[Channel, int]
    pending: dict[Channel, int]

    @property
    def all_failed(self) -> int:
        return min(CAP, sum(self.days.values()))

    @property
    def all_pending(self) -> int:
        return min(CAP, sum(self.pending.values()))


def delivery_numbers() -> DeliveryNumbers:
    """All of them; raises what Mongo raises when it does not answer."""
    days = [clock.today() - n * DAY for n in range(DAYS_COUNTED)]
    since = {"created_at": {"$gte": _begin(days[-1])}}
    failed, pending = {"notification_status": "failed"}, {"notification_status": "pending"}
    counts = iter(
        numbers.count(
            [
                *({**failed, "created_at": {"$gte": _begin(day), "$lt": _begin(day + DAY)}} for day in days),
                *({**failed, "notification_type": channel.value, **since} for channel in Channel),
                *({**pending, "notification_type": channel.value} for channel in Channel),
            ]
        )
    )
    return DeliveryNumbers(_named(days, counts), _named(Channel, counts), _named(Channel, counts))


def newest_failed(most: int) -> Sequence[MessageRow]:
    """The newest messages that did not arrive; raises as :func:`delivery_numbers`."""
    return newest_of(status=Status.FAILED)[:most]


def outages() -> Sequence[Outage]:
    """The channels that are down now, the one down for longest first."""
    failing = sorted(breakers.failing().items(), key=lambda item: item[1])
    return [
        Outage(Channel(channel), since, numbers.affected(channel, since, FAULTS, oldest=since - MAX_AGE))
        for channel, since in failing
    ]


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening] | None:
    """The newest messages to a customer before a place, a page at most; None while MongoDB does not answer."""
    try:
        documents = LOG.rows(Asked(values={"user": user_id}), Slice(after=_place(before)), PORTAL)
    except PyMongoError:
        log.warning("messages unreadable", exc_info=True)
        return None
    return [_happening(document) for document in documents[:limit]]


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID] | None:
    """The messages whose ids lie between these; None while MongoDB does not answer."""
    try:
        return messages.ids_between(least, most, limit)
    except PyMongoError:
        log.warning("messages unreadable", exc_info=True)
        return None


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), WIB)


def _named(names: Iterable[Any], counts: Iterable[int]) -> dict[Any, int]:
    return dict(zip(names, counts, strict=False))


def _place(before: Cursor | None) -> Cursor | None:
    """The place in Mongo's time, which has milliseconds: what lies in the same one is before whatever came after it."""
    if before is None or before.at.microsecond % 1000 == 0:
        return before
    whole = before.at.replace(microsecond=before.at.microsecond // 1000 * 1000)
    return Cursor(whole + MILLISECOND, UUID(int=0))


def _happening(document: Document) -> Happening:
    facts = {"title": document["notification_title"], "channel": document["notification_type"]}
    kind = f"message.{document['notification_status']}"
    return Happening(document["created_at"], document["_id"], kind, document["_id"], facts=facts)
