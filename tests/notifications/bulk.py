"""Many messages and workers that die: what the tests do with few of them, and `make bench` with thousands."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pymongo.errors import PyMongoError

from portal import notifications
from portal.notifications import delivery
from portal.notifications.log import LOG
from portal.notifications.models import COLLECTION
from portal.notifications.resends import batch_pages, batches
from portal.notifications.resends.models import BatchState
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.database import db, transaction
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.notifications.killed import Workers, workers
from tests.notifications.providers import Gateway, gateway, let_pass, mailbox
from tests.notifications.working import waiting, written

Environment = dict[str, str]


def make_messages(count: int, **given: Any) -> None:
    """Failed text messages to a handful of customers, each about something of its own."""
    customers = [make_customer() for _ in range(min(count, 10))]
    now = clock.now() - timedelta(hours=1)
    mongo.database[COLLECTION].insert_many(
        {
            "_id": uuid4(),
            "user_id": customers[number % len(customers)],
            "loan_id": uuid4(),
            "notification_category": "loan",
            "notification_type": "sms",
            "notification_title": f"Pinjaman {number}",
            "notification_content": "Halo.",
            "notification_status": "failed",
            "created_at": now - timedelta(seconds=number),
            **given,
        }
        for number in range(count)
    )


def batch_of(batch_id: UUID) -> batch_pages.BatchPage:
    db.session.rollback()
    return batch_pages.show(batch_id)


def copies() -> list[dict[str, Any]]:
    return [message for message in written() if message.get("resend_of")]


def refusing(phones: set[str]) -> Callable[[Any], bool]:
    """A gateway to which these numbers do not exist."""

    def behaves(handler: Any) -> bool:
        if json.loads(handler.body)["to"] not in phones:
            return False
        handler.answer(422, b'{"error": "invalid_recipient"}')
        return True

    return behaves


@contextmanager
def two_workers(
    environment: Environment, behaves: Callable[[Any], bool] | None = None
) -> Iterator[tuple[Gateway, Workers, Workers]]:
    with (
        gateway(behaves) as stub,
        workers(environment, SMS_URL=stub.url) as one,
        workers(environment, SMS_URL=stub.url) as two,
    ):
        yield stub, one, two


def wait_until(holds: Callable[[], bool], seconds: float = 120) -> float:
    """Until it holds; how long that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


def choose(maya: Actor) -> UUID:
    """Freeze all that failed."""
    return batches.select([], LOG.read({"status": "failed"}), by=uuid4(), actor=maya)


def act(verb: Callable[..., None], batch_id: UUID, maya: Actor, **given: Any) -> None:
    kind = batches.ConfirmAnswers if verb is batches.confirm else batches.BatchAnswers
    verb(batch_id, kind(version=batch_of(batch_id).version, **given), by=uuid4(), actor=maya)


def confirm(batch_id: UUID, maya: Actor) -> int:
    """Let it go once it is counted; how many that are."""
    wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
    ready = batch_of(batch_id).ready
    act(batches.confirm, batch_id, maya, number=ready, reason="")
    return ready


def finish(batch_id: UUID, count: int) -> None:
    """Until all were sent; what waits for time is let go meanwhile."""

    def is_over() -> bool:
        let_pass()
        delivery.wake("sms")
        return batch_of(batch_id).sent == count

    wait_until(is_over)
    assert batch_of(batch_id).state is BatchState.DONE
    assert not is_at_work()


def is_at_work() -> bool:
    """Whether a worker is in the middle of a piece of a batch."""
    return any(job["status"] == "doing" for job in waiting("notifications.work-batch"))


def require_one_copy_each(count: int) -> None:
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count


def stop(*workers: Workers) -> None:
    """As a deployment would."""
    assert [worker.do("stop") for worker in workers] == ["exit 0"] * len(workers)


def send_by_two_workers(environment: Environment, count: int) -> float:
    """Messages that wait go out once each; how many a second."""
    make_messages(count, notification_status="pending", notification_category="kyc")
    with two_workers(environment) as (stub, one, two):
        one.do("work")
        two.do("work")
        delivery.wake("sms")
        wait_until(lambda: bool(stub.taken))
        took = wait_until(lambda: len(stub.taken) == count)
        stop(one, two)
    assert set(stub.taken.values()) == {1}
    return count / took


@dataclass(frozen=True)
class Resent:
    """What a batch cost: seconds, messages a second, and both workers' megabytes once it was counted and after it."""

    frozen_in: float
    counted_in: float
    rate: float
    memory: list[int]
    memory_after: list[int]


def resend_in_bulk(environment: Environment, maya: Actor, count: int, in_a_hundred: int = 3) -> Resent:
    """So many go out by two workers, some of them to numbers that do not exist, and running again finds nothing."""
    bad, failing = {f"+62812999{number:04d}" for number in range(10)}, count * in_a_hundred // 100
    make_messages(count - failing)
    for phone in sorted(bad):
        make_messages(failing // 10, user_id=make_customer(phone_number=phone))
    with two_workers(environment, refusing(bad)) as (stub, one, two):
        started = time.monotonic()
        batch_id = choose(maya)
        frozen_in = time.monotonic() - started
        pids = [int(worker.do("work")) for worker in (one, two)]
        counted_in = wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
        memory = [_megabytes(pid) for pid in pids]
        assert confirm(batch_id, maya) == count
        took = wait_until(lambda: batch_of(batch_id).sent + batch_of(batch_id).failed == count, seconds=400)
        memory_after = [_megabytes(pid) for pid in pids]
        stop(one, two)
    batch = batch_of(batch_id)
    assert (batch.state, batch.queued, batch.sent, batch.failed) == (BatchState.DONE, count, count - failing, failing)
    assert (batch.skipped, batch.left, batch.ready) == (0, 0, 0)
    assert set(stub.taken.values()) == {1}
    assert len(stub.taken) == count - failing
    act(batches.rerun, batch_id, maya)
    assert batch_of(batch_id).ready == 0
    require_one_copy_each(count)
    return Resent(frozen_in, counted_in, count / took, memory, memory_after)


def stop_and_run_again(environment: Environment, maya: Actor, count: int) -> float:
    """A batch that is stopped and run again misses no message and sends none twice; seconds until it stood still."""
    make_messages(count)
    with two_workers(environment) as (stub, one, two):
        batch_id = choose(maya)
        one.do("work"), two.do("work")
        confirm(batch_id, maya)
        wait_until(lambda: batch_of(batch_id).queued > 0)
        act(batches.cancel, batch_id, maya)
        stood_still_after = wait_until(lambda: not is_at_work())
        queued = batch_of(batch_id).queued
        assert queued < count
        wait_until(lambda: waiting("notifications.work-batch") == [])
        assert (batch_of(batch_id).queued, batch_of(batch_id).ready) == (queued, count - queued)
        act(batches.rerun, batch_id, maya)
        assert confirm(batch_id, maya) == count - queued
        wait_until(lambda: batch_of(batch_id).sent == count)
        stop(one, two)
    require_one_copy_each(count)
    assert set(stub.taken.values()) == {1}
    return stood_still_after


def kill_in_the_middle(environment: Environment, maya: Actor, count: int, kills: int) -> None:
    """Workers that are killed while they send leave every message to be sent once."""
    make_messages(count)
    with two_workers(environment) as (stub, one, two):
        two.do("work")
        batch_id = choose(maya)
        confirm(batch_id, maya)
        for turn in range(1, kills + 1):
            pid = int(one.do("work"))
            wait_until(lambda turn=turn: batch_of(batch_id).queued > count * turn // (kills + 2))
            os.kill(pid, signal.SIGKILL)
        one.do("work")
        finish(batch_id, count)
        stop(one, two)
    require_one_copy_each(count)
    assert len(stub.taken) == count  # what was in the middle of its send is given again, and dropped by its key


def queue(channel: str) -> UUID:
    """A message to a new customer, by this channel."""
    with transaction():
        return notifications.queue("kyc-verified", to=make_customer(preferences={"channels": [channel]}))


def wait_until_done(count: int, seconds: float = 60) -> None:
    """Until as many messages stand in Mongo and none of them waits."""

    def is_done() -> bool:
        with suppress(PyMongoError):
            statuses = Counter(message["notification_status"] for message in written())
            if statuses.total() == count and not statuses["pending"]:
                return True
            let_pass()
            for channel in ("sms", "email"):
                delivery.wake(channel)
        return False

    wait_until(is_done, seconds)


def kill_at(environment: Environment, step: str, rounds: int) -> None:
    """As many messages, and a worker killed at this step after each: none is lost, none is sent twice."""
    ids = []
    with gateway() as stub, mailbox() as box, workers(environment, SMS_URL=stub.url, EMAIL_URL=box.url) as mortal:
        for number in range(rounds):
            ids.append(queue(("sms", "email")[number % 2]))
            assert mortal.do(f"kill {step}") == "signal 9"
        mortal.do("work")
        wait_until_done(rounds)
        stop(mortal)
    messages = {message["_id"]: message for message in written()}
    assert messages.keys() == set(ids)
    assert waiting() == []
    sms, mails = [[messages[id_] for id_ in ids[first::2]] for first in (0, 1)]
    assert stub.taken.keys() == {str(message["_id"]) for message in sms}
    assert {message["notification_status"] for message in sms} == {"sent"}
    if step != "after-send":  # there the gateway drops the copy by its key
        assert set(stub.taken.values()) == {1}
    arrived = Counter(str(mail["Message-ID"])[1:37] for mail in box.mails)
    assert set(arrived.values()) == {1}
    nobody_knows = {str(message["_id"]) for message in mails if message["notification_status"] == "failed"}
    assert {message["error_class"] for message in mails} <= {None, "unknown"}
    all_mails = {str(message["_id"]) for message in mails}
    if step.endswith("send"):
        assert nobody_knows
        assert arrived.keys() == (all_mails - nobody_knows if step == "before-send" else all_mails)
    else:
        assert (nobody_knows, arrived.keys()) == (set(), all_mails)


def _megabytes(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024
