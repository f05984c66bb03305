"""What changes while somebody looks at the log: new messages, how the shown ones end, and providers that are down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.notifications.browsing import lists
from portal.notifications.delivery import FAULTS, LONGEST, breaker
from portal.notifications.models import Filters
from portal.shared.pagination import Cursor

MOST_NEW = 100


@dataclass(frozen=True, slots=True)
class News:
    """How many messages came in, up to 100, and how those ended that were pending, by id."""

    fresh: int
    ended: Mapping[UUID, tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Outage:
    """A channel whose provider fails, since when, and how many messages wait or failed for it, counted up to 1,001."""

    channel: str
    since: datetime
    affected: int


def news(filters: Filters, *, newest: Cursor | None, pending: Sequence[UUID]) -> News:
    """What is new since a page was drawn; ``newest`` is its first row, None on later pages."""
    fresh = lists.newer_than(newest, filters, MOST_NEW) if newest else 0
    found = lists.of_ids(pending) if pending else {}
    ended = {
        id_: (row["notification_status"], row.get("error_class"))
        for id_, row in found.items()
        if row["notification_status"] != "pending"
    }
    return News(fresh, ended)


def outages() -> Sequence[Outage]:
    """The channels that are down now, the one down for longest first."""
    failing = sorted(breaker.failing().items(), key=lambda item: item[1])
    return [
        Outage(channel, since, lists.affected(channel, since, FAULTS, oldest=since - LONGEST))
        for channel, since in failing
    ]
