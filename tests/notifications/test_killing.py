"""Workers killed at every step, and stores that go away meanwhile: nothing is lost, nothing is sent twice."""

import time

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from portal.notifications.models import ATTEMPTS
from portal.shared.mongo import mongo
from tests.notifications.bulk import kill_at, queue, wait_until, wait_until_done
from tests.notifications.killed import workers
from tests.notifications.providers import gateway
from tests.notifications.working import written

ROUNDS = 6  # 20 in `make bench`


@pytest.mark.slow
@pytest.mark.parametrize("step", ["before-write", "after-write", "before-send", "after-send", "before-mark"])
def test_a_worker_killed_at_any_step_loses_nothing_and_sends_nothing_twice(in_app, environment, step):
    kill_at(environment, step, ROUNDS)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["step-down", "stop"])
def test_mongo_may_change_its_primary_or_stop_while_messages_go_out(in_app, environment, servers, trouble):
    count = 60
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as mortal:
        stub.behaves = lambda handler: time.sleep(0.05)
        for _ in range(count):
            queue("sms")
        mortal.do("work")
        wait_until(lambda: len(stub.taken) >= 5)
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
