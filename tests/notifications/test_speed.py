"""How fast messages go out, and how little of the index a page of the log reads."""

import time
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from pymongo import DESCENDING

from portal.notifications import delivery
from portal.notifications.listing import Filters
from portal.notifications.models import COLLECTION
from portal.shared import clock
from portal.shared.crypto import uuid7
from portal.shared.mongo import mongo
from portal.shared.pagination import PAGE_SIZE
from tests.factories import make_customer
from tests.notifications.providers import gateway
from tests.notifications.test_killing import workers

STATUSES, CATEGORIES, CHANNELS = (
    ("sent", "failed", "pending"),
    ("loan", "kyc", "payment", "other"),
    ("email", "sms", "push"),
)
MOST_KEYS = 100


def document(number, **given):
    return {
        "_id": uuid7(1_700_000_000_000 + number),
        "user_id": UUID(int=number // 20),
        "loan_id": UUID(int=number // 10),
        "notification_category": CATEGORIES[number // 5 % 4],
        "notification_type": CHANNELS[number % 3],
        "notification_title": "Judul",
        "notification_content": "Isi.",
        "notification_status": STATUSES[0] if number % 19 else STATUSES[1 + number // 19 % 2],
        "created_at": clock.now() - timedelta(seconds=number // 3),
        **given,
    }


@pytest.mark.slow
def test_two_workers_send_hundreds_of_messages_a_second(in_app, environment, capsys):
    """150 a second and more on two cores to themselves; the bound here leaves room for what else runs."""
    count, customers = 1500, [make_customer() for _ in range(20)]
    mongo.database[COLLECTION].insert_many(
        document(number, notification_type="sms", notification_status="pending", user_id=customers[number % 20],
                 notification_category="kyc")
        for number in range(count)
    )  # fmt: skip
    with (
        gateway() as stub,
        workers(environment, SMS_URL=stub.url) as one,
        workers(environment, SMS_URL=stub.url) as other,
    ):
        one.do("work")
        other.do("work")
        delivery.wake("sms")
        while not stub.taken:
            time.sleep(0.01)
        started = time.monotonic()
        while len(stub.taken) < count and time.monotonic() - started < 60:
            time.sleep(0.05)
        rate = len(stub.taken) / (time.monotonic() - started)
        assert (one.do("stop"), other.do("stop")) == ("exit 0", "exit 0")
    with capsys.disabled():
        print(f" {rate:.0f} messages a second")
    assert set(stub.taken.values()) == {1}
    assert len(stub.taken) == count
    assert rate > 40


def test_no_filter_makes_a_page_read_more_than_a_hundred_keys(in_app):
    messages = mongo.database[COLLECTION]
    messages.insert_many(document(number) for number in range(6_000))
    day = timedelta(days=1)
    someone, loan = UUID(int=7), UUID(int=14)
    worst = 0
    for status, category, channel, of, span in product(
        (None, *STATUSES), (None, *CATEGORIES), (None, *CHANNELS),
        ({}, {"user_id": someone}, {"loan_id": loan}, {"user_id": someone, "loan_id": loan}),
        ({}, {"since": clock.now() - day, "until": clock.now() - timedelta(minutes=5)}),
    ):  # fmt: skip
        query = Filters(status=status, category=category, channel=channel, **of, **span).to_query()
        found = messages.find(query).sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(PAGE_SIZE + 1)
        read = found.explain()["executionStats"]
        worst = max(worst, read["totalKeysExamined"])
        assert read["totalKeysExamined"] <= MOST_KEYS, query
        assert "COLLSCAN" not in str(read), query
    assert worst > PAGE_SIZE
    assert messages.find_one({"_id": uuid4()}) is None
