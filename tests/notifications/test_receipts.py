"""What providers say later, and what only they may say."""

import json
import time
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from portal.notifications.channels.gateway import signature
from portal.notifications.models import ATTEMPTS, COLLECTION
from portal.permissions import Role
from portal.shared.mongo import mongo
from tests.factories import make_staff
from tests.notifications.providers import gateway, send_all
from tests.notifications.test_sending import queue
from tests.notifications.working import written
from tests.portals import settings

KEY = b"the key of the receipts of the tests"


@pytest.fixture
def sent(in_app):
    with gateway() as stub, settings(sms_url=stub.url, receipts_key=KEY):
        message_id = queue()
        send_all(in_app, "sms")
        yield message_id


def post(app, body, *, key=KEY, at=None, channel="sms", **headers):
    timestamp = str(int(at if at is not None else time.time()))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {"X-Timestamp": timestamp, "X-Signature": signature(key, timestamp, raw), **headers}
    return app.test_client().post(
        f"/receipts/{channel}", data=raw, headers=signed, content_type="application/json", base_url="https://localhost"
    )


def receipts():
    (attempt,) = mongo.database[ATTEMPTS].find()
    return [(receipt["event"], receipt["answer"]) for receipt in attempt.get("receipts", [])]


def test_a_delivery_is_kept_once_however_often_it_is_reported(in_app, sent):
    for _ in range(3):
        assert post(in_app, {"id": str(sent), "event": "delivered"}).status_code == 204
    assert receipts() == [("delivered", None)]
    assert written()[0]["notification_status"] == "sent"


def test_a_bounce_marks_the_address_as_one_that_does_not_work(in_app, sent):
    answer = {"id": str(sent), "event": "bounced", "answer": "number-unknown"}
    assert post(in_app, answer).status_code == 204
    assert receipts() == [("bounced", "number-unknown")]
    assert (written()[0]["notification_status"], written()[0]["error_class"]) == ("sent", "permanent")


def test_nobody_elses_receipt_is_taken_in(in_app, sent):
    right = {"id": str(sent), "event": "bounced"}
    assert post(in_app, right, key=b"another key").status_code == 403
    assert post(in_app, right, at=time.time() - 301).status_code == 403
    assert post(in_app, right, at=time.time() + 301).status_code == 403
    assert post(in_app, right, **{"X-Timestamp": "١"}).status_code == 403
    assert post(in_app, right, **{"X-Signature": ""}).status_code == 403
    assert post(in_app, right, channel="email").status_code == 404
    assert post(in_app, right, channel="fax").status_code == 404
    with settings(receipts_key=b""):
        assert post(in_app, right, key=b"").status_code == 404
    assert receipts() == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 60_000, b'{"id": 1}', b'{"id": "x", "event": "bounced"}',
             json.dumps({"id": str(UUID(int=7)), "event": {"$ne": 1}}).encode()]
)  # fmt: skip
def test_what_is_no_receipt_is_refused(in_app, sent, body):
    assert post(in_app, body).status_code == 422


def test_a_receipt_of_no_message_or_too_large_is_refused(in_app, sent):
    assert post(in_app, {"id": str(uuid4()), "event": "delivered"}).status_code == 404
    assert post(in_app, b"x" * 70_000).status_code == 413


def test_personal_data_in_an_answer_are_not_kept(in_app, sent):
    assert (
        post(in_app, {"id": str(sent), "event": "bounced", "answer": "no box for siti@example.com"}).status_code == 204
    )
    assert receipts() == [("bounced", None)]


def test_the_outbox_shows_what_was_written_masked_and_as_text(in_app, visit):
    queue({"language": "en", "channels": ["email"]}, fullname="<script>alert(1)</script>", email="siti@example.com")
    send_all(in_app, "email")
    page = visit(make_staff(Role.SUPPORT_AGENT)).get("/dev/outbox").text
    assert "Your identity is verified" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "s***@e***.com" in page
    assert "siti@example.com" not in page


def test_sent_and_read_stay_as_they_are_known(in_app, sent):
    document = mongo.database[COLLECTION].find_one({"_id": sent})
    assert document["notification_sent_at"] - document["created_at"] < timedelta(minutes=1)
    assert isinstance(document["notification_sent_at"], datetime)
