"""Sending: a chunk of due messages is taken, each send is written down before it happens, and then how it ended.

A worker may die at any point. What it took comes free when its claim ends; of a send that began, either the attempt
says how it ended, or the provider drops the copy by its key, or the message ends as ``unknown`` and is not repeated.
"""

import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from portal import config, users
from portal.notifications.channels import Outbox, Outgoing, Provider, Result, provider_of, rate_of
from portal.notifications.models import Attempt, Channel, ErrorClass, Outcome, Status
from portal.notifications.quiet import next_allowed
from portal.notifications.repository import attempts, breakers
from portal.shared import clock, crypto, jobs, metrics, throttle
from portal.shared.database import db
from portal.shared.mongo import Document

BATCH_SIZE, PARALLEL, MAX_SLOTS = 100, 16, 4
BATCH_TIMEOUT, MONGO_TIMEOUT = 5.0, 30.0
CLAIM_TIMEOUT = timedelta(minutes=2)
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
MAX_AGE = timedelta(hours=72)
FAULTS = {"credentials", "tls", "unreachable", "unavailable", "broken_answer", "timeout", "unknown"}

log = structlog.get_logger("portal.notifications")


def wake(channel: str, *, slot: int = 0, after: timedelta | None = None) -> None:
    """Have a worker look for due messages of this channel."""
    key = f"deliver:{channel}:{slot}"
    jobs.wake(deliver, key=key, after=after, channel=channel, slot=slot)


@jobs.queue.periodic(cron="* * * * *")
@jobs.queue.task(name="notifications.sweep", queue="sending", queueing_lock="notifications.sweep")
def sweep(timestamp: int) -> None:
    """Wake the channels that have due messages: retries, scheduled ones, and what a dead worker left."""
    try:
        due = [channel.value for channel in Channel if attempts.is_any_due(channel.value, clock.now())]
    except PyMongoError as error:
        log.warning("no Mongo, messages wait", error=type(error).__name__)
        return
    for channel in due:
        wake(channel)


@jobs.queue.task(name="notifications.deliver", queue="sending")
def deliver(*, channel: str, slot: int) -> None:
    """Send up to a hundred due messages of a channel; the sweep comes back for what is left."""
    try:
        _deliver(channel, slot)
    except PyMongoError as error:
        log.warning("no Mongo, messages wait", channel=channel, error=type(error).__name__)


def _deliver(channel: str, slot: int) -> None:
    now = clock.now()
    most = breakers.permitted(channel, _allowance(channel), now=now)
    if not most:
        return
    token = crypto.new_id()
    taken = attempts.claim(channel, most, token=token, now=now, until=now + CLAIM_TIMEOUT)
    if len(taken) == BATCH_SIZE and slot + 1 < MAX_SLOTS:  # many wait: one more beside this one
        wake(channel, slot=slot + 1)
    recipients = users.recipients({document["user_id"] for document in taken})
    db.session.rollback()
    chunk = Chunk(channel, provider_of(channel), token, recipients, time.monotonic() + BATCH_TIMEOUT)
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(chunk.handle, taken))
    if not chunk.closed_until and attempts.is_any_due(channel, clock.now()):
        wake(channel, slot=slot)


def _allowance(channel: str) -> int:
    """How many of a chunk the provider's rate allows in this second, for all workers together."""
    rate = rate_of(channel)
    if rate is None:
        return BATCH_SIZE
    wanted = min(BATCH_SIZE, rate)
    allowed = max(0, wanted - max(0, throttle.count(f"messages:{channel}", seconds=1, amount=wanted).n - rate))
    if not allowed:
        wake(channel, after=timedelta(seconds=1))
    return allowed


@dataclass(slots=True)
class Chunk:
    """What one job has taken.

    ``closed_until`` is set once the provider is not worth asking any more, ``is_doubtful`` until it is known to work.
    """

    channel: str
    provider: Provider
    token: UUID
    recipients: Mapping[UUID, users.Recipient]
    deadline: float
    closed_until: datetime | None = None
    is_doubtful: bool = True

    def handle(self, document: Document) -> None:
        """Send one message, or say why not, or put it back."""
        now = clock.now()
        if document.get("open_attempt"):
            self._take_over(document)
        elif self.closed_until or time.monotonic() > self.deadline:
            self._put_back(document, self.closed_until or now)
        elif problem := self._problem(document, now):
            # No attempt: there is nobody to send it to, or it is too late.
            _mark(document, None, _ended(now, Outcome.PERMANENT, problem))
        elif (allowed_at := self._allowed_at(document, now)) > now:
            self._put_back(document, allowed_at)
        else:
            self._send(document)

    def _problem(self, document: Document, now: datetime) -> str | None:
        """Why nobody gets this message."""
        recipient = self.recipients.get(document["user_id"])
        if now - document["created_at"] > MAX_AGE:
            return ErrorClass.EXPIRED.value
        if recipient is None:
            return ErrorClass.NO_CUSTOMER.value
        return ErrorClass.NO_ADDRESS.value if recipient.addresses.get(self.channel) is None else None

    def _allowed_at(self, document: Document, now: datetime) -> datetime:
        if document["notification_category"] != "payment":
            return now
        return next_allowed(now, self.recipients[document["user_id"]].timezone, config.current().holidays)

    def _send(self, document: Document) -> None:
        address = self.recipients[document["user_id"]].addresses[self.channel]
        attempt = Attempt(
            id=crypto.new_id(),
            notification_id=document["_id"],
            number=document.get("attempts", 0) + 1,
            started_at=clock.now(),
            channel=self.channel,
            provider=self.provider.name,
            recipient_masked=users.mask(self.channel, address),
            recipient_hash=crypto.address_hash(address),
        )
        if not attempts.begin(attempt, token=self.token, until=attempt.started_at + CLAIM_TIMEOUT):
            return
        fields = ("notification_title", "notification_content", "notification_link")
        title, content, link = (document.get(name) for name in fields)
        result = self.provider.send(Outgoing(document["_id"], self.channel, address, title or "", content or "", link))
        self._settle(document, attempt.id, result)

    def _settle(self, document: Document, attempt_id: UUID, result: Result) -> None:
        """Write down how it ended, and for as long as Mongo is away try again."""
        now = clock.now()
        outcome = ErrorClass(result.error_class).outcome if result.error_class else Outcome.SENT
        closed_until = self._tell_breaker(result.error_class, outcome, now)
        wait = _wait(outcome, document.get("tries", 0), (closed_until or now) - now, result.retry_after or timedelta())
        facts = _ended(now, outcome, result.error_class, _retry_at(document, now, wait))
        answer = {"provider_id": result.provider_id, "provider_answer": result.answer[:200]}
        _persist(lambda: attempts.end(attempt_id, facts | answer))
        _persist(lambda: _mark(document, attempt_id, facts))
        metrics.count_message(self.channel, outcome)

    def _tell_breaker(self, error_class: str | None, outcome: Outcome, now: datetime) -> datetime | None:
        """How its provider does; returns until when it is not worth asking, where this fault made that so."""
        if error_class in FAULTS:
            closed_until: datetime | None = _persist(lambda: breakers.failed(self.channel, now=now))
            self.closed_until, self.is_doubtful = self.closed_until or closed_until, True
            return closed_until
        if outcome is not Outcome.TEMPORARY and self.is_doubtful:
            _persist(lambda: breakers.worked(self.channel))
            self.is_doubtful = False
        return None

    def _take_over(self, document: Document) -> None:
        """After a worker that died during a send: what it wrote down counts; else nobody knows whether it was sent."""
        attempt_id, now = document["open_attempt"], clock.now()
        deaths = document.get("attempts", 1) - 1
        wait = DELAYS[min(deaths, len(DELAYS)) - 1] if deaths else timedelta()
        retry_at = now + wait if self.provider.is_repeatable and now - document["created_at"] < MAX_AGE else None
        unknown = _ended(now, Outcome.UNKNOWN, "unknown", retry_at)
        attempts.end(attempt_id, unknown)
        _mark(document, attempt_id, attempts.get(attempt_id) or unknown)
        metrics.count_message(self.channel, Outcome.UNKNOWN)

    def _put_back(self, document: Document, due_at: datetime) -> None:
        attempts.put_back(document["_id"], token=self.token, due_at=due_at)


def _wait(outcome: Outcome, tries: int, closed: timedelta, told: timedelta) -> timedelta | None:
    """Until the next try: as long as the breaker is ``closed``, or as the provider said; None when there is none."""
    if outcome is Outcome.TECHNICAL:
        return max(DELAYS[0], closed)
    if outcome in {Outcome.TEMPORARY, Outcome.TIMEOUT} and tries < len(DELAYS):
        return max(DELAYS[tries], told)
    return None


def _retry_at(document: Document, now: datetime, wait: timedelta | None) -> datetime | None:
    if wait is None:
        return None
    retry_at = now + wait * random.uniform(1, 1.2)  # noqa: S311  spreads the load, hides nothing
    return retry_at if retry_at < document["created_at"] + MAX_AGE else None


def _ended(at: datetime, outcome: Outcome, error_class: str | None, retry_at: datetime | None = None) -> Document:
    return {"ended_at": at, "outcome": outcome.value, "error_class": error_class, "retry_at": retry_at}


def _mark(document: Document, attempt_id: UUID | None, attempt: Document) -> None:
    """The message stands as its attempt ended."""
    outcome, ended_at, retry_at = Outcome(attempt["outcome"]), attempt["ended_at"], attempt.get("retry_at")
    change: Document = {"error_class": attempt.get("error_class")}
    if outcome is Outcome.SENT:
        change |= {"notification_status": Status.SENT.value, "notification_sent_at": ended_at}
    elif retry_at:
        change |= {"due_at": retry_at}
    else:
        change |= {"notification_status": Status.FAILED.value, "notification_failed_at": ended_at}
    is_counted = outcome not in {Outcome.TECHNICAL, Outcome.UNKNOWN}
    attempts.mark(document["_id"], attempt_id, change, tries=int(is_counted))


def _persist(write: Callable[[], Any]) -> Any:
    """What ``write`` returns; tried again while Mongo changes its primary or restarts."""
    give_up_at = time.monotonic() + MONGO_TIMEOUT
    while True:
        try:
            return write()
        except PyMongoError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.3)


def written() -> list[dict[str, Any]]:
    """What the channels without a provider wrote last, the newest first; addresses are masked."""
    outboxes = {box.folder: box for channel in Channel if isinstance(box := provider_of(channel), Outbox)}
    found = [file for box in outboxes.values() for file in box.newest()]
    shown = [
        {**file, "channel": Channel(file["channel"]), "address": users.mask(file["channel"], file["address"])}
        for file in found
    ]
    return sorted(shown, key=lambda file: str(file["id"]), reverse=True)
