"""From a decision to the mailbox: sent once, in the customer's words, and every failure told apart."""

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from portal.notifications import delivery
from portal.notifications import drafts as notifications
from portal.notifications.channels import gateway as gateway_module
from portal.notifications.channels.gateway import signature
from portal.notifications.models import ATTEMPTS, COLLECTION, ErrorClass
from portal.shared import clock
from portal.shared.database import transaction
from portal.shared.mongo import mongo
from tests.factories import make_customer
from tests.notifications.providers import SECRET, gateway, let_pass, mailbox, send_all
from tests.notifications.working import waiting, written
from tests.portals import settings

EMAIL = {"language": "en", "channels": ["email"]}
SMS = {"language": "id", "channels": ["sms"]}


def queue(preferences=SMS, message="kyc-verified", **given):
    with transaction():
        return notifications.queue(message, to=make_customer(preferences=preferences, **given))


def attempts():
    return list(mongo.database[ATTEMPTS].find().sort([("notification_id", 1), ("number", 1)]))


def only():
    (message,) = written()
    return message


def test_an_email_arrives_once_in_the_customers_language(in_app):
    with mailbox() as box, settings(email_url=box.url, mail_from="portal@lender.example"):
        message_id = queue(EMAIL, fullname="Siti <b>", email="siti@example.com")
        send_all(in_app, "email")
        send_all(in_app, "email")
    (mail,), (envelope,) = box.mails, box.envelopes
    assert envelope.rcpt_tos == ["siti@example.com"]
    assert (mail["Subject"], mail["From"]) == ("Your identity is verified", "portal@lender.example")
    assert mail["Message-ID"] == f"<{message_id}@lender.example>"
    assert mail.get_body(("plain",)).get_content().startswith("Hello Siti <b>, we have checked")
    assert '<p dir="auto">Hello Siti &lt;b&gt;, we have checked' in mail.get_body(("html",)).get_content()
    message = only()
    assert (message["notification_status"], message["error_class"]) == ("sent", None)
    (attempt,) = attempts()
    assert (attempt["outcome"], attempt["number"], attempt["provider_answer"]) == ("sent", 1, "SMTP 250")
    assert attempt["provider_id"] == "12345ABC"
    assert attempt["recipient_masked"] == "s***@e***.com"
    assert "siti@example.com" not in str(attempt)


def test_an_sms_is_signed_and_carries_its_key(in_app):
    with gateway() as stub, settings(sms_url=stub.url):
        message_id = queue(phone_number="+6281234567890")
        send_all(in_app, "sms")
    (request,) = stub.requests
    headers = request["headers"]
    assert (request["to"], headers["Idempotency-Key"]) == ("+6281234567890", str(message_id))
    assert headers["X-Signature"] == signature(SECRET.encode(), headers["X-Timestamp"], request["body"])
    assert only()["notification_status"] == "sent"
    assert attempts()[0]["provider_id"] == "gw-1"


def answering(status, body=b"{}", **headers):
    def behave(handler):
        handler.answer(status, body, **headers)
        return True

    return behave


def silent(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def half(handler):
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
    return silent(handler)


def slow(handler):
    time.sleep(0.6)
    handler.answer(200)
    return True


@pytest.mark.parametrize(
    ("behaves", "status", "outcome", "error_class", "wait"),
    [
        (answering(200), "sent", "sent", None, None),
        (answering(400), "failed", "permanent", "rejected", None),
        (answering(422, b'{"error": "invalid_recipient"}'), "failed", "permanent", "permanent", None),
        (answering(302, Location="http://elsewhere.example/"), "pending", "temporary", "unavailable", 1),
        (answering(401), "pending", "technical", "credentials", 1),
        (answering(429, Retry_After="600"), "pending", "temporary", "throttled", 10),
        (answering(429, Retry_After="-1"), "pending", "temporary", "throttled", 1),
        (answering(500), "pending", "temporary", "unavailable", 1),
        (slow, "pending", "timeout", "timeout", 1),
        (half, "pending", "temporary", "broken_answer", 1),
        (silent, "pending", "temporary", "broken_answer", 1),
    ],
)
def test_what_a_gateway_answers_is_told_apart(in_app, monkeypatch, behaves, status, outcome, error_class, wait):
    monkeypatch.setattr(gateway_module, "READ_TIMEOUT", 0.3)
    with gateway(behaves) as stub, settings(sms_url=stub.url):
        queue()
        send_all(in_app, "sms")
    message, (attempt,) = only(), attempts()
    assert (message["notification_status"], message["error_class"]) == (status, error_class)
    assert (attempt["outcome"], attempt["error_class"]) == (outcome, error_class)
    if wait:
        assert message["due_at"] == attempt["retry_at"]
        minutes = (attempt["retry_at"] - attempt["ended_at"]) / timedelta(minutes=1)
        assert wait <= minutes <= 1.2 * wait + 0.01
    assert message["tries"] == (0 if outcome == "technical" else 1)


@contextmanager
def plain_server():
    """Speaks no TLS at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(2):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_a_gateway_without_proper_tls_gets_nothing(in_app):
    with plain_server() as port, settings(sms_url=f"https://:{'s' * 32}@localhost:{port}/"):
        queue()
        send_all(in_app, "sms")
    assert (only()["notification_status"], only()["error_class"]) == ("pending", "tls")


def test_a_gateway_that_is_not_there_costs_no_tries(in_app):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with settings(sms_url=f"http://:{'s' * 32}@localhost:{port}/"):
        queue()
        for _ in range(7):
            send_all(in_app, "sms")
            let_pass()
    assert (only()["notification_status"], only()["error_class"], only()["tries"]) == ("pending", "unreachable", 0)
    assert [attempt["number"] for attempt in attempts()] == [1, 2, 3, 4, 5, 6, 7]


def test_after_five_tries_it_has_failed(in_app):
    with gateway(answering(503)) as stub, settings(sms_url=stub.url):
        queue()
        waits = []
        for _ in range(6):
            send_all(in_app, "sms")
            let_pass()
    waits = [
        (attempt["retry_at"] - attempt["ended_at"]) / timedelta(minutes=1)
        for attempt in attempts()
        if attempt["retry_at"]
    ]
    assert len(attempts()) == len(stub.requests) == 5
    assert all(least <= wait <= 1.2 * least for wait, least in zip(waits, (1, 5, 30, 120), strict=True))
    assert (only()["notification_status"], only()["error_class"]) == ("failed", "unavailable")


def test_after_72_hours_nothing_is_tried_any_more(in_app):
    with gateway() as stub, settings(sms_url=stub.url):
        queue()
        send_all(in_app, "email")
        mongo.database[COLLECTION].update_one({}, {"$set": {"created_at": clock.now() - timedelta(hours=73)}})
        delivery.deliver(channel="sms", slot=0)
    assert stub.requests == []
    assert (only()["notification_status"], only()["error_class"]) == ("failed", "expired")


@pytest.mark.parametrize(
    ("answers", "status", "error_class"),
    [
        ({"RCPT": "550 no such mailbox"}, "failed", "permanent"),
        ({"RCPT": "450 try again"}, "pending", "unavailable"),
        ({"DATA": "554 spam"}, "failed", "rejected"),
        ({"DATA": "451 later"}, "pending", "unavailable"),
        ({"DATA": "hang up"}, "failed", "unknown"),
    ],
)
def test_what_a_mail_server_answers_is_told_apart(in_app, answers, status, error_class):
    with mailbox(**answers) as box, settings(email_url=box.url):
        queue(EMAIL)
        send_all(in_app, "email")
    assert (only()["notification_status"], only()["error_class"]) == (status, error_class)
    assert box.mails == []


def test_a_mail_server_must_offer_tls_where_it_is_required(in_app):
    with mailbox() as box, settings(email_url=f"{box.url}?tls=required"):
        queue(EMAIL)
        send_all(in_app, "email")
    assert (only()["error_class"], box.mails) == ("tls", [])


@pytest.mark.parametrize(
    "address", ["a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "sité@b.example", "a"]
)
def test_what_is_no_address_gets_no_mail(in_app, address):
    with mailbox() as box, settings(email_url=box.url):
        queue(EMAIL, email=address)
        send_all(in_app, "email")
    assert (only()["error_class"], box.mails) == ("permanent", [])


def test_a_dead_gateway_is_left_alone_and_holds_up_nobody_else(in_app):
    with gateway(answering(500)) as stub, gateway() as other, settings(sms_url=stub.url, push_url=other.url):
        for _ in range(40):
            queue()
        queue({"channels": ["push"]})
        send_all(in_app, "sms")
        delivery.deliver(channel="sms", slot=0)
        delivery.deliver(channel="push", slot=0)
    assert len(stub.requests) <= 25
    assert len(other.requests) == 1
    untouched = [message for message in written() if message["tries"] == 0]
    assert len(untouched) == 40 - len(stub.requests)
    assert all(
        message["notification_status"] == "pending"
        for message in written()
        if message["tries"] == 1 and message["notification_type"] == "sms"
    )


def test_a_gateway_that_is_back_is_tried_with_one_message_first(in_app):
    mongo.database["notification_breakers"].insert_one(
        {"_id": "sms", "failures": 9, "open_until": datetime.now(UTC) - timedelta(seconds=1)}
    )
    with gateway() as stub, settings(sms_url=stub.url):
        for _ in range(5):
            queue()
        send_all(in_app, "sms")
        assert len(stub.requests) == 1
        delivery.deliver(channel="sms", slot=0)
    assert len(stub.taken) == 5


def test_no_more_goes_out_in_a_second_than_the_provider_takes(in_app):
    with gateway() as stub, settings(sms_url=f"{stub.url}?rate=3"):
        for _ in range(8):
            queue()
        started = time.monotonic()
        send_all(in_app, "sms")
        while len(stub.taken) < 8:
            delivery.deliver(channel="sms", slot=0)
            assert len(stub.taken) <= 3 * (time.monotonic() - started + 2)
    assert time.monotonic() - started > 1
    assert waiting("notifications.deliver") != []


def test_a_payment_message_waits_for_the_day(in_app, monkeypatch):
    night = datetime(2026, 11, 24, 23, 30, tzinfo=clock.WIB)
    with gateway() as stub, settings(sms_url=stub.url):
        queue({**SMS, "timezone": "Asia/Makassar"}, "payment-overdue")
        queue()
        send_all(in_app, "email")
        monkeypatch.setattr(clock, "now", lambda: night.astimezone(UTC))
        mongo.database[COLLECTION].update_many({}, {"$set": {"due_at": None, "created_at": night}})
        delivery.deliver(channel="sms", slot=0)
    payment = mongo.database[COLLECTION].find_one({"notification_category": "payment"})
    assert payment["due_at"] == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert (payment["notification_status"], payment["tries"], len(stub.taken)) == ("pending", 0, 1)


def test_a_customer_deleted_or_without_address_gets_nothing(in_app):
    with gateway() as stub, settings(sms_url=stub.url):
        mongo.database[COLLECTION].insert_one(
            {
                "_id": uuid4(), "user_id": uuid4(), "notification_category": "kyc", "notification_type": "sms",
                "notification_title": "a", "notification_content": "b", "notification_status": "pending",
                "created_at": clock.now(),
            }
        )  # fmt: skip
        delivery.deliver(channel="sms", slot=0)
    assert (only()["error_class"], stub.requests) == ("no_customer", [])


def test_the_sweep_wakes_what_is_due_and_nothing_else(in_app):
    queue()
    send_all(in_app, "email")
    delivery.sweep(0)
    assert [job["args"]["channel"] for job in waiting("notifications.deliver")] == ["sms"]


def test_there_is_advice_on_every_way_to_fail():
    assert all(error_class.advice for error_class in ErrorClass)
