"""From the queue to Mongo: a message is written once, whatever happens on the way."""

from datetime import UTC, datetime, timedelta
from string import Formatter
from uuid import uuid4

import pytest

from portal.notifications import drafts as notifications
from portal.notifications.messages import MESSAGES
from portal.notifications.models import COLLECTION
from portal.shared.database import transaction
from portal.shared.jobs import REQUEST_ID
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.notifications.working import release_all, waiting, work_off, written


class Broken(Exception):
    """What breaks."""


def queue(customer, message="kyc-verified", **options):
    """Queue a message on its own, as a decision does it beside its own rows."""
    with transaction():
        return notifications.queue(message, to=customer, **options)


def test_a_queued_message_is_written_as_pending_under_its_id(in_app):
    customer = make_customer(fullname="Siti", preferences={"language": "en", "channels": ["email"]})
    message_id = queue(customer, context={"kyc_id": "42"})
    queued_at = datetime.fromisoformat(waiting()[0]["args"]["queued_at"])
    work_off(in_app)
    (message,) = written()
    assert message["_id"] == message_id
    assert message["user_id"] == customer
    assert message["notification_title"] == "Your identity is verified"
    assert message["notification_content"].startswith("Hello Siti, we have checked your identity document")
    assert (message["notification_status"], message["notification_type"]) == ("pending", "email")
    assert abs(message["created_at"] - queued_at) < timedelta(milliseconds=1)
    assert waiting() == []


def test_a_message_written_twice_is_one_document_and_keeps_how_it_stands(in_app):
    queue(make_customer())
    arguments = {name: value for name, value in waiting()[0]["args"].items() if name != REQUEST_ID}
    notifications.write(**arguments)
    sent = {"notification_status": "sent", "notification_sent_at": datetime.now(UTC)}
    mongo.database[COLLECTION].update_one({}, {"$set": sent})
    notifications.write(**arguments)
    work_off(in_app)
    (message,) = written()
    assert message["notification_status"] == "sent"


@pytest.mark.slow
def test_while_mongo_is_down_the_job_waits_and_is_done_later(in_app, servers):
    queue(make_customer())
    servers.stop_mongo()
    try:
        work_off(in_app)
        (job,) = waiting()
        assert (job["status"], job["attempts"]) == ("todo", 1)
        assert timedelta(0) < job["scheduled_at"] - datetime.now(UTC) <= timedelta(seconds=15)
    finally:
        servers.start_mongo()
    work_off(in_app)
    assert written() == [], "not before its time"
    release_all()
    work_off(in_app)
    assert len(written()) == 1
    assert waiting() == []


def test_a_customer_deleted_meanwhile_gets_no_message_and_no_job_stays(in_app):
    queue(make_customer(deleted_at=datetime.now(UTC)))
    queue(uuid4())
    others = queue(make_customer())
    work_off(in_app)
    assert [message["_id"] for message in written()] == [others]
    assert waiting() == []


@pytest.mark.parametrize(
    ("preferences", "addresses", "language", "channel"),
    [
        ({"language": "en", "channels": ["push", "email"]}, {}, "en", "push"),
        ({"language": "id", "channels": ["sms"]}, {}, "id", "sms"),
        ({"channels": ["email", "sms"]}, {"email": None}, "id", "sms"),
        ({"channels": ["sms"]}, {"phone_number": None}, "id", "email"),
        ({"channels": ["sms"]}, {"phone_number": None, "email": None}, "id", "push"),
        ({"language": "jv", "channels": ["fax", "email"]}, {}, "id", "email"),
        ({"language": None, "channels": None}, {}, "id", "email"),
        ({"language": ["en"], "channels": "sms"}, {}, "id", "email"),
        ({}, {}, "id", "email"),
    ],
)
def test_language_and_channel_follow_the_customers_preferences(in_app, preferences, addresses, language, channel):
    queue(make_customer(preferences=preferences, **addresses))
    work_off(in_app)
    (message,) = written()
    assert message["notification_type"] == channel
    assert message["notification_title"] == MESSAGES["kyc-verified"].wording[language].title


def test_a_name_is_put_in_as_it_is(in_app):
    queue(make_customer(fullname="{words} {0.__class__} <b>Siti</b> %s"), "kyc-rejected", words={"id": "foto buram."})
    work_off(in_app)
    assert written()[0]["notification_content"] == "Halo {words} {0.__class__} <b>Siti</b> %s, foto buram."


def test_a_message_exists_only_if_its_transaction_commits(in_app):
    customer = make_customer()

    def breaks_after_queueing():
        with transaction():
            notifications.queue("kyc-verified", to=customer)
            raise Broken

    with pytest.raises(Broken):
        breaks_after_queueing()
    assert waiting() == []
    with pytest.raises(RuntimeError):
        notifications.queue("kyc-verified", to=customer)
    with pytest.raises(KeyError):
        queue(customer, "no-such-message")
    assert waiting() == []


def test_a_held_message_can_be_withdrawn_and_only_by_a_commit(in_app):
    message_id = queue(make_customer(), after=timedelta(seconds=60))

    def breaks_after_withdrawing():
        with transaction():
            assert notifications.withdraw(message_id)
            raise Broken

    with pytest.raises(Broken):
        breaks_after_withdrawing()
    assert len(waiting()) == 1
    with transaction():
        assert notifications.withdraw(message_id)
    assert waiting() == []
    with transaction():
        assert not notifications.withdraw(message_id)
        assert not notifications.withdraw(uuid4())


def test_a_held_message_waits_for_its_time_by_the_databases_clock(in_app):
    queue(make_customer(), after=timedelta(seconds=60))
    wait = waiting()[0]["scheduled_at"] - datetime.now(UTC)
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
    work_off(in_app)
    assert written() == []


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_written_in_both_languages(name):
    message = MESSAGES[name]
    assert message.category in {"loan", "kyc", "payment", "other"}
    assert message.wording.keys() == {"id", "en"}
    for wording in message.wording.values():
        assert 0 < len(wording.title) <= 255
        assert {field for _, field, _, _ in Formatter().parse(wording.content) if field} <= {"name", "words"}
