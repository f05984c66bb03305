"""Workers killed at every step, and stores that go away meanwhile: nothing is lost, nothing is sent twice."""

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from portal.notifications import delivery
from portal.notifications import drafts as notifications
from portal.notifications.models import ATTEMPTS
from portal.shared.database import transaction
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.notifications.providers import gateway, let_pass, mailbox
from tests.notifications.working import waiting, written

ROUNDS = 20


class Workers:
    """A process that starts workers on demand."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.notifications.killed"],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def do(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def workers(environment, **urls):
    forked = Workers({**environment, **urls})
    try:
        yield forked
    finally:
        forked.process.stdin.close()
        forked.process.wait(30)
        forked.process.stdout.close()


def queue(channel):
    with transaction():
        return notifications.queue("kyc-verified", to=make_customer(preferences={"channels": [channel]}))


def wait_until_done(count, seconds=60):
    """Until as many messages stand in Mongo and none of them waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            statuses = Counter(message["notification_status"] for message in written())
        except PyMongoError:
            statuses = Counter()
        if statuses.total() == count and not statuses["pending"]:
            return
        with suppress(PyMongoError):
            let_pass()
            for channel in ("sms", "email"):
                delivery.wake(channel)
        time.sleep(0.5)
    pytest.fail(f"still {statuses}")


@pytest.mark.slow
@pytest.mark.parametrize("step", ["before-write", "after-write", "before-send", "after-send", "before-mark"])
def test_a_worker_killed_at_any_step_loses_nothing_and_sends_nothing_twice(in_app, environment, step):
    ids = []
    with gateway() as stub, mailbox() as box, workers(environment, SMS_URL=stub.url, EMAIL_URL=box.url) as mortal:
        for number in range(ROUNDS):
            ids.append(queue(("sms", "email")[number % 2]))
            assert mortal.do(f"kill {step}") == "signal 9"
        mortal.do("work")
        wait_until_done(ROUNDS)
        assert mortal.do("stop") == "exit 0"
    messages = {message["_id"]: message for message in written()}
    assert messages.keys() == set(ids)
    assert waiting() == []
    sms, mails = [[messages[id_] for id_ in ids[first::2]] for first in (0, 1)]
    assert stub.taken.keys() == {str(message["_id"]) for message in sms}
    assert {message["notification_status"] for message in sms} == {"sent"}
    if step != "after-send":  # there the gateway drops the copy by its key
        assert set(stub.taken.values()) == {1}
    arrived = Counter(mail["Message-ID"][1:37] for mail in box.mails)
    assert set(arrived.values()) == {1}
    nobody_knows = {str(message["_id"]) for message in mails if message["notification_status"] == "failed"}
    assert {message["error_class"] for message in mails} <= {None, "unknown"}
    all_mails = {str(message["_id"]) for message in mails}
    if step.endswith("send"):
        assert nobody_knows
        assert arrived.keys() == (all_mails - nobody_knows if step == "before-send" else all_mails)
    else:
        assert (nobody_knows, arrived.keys()) == (set(), all_mails)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["step-down", "stop"])
def test_mongo_may_change_its_primary_or_stop_while_messages_go_out(in_app, environment, servers, trouble):
    count = 60
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as mortal:
        stub.behaves = lambda handler: time.sleep(0.05)
        for _ in range(count):
            queue("sms")
        mortal.do("work")
        while len(stub.taken) < 5:
            time.sleep(0.05)
        if trouble == "stop":
            servers.stop_mongo()
            time.sleep(3)
            servers.start_mongo()
        else:
            step_down(servers)
        wait_until_done(count, seconds=150)
        assert mortal.do("stop") == "exit 0"
    assert {message["notification_status"] for message in written()} == {"sent"}
    assert len(stub.taken) == count
    assert mongo.database[ATTEMPTS].count_documents({"ended_at": None}) == 0


def step_down(servers):
    with MongoClient(servers.mongo_url) as client:
        try:
            client.admin.command("replSetStepDown", 2, force=True)
        except PyMongoError:
            return
