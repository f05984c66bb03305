"""Bulk resends by workers that die: the numbers, and nobody written to twice; with thousands in `make bench`."""

import time

import pytest

from portal.permissions import Role
from tests.factories import make_staff
from tests.notifications.bulk import (
    batch_of,
    choose,
    confirm,
    finish,
    kill_in_the_middle,
    make_messages,
    require_one_copy_each,
    resend_in_bulk,
    send_by_two_workers,
    stop_and_run_again,
    wait_until,
)
from tests.notifications.killed import workers
from tests.notifications.providers import gateway

pytestmark = pytest.mark.slow


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT).actor


def test_two_workers_send_each_message_once(in_app, environment):
    send_by_two_workers(environment, 200)


def test_many_go_out_with_three_in_a_hundred_that_fail(in_app, maya, environment):
    resend_in_bulk(environment, maya, 1_000)


def test_a_stopped_batch_runs_again_without_a_copy(in_app, maya, environment):
    stop_and_run_again(environment, maya, 1_000)


@pytest.mark.parametrize("step", ["before-claim", "after-claim", "before-copies", "after-copies"])
def test_a_worker_killed_at_any_step_leaves_every_message_to_be_sent_once(in_app, maya, environment, step):
    count = 350
    make_messages(count)
    batch_id = choose(maya)
    confirm(batch_id, maya)
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as mortal:
        for _ in range(3):
            assert mortal.do(f"kill {step}") == "signal 9"
        mortal.do("work")
        finish(batch_id, count)
        assert mortal.do("stop") == "exit 0"
    require_one_copy_each(count)
    assert (len(stub.taken), set(stub.taken.values())) == (count, {1})


def test_workers_killed_in_the_middle_leave_every_message_to_be_sent_once(in_app, maya, environment):
    kill_in_the_middle(environment, maya, count=600, kills=2)


def test_mongo_may_stop_in_the_middle_and_nothing_is_lost(in_app, maya, environment, servers):
    count = 600
    make_messages(count)
    batch_id = choose(maya)
    with gateway() as stub, workers(environment, SMS_URL=stub.url) as one:
        one.do("work")
        confirm(batch_id, maya)
        wait_until(lambda: batch_of(batch_id).queued > 0)
        servers.stop_mongo()
        time.sleep(3)
        servers.start_mongo()
        finish(batch_id, count)
        assert one.do("stop") == "exit 0"
    require_one_copy_each(count)
    assert len(stub.taken) == count
