"""The message log at size: which keys and documents its queries examine; ``python -m bench.messages`` alone."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.monitoring import CommandListener, CommandStartedEvent

from portal.demo.seed.messages import KINDS
from portal.dev.servers import throwaway_servers
from portal.notifications.log import LOG, MAX_NEW
from portal.notifications.messages import MESSAGES
from portal.notifications.models import COLLECTION, INDEXES, Category, Channel, Status
from portal.notifications.repository import numbers
from portal.shared.actor import PORTAL
from portal.shared.counting import CAP
from portal.shared.lists import EVERYTHING, Asked
from portal.shared.mongo import Document, mongo
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice

MOST, RANGES = 100, 36
BATCH = 2_000
SPAN = timedelta(days=600)
EVERYBODY, SOMEBODY, HIS_LOAN = (UUID(int=number << 64) for number in (1, 2, 3))
NOT_OF_THE_COMMAND = {"lsid", "txnNumber", "maxTimeMS", "readConcern"}


@dataclass(frozen=True, slots=True)
class Read:
    """What one query of a page examined."""

    page: str
    keys: int
    documents: int
    stages: frozenset[str]

    @property
    def is_beyond(self) -> bool:
        return max(self.keys, self.documents) > MOST or not self.is_in_order

    @property
    def is_beyond_counting(self) -> bool:
        return max(self.keys, self.documents) > CAP + RANGES or not self.is_in_order

    @property
    def is_in_order(self) -> bool:
        return not self.stages & {"SORT", "COLLSCAN"}


class _Commands(CommandListener):
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.found: list[Mapping[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in {"find", "aggregate"}:
            self.found.append(dict(event.command))

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


class Watched:
    """The log's own list, whose connection is listened to; a connection beside it explains what it asked."""

    def __init__(self, url: str) -> None:
        self.commands, self.url = _Commands(), url
        mongo.configure(url, event_listeners=[self.commands])
        self.client: MongoClient[Document] = MongoClient(url, uuidRepresentation="standard", tz_aware=True)
        self.database = self.client.get_default_database("portal")

    def pages(self, user_id: UUID, loan_id: UUID, *, deep: int) -> Iterator[Read]:
        """Every combination of filters: its first page, page ``deep`` or the last one, and the one before that."""
        for asked in every_filter(user_id, loan_id):
            name = f"{' '.join(asked.values) or 'all'} {[asked['status'], asked['category'], asked['type']]}"
            yield from self._read(f"{name}, first page", lambda a=asked: LOG.rows(a, Slice(), PORTAL))
            place = self._place(asked, deep)
            if place is None:
                continue
            for word, part in (("page", Slice(after=place)), ("back from page", Slice(before=place))):
                yield from self._read(f"{name}, {word} {deep}", lambda a=asked, p=part: LOG.rows(a, p, PORTAL))

    def counts(self) -> Iterator[Read]:
        """The numbers on the tabs, those of new messages, and those whom an outage of this day concerns."""
        now, place = datetime.now(UTC), self._place(EVERYTHING, 1_000)
        assert place
        yield from self._read("tabs", LOG.counts)
        yield from self._read("new ones", lambda: LOG.newer_than(place, EVERYTHING, MAX_NEW))
        since, oldest = now - timedelta(days=1), now - SPAN
        yield from self._read("outage", lambda: numbers.affected("sms", since, ["unavailable"], oldest=oldest))

    def close(self) -> None:
        self.client.close()
        mongo.configure(self.url)

    def _read(self, name: str, look: Any) -> Iterator[Read]:
        codec = self.database.codec_options
        self.commands.found.clear()
        look()
        for command in list(self.commands.found):
            asked = {key: value for key, value in command.items() if key[0] != "$" and key not in NOT_OF_THE_COMMAND}
            explained = self.database.command("explain", asked, verbosity="executionStats", codec_options=codec)
            stats = next(_all(explained, "executionStats"))
            stages = frozenset(stage for stage in _all(stats, "stage") if isinstance(stage, str))
            yield Read(name, stats["totalKeysExamined"], stats["totalDocsExamined"], stages)

    def _place(self, asked: Asked, deep: int) -> Cursor | None:
        """The last row of the page before ``deep``, or of them all."""
        found = self.database[COLLECTION].find(LOG.query(asked), {"created_at": 1}, hint=LOG.hint(asked.values))
        newest_first = found.sort([("created_at", -1), ("_id", -1)])
        skipped = newest_first.clone().skip((deep - 1) * PAGE_SIZE - 1).limit(1)
        oldest = newest_first.sort([("created_at", 1), ("_id", 1)]).limit(1)
        row = next(skipped, None) or next(oldest, None)
        return Cursor(row["created_at"], row["_id"]) if row else None


def every_filter(user_id: UUID, loan_id: UUID) -> Iterator[Asked]:
    """Each status, category and channel or none, with each of: nothing, from, to, both, a customer, a loan, both."""
    now = datetime.now(UTC)
    since, until = (now - SPAN / 2).date(), (now - SPAN / 4).date()
    rest: tuple[dict[str, Any], ...] = (
        {},
        {"from": since},
        {"to": until},
        {"from": since, "to": until},
        {"user": user_id},
        {"loan": loan_id},
        {"user": user_id, "loan": loan_id},
    )
    enums = product([None, *Status], [None, *Category], [None, *Channel])
    for (status, category, channel), other in product(enums, rest):
        chosen = {"status": status, "category": category, "type": channel}
        yield Asked(values={name: value for name, value in {**chosen, **other}.items() if value})


def skewed(count: int, now: datetime) -> Iterator[Document]:
    """Messages as unlike each other as they come: one customer has a fiftieth, a hundredth bears one and the same time,
    pending and failed ones are rare and the oldest, and of the category ``other`` there is one in a thousand."""
    step, statuses, channels = SPAN / count, [*map(str, Status)], [*map(str, Channel)]
    for number in range(count):
        kind = MESSAGES[KINDS[number % 4]]
        is_his = number % 50 == 0
        is_old = number > count - count // 200
        status = statuses[number // 7 % 3] if is_old else "failed" if number % 5_000 == 1 else "sent"
        at = now - SPAN / 3 if number % 100 == 3 else now - number * step
        yield {
            "_id": UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128),
            "user_id": SOMEBODY if is_his else UUID(int=EVERYBODY.int + number // 4),
            "loan_id": HIS_LOAN if is_his else UUID(int=EVERYBODY.int * 5 + number // 3) if number % 4 else None,
            "notification_category": "other" if number % 1_000 == 7 else kind.category,
            "notification_type": channels[number // 3 % 3],
            "notification_title": kind.wording["id"].title,
            "notification_content": kind.wording["id"].content,
            "notification_status": status,
            "created_at": at,
            "due_at": now + timedelta(days=2) if status == "pending" else None,
            "context": {"message": KINDS[number % 4]},
        }


def load(messages: Collection[Document], count: int) -> None:
    """Insert them."""
    batch: list[Document] = []
    for document in skewed(count, datetime.now(UTC)):
        batch.append(document)
        if len(batch) == BATCH:
            messages.insert_many(batch, ordered=False, bypass_document_validation=True)
            batch = []
    if batch:
        messages.insert_many(batch, ordered=False, bypass_document_validation=True)


def report(url: str, user_id: UUID, loan_id: UUID, *, deep: int) -> int:
    """Measure every page, say the worst, and return how many queries examine more than they may."""
    with watched(url) as log:
        started = time.monotonic()
        reads = list(log.pages(user_id, loan_id, deep=deep))
        seconds = time.monotonic() - started
        counts = list(log.counts())
    beyond = [read for read in reads if read.is_beyond] + [read for read in counts if read.is_beyond_counting]
    worst = max(reads, key=lambda read: (read.keys, read.documents))
    print(f"messages: {len(reads):,} queries of {len({read.page for read in reads}):,} pages in {seconds:.0f} s")
    print(f"    most keys {worst.keys} ({worst.page}), most documents {max(read.documents for read in reads)}")
    for read in counts:
        print(f"    count, {read.page}: {read.keys} keys, {read.documents} documents")
    for read in beyond[:20]:
        print(f"    BROKEN  {read.page}: {read.keys} keys, {read.documents} documents, {sorted(read.stages)}")
    return len(beyond)


def somebody(url: str) -> tuple[UUID, UUID]:
    """A customer and a loan with messages."""
    with MongoClient[Document](url, uuidRepresentation="standard") as client:
        found = client.get_default_database("portal")[COLLECTION].find_one({"loan_id": {"$ne": None}})
    assert found
    return found["user_id"], found["loan_id"]


@contextmanager
def watched(url: str) -> Iterator[Watched]:
    log = Watched(url)
    try:
        yield log
    finally:
        log.close()


def _all(found: Any, name: str) -> Iterator[Any]:
    if isinstance(found, Mapping):
        if name in found:
            yield found[name]
        for value in found.values():
            yield from _all(value, name)
    elif isinstance(found, list):
        for value in found:
            yield from _all(value, name)


def main() -> int:
    """The exit code: 1 when a query examines more than it may."""
    parser = argparse.ArgumentParser(prog="bench.messages", description=__doc__)
    parser.add_argument("--messages", type=int, default=4_000_000, help="messages to load (%(default)s)")
    parser.add_argument("--page", type=int, default=1_000, help="the deep page (%(default)s)")
    options = parser.parse_args()
    with throwaway_servers() as servers:
        started = time.monotonic()
        with MongoClient[Document](servers.mongo_url, uuidRepresentation="standard") as client:
            database = client.get_default_database()
            load(database[COLLECTION], options.messages)
            print(f"{options.messages:,} messages loaded after {time.monotonic() - started:.0f} s", flush=True)
            database[COLLECTION].create_indexes(INDEXES)
            sizes = database.command("collStats", COLLECTION)["indexSizes"]
            print(f"Ready after {time.monotonic() - started:.0f} s; MB of indexes:", flush=True)
            print({name: round(size / 1e6) for name, size in sizes.items()}, flush=True)
        return 1 if report(servers.mongo_url, SOMEBODY, HIS_LOAN, deep=options.page) else 0


if __name__ == "__main__":
    sys.exit(main())
