"""How fast messages go out."""

import time
from datetime import timedelta
from uuid import UUID

import pytest

from portal.notifications import delivery
from portal.notifications.models import COLLECTION
from portal.shared import clock
from portal.shared.crypto import uuid7
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.notifications.providers import gateway
from tests.notifications.test_killing import workers

STATUSES, CATEGORIES, CHANNELS = (
    ("sent", "failed", "pending"),
    ("loan", "kyc", "payment", "other"),
    ("email", "sms", "push"),
)


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
    """Some 300 a second on two cores to themselves."""
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
    assert rate > 150
