"""Bulk resends at size and under workers that die: the numbers, the speed, the memory, and nobody written to twice."""

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from portal.notifications import delivery
from portal.notifications.log import LOG
from portal.notifications.resends import batches
from portal.notifications.resends.models import BatchState
from portal.permissions import Role
from tests.factories import make_customer, make_staff
from tests.notifications.providers import gateway, let_pass
from tests.notifications.test_batches import batch_of, copies, make_messages, refusing
from tests.notifications.test_killing import workers
from tests.notifications.working import waiting

pytestmark = pytest.mark.slow

FAILED = LOG.read({"status": "failed"})


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT).actor


@contextmanager
def two_workers(environment, behaves=None):
    with (
        gateway(behaves) as stub,
        workers(environment, SMS_URL=stub.url) as one,
        workers(environment, SMS_URL=stub.url) as two,
    ):
        yield stub, one, two


def confirm(batch_id, maya):
    batch = batch_of(batch_id)
    asked = {"version": batch.version, "command": uuid4(), "actor": maya}
    batches.confirm(batch_id, number=batch.ready, reason="", **asked)
    return batch.ready


def wait_until(holds, seconds=120):
    """Until it holds; how long that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
        time.sleep(0.3)
    return time.monotonic() - started


def memory_of(pid):
    """Resident megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_ten_thousand_with_three_in_a_hundred_that_fail(in_app, maya, environment, capsys):
    count, bad = 10_000, {f"+62812999{number:04d}" for number in range(10)}
    make_messages(count - 300)
    for phone in sorted(bad):
        make_messages(30, user_id=make_customer(phone_number=phone))
    with two_workers(environment, refusing(bad)) as (stub, one, two):
        started = time.monotonic()
        batch_id = batches.select([], FAILED, command=uuid4(), actor=maya)
        clicked = time.monotonic() - started
        pids = [one.do("work"), two.do("work")]
        counted = wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
        first = [memory_of(pid) for pid in pids]
        assert confirm(batch_id, maya) == count
        took = wait_until(lambda: batch_of(batch_id).sent + batch_of(batch_id).failed == count, seconds=400)
        last = [memory_of(pid) for pid in pids]
        assert (one.do("stop"), two.do("stop")) == ("exit 0", "exit 0")
    with capsys.disabled():
        print(
            f" frozen in {clicked:.1f} s, counted in {counted:.1f} s, {count / took:.0f} messages a second,"
            f" workers of {first[0]:.0f} and {first[1]:.0f} MB, then {last[0]:.0f} and {last[1]:.0f}"
        )
    batch = batch_of(batch_id)
    assert (batch.state, batch.queued, batch.sent, batch.failed) == (BatchState.DONE, count, count - 300, 300)
    assert (batch.skipped, batch.left, batch.ready) == (0, 0, 0)
    assert set(stub.taken.values()) == {1}
    assert len(stub.taken) == count - 300
    assert clicked < 3
    assert count / took > 40  # 150 and more on two cores to themselves
    assert max(last) < max(first) + 60
    batches.rerun(batch_id, version=batch.version, command=uuid4(), actor=maya)
    assert batch_of(batch_id).ready == 0
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count


def test_it_stops_within_five_seconds_and_runs_again_without_a_copy(in_app, maya, environment):
    count = 3_000
    make_messages(count)
    with two_workers(environment) as (stub, one, two):
        batch_id = batches.select([], FAILED, command=uuid4(), actor=maya)
        one.do("work"), two.do("work")
        wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
        confirm(batch_id, maya)
        wait_until(lambda: batch_of(batch_id).queued > 0)
        batches.cancel(batch_id, version=batch_of(batch_id).version, command=uuid4(), actor=maya)
        time.sleep(5)
        queued = batch_of(batch_id).queued
        time.sleep(2)
        assert batch_of(batch_id).queued == queued < count
        assert batch_of(batch_id).ready == count - queued
        batches.rerun(batch_id, version=batch_of(batch_id).version, command=uuid4(), actor=maya)
        wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
        assert confirm(batch_id, maya) == count - queued
        wait_until(lambda: batch_of(batch_id).sent == count)
        assert (one.do("stop"), two.do("stop")) == ("exit 0", "exit 0")
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count
    assert set(stub.taken.values()) == {1}


@pytest.mark.parametrize("step", ["before-claim", "after-claim", "before-copies", "after-copies"])
def test_a_worker_killed_at_any_step_leaves_every_message_to_be_sent_once(in_app, maya, environment, step):
    count = 350
    make_messages(count)
    batch_id = batches.select([], FAILED, command=uuid4(), actor=maya)
    confirm(batch_id, maya)
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as mortal:
        for _ in range(3):
            assert mortal.do(f"kill {step}") == "signal 9"
        mortal.do("work")
        finish(batch_id, count)
        assert mortal.do("stop") == "exit 0"
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count
    assert (len(stub.taken), set(stub.taken.values())) == (count, {1})


def test_workers_killed_in_the_middle_leave_every_message_to_be_sent_once(in_app, maya, environment):
    count = 1_500
    make_messages(count)
    batch_id = batches.select([], FAILED, command=uuid4(), actor=maya)
    with two_workers(environment) as (stub, one, two):
        two.do("work")
        for _ in range(4):
            pid = int(one.do("work"))
            if batch_of(batch_id).state is BatchState.COUNTED:
                confirm(batch_id, maya)
            time.sleep(1.5)
            os.kill(pid, signal.SIGKILL)
        one.do("work")
        if batch_of(batch_id).state is not BatchState.RUNNING and not batch_of(batch_id).queued:
            wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
            confirm(batch_id, maya)
        finish(batch_id, count)
        assert (one.do("stop"), two.do("stop")) == ("exit 0", "exit 0")
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count
    assert len(stub.taken) == count  # what was in the middle of its send is given again, and dropped by its key


def test_mongo_may_stop_in_the_middle_and_nothing_is_lost(in_app, maya, environment, servers):
    count = 600
    make_messages(count)
    batch_id = batches.select([], FAILED, command=uuid4(), actor=maya)
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as one:
        one.do("work")
        wait_until(lambda: batch_of(batch_id).state is BatchState.COUNTED)
        confirm(batch_id, maya)
        wait_until(lambda: batch_of(batch_id).queued > 0)
        servers.stop_mongo()
        time.sleep(3)
        servers.start_mongo()
        finish(batch_id, count)
        assert one.do("stop") == "exit 0"
    assert len({copy["resend_of"] for copy in copies()}) == len(copies()) == count
    assert len(stub.taken) == count


def finish(batch_id, count):
    """Until all were sent; what waits for time is let go meanwhile."""

    def is_over():
        let_pass()
        delivery.wake("sms")
        return batch_of(batch_id).sent == count

    wait_until(is_over)
    assert batch_of(batch_id).state is BatchState.DONE
    assert [job for job in waiting("notifications.work-batch") if job["status"] == "doing"] == []
