"""Sending once more: one new message however often and by however many it is asked."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from portal.kyc.models import KycStatus
from portal.loans.models import Payment, PaymentStatus
from portal.notifications.models import ATTEMPTS, COLLECTION
from portal.notifications.repository import messages
from portal.permissions import Role
from portal.shared import clock
from portal.shared.crypto import address_hash
from portal.shared.database import db
from portal.shared.mongo import mongo
from tests.client import at_once
from tests.factories import audit_events, make_customer, make_kyc_check, make_loan, make_staff
from tests.loans.book import approve, make_approved, payment_of, undo
from tests.notifications.messages import make_message
from tests.notifications.working import waiting, work_off, written

JOB = "notifications.write-again"


@pytest.fixture
def maya(in_app, visit):
    return visit(make_staff(Role.SUPPORT_AGENT))


def copies():
    return [message for message in written() if message.get("resend_of")]


def test_a_failed_message_is_written_again_as_a_new_one(maya, in_app):
    message_id = make_message()
    answer = maya.post(f"/notifications/{message_id}/resend", follow=True)
    assert "The message goes out again." in answer.text
    assert copies() == []
    work_off(in_app)
    (copy,) = copies()
    assert (copy["resend_of"], copy["notification_status"]) == (message_id, "pending")
    (event,) = audit_events("message.resent")
    assert event.subject == message_id


def test_a_double_click_a_replay_and_two_agents_make_one(maya, in_app, visit):
    message_id, command = make_message(), str(uuid4())
    other = visit(make_staff(Role.SUPPORT_AGENT))
    url = f"/notifications/{message_id}/resend"
    answers = at_once(
        lambda: maya.tab().post(url, command_id=command),
        lambda: maya.tab().post(url, command_id=command),
        lambda: other.post(url),
    )
    assert sorted(answer.status_code for answer in answers) in ([303, 303, 409], [303, 409, 409])
    maya.post(url, command_id=command)
    assert len(waiting(JOB)) == 1
    work_off(in_app)
    assert len(copies()) == 1
    assert len(audit_events("message.resent")) == 1
    assert maya.post(f"/notifications/{copies()[0]['_id']}/resend").status_code == 409


@pytest.mark.parametrize(
    ("message", "customer", "sentence", "status"),
    [
        ({"notification_status": "pending"}, {}, "Still on its way", 409),
        ({}, {"status": "inactive"}, "no longer active", 422),
        ({}, {"phone_number": None}, "no address for this channel", 422),
        ({"error_class": "permanent"}, {}, "Correct the address first", 422),
        ({"notification_status": "sent"}, {}, "Write why it goes out again", 422),
    ],
)
def test_what_may_not_go_out_is_refused_with_its_sentence(maya, message, customer, sentence, status):
    message_id = make_message(user_id=make_customer(**customer), **message)
    assert sentence in maya.get(f"/notifications/{message_id}").text
    answer = maya.post(f"/notifications/{message_id}/resend")
    assert answer.status_code == status
    assert sentence in answer.text
    assert waiting(JOB) == []


def test_a_decision_that_was_undone_is_not_told_again(maya):
    loan_id = make_loan()
    held = approve(loan_id)
    message_id = make_message(loan_id=loan_id, context={"message": "loan-approved", "status": "approved"})
    assert "Goes out now" in maya.get(f"/notifications/{message_id}").text
    undo(loan_id, held)
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 422


def test_one_that_failed_a_moment_ago_waits(maya):
    message_id = make_message(notification_failed_at=clock.now() - timedelta(minutes=2))
    assert "less than 10 minutes ago" in maya.get(f"/notifications/{message_id}").text
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 409


def test_a_newer_one_asks_for_a_confirmation(maya):
    siti = make_customer()
    kyc_id = make_kyc_check(user_id=siti, status=KycStatus.VERIFIED)
    kind = {"user_id": siti, "context": {"message": "kyc-verified", "kyc_id": str(kyc_id)}}
    message_id = make_message(**kind)
    make_message(age=timedelta(minutes=5), notification_status="sent", **kind)
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 422
    assert maya.post(f"/notifications/{message_id}/resend", confirmed="y").status_code == 303


def end(copy, **outcome):
    mongo.database[COLLECTION].update_one({"_id": copy["_id"]}, {"$set": outcome})


def make_attempt(message_id, address):
    tried = {"notification_id": message_id, "number": 1, "started_at": clock.now(), "channel": "sms"}
    facts = {"recipient_masked": "–", "recipient_hash": address_hash(address)}
    mongo.database[ATTEMPTS].insert_one({"_id": uuid4(), **tried, **facts})


def later(monkeypatch, **delta):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(**delta))


def test_a_corrected_address_may_be_tried_until_it_fails_as_well(maya, in_app, monkeypatch):
    siti = make_customer(phone_number="+6281234567890")
    message_id = make_message(user_id=siti, error_class="permanent")
    make_attempt(message_id, "+6281111111111")
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 303
    work_off(in_app)
    (copy,) = copies()
    make_attempt(copy["_id"], "+6281234567890")
    end(copy, notification_status="failed", error_class="permanent")
    later(monkeypatch, hours=1)
    for one in (message_id, copy["_id"]):
        answer = maya.post(f"/notifications/{one}/resend")
        assert (answer.status_code, "Correct the address first" in answer.text) == (422, True)


def test_of_one_that_arrived_after_all_a_reason_is_asked(maya, in_app, monkeypatch):
    message_id = make_message()
    maya.post(f"/notifications/{message_id}/resend")
    work_off(in_app)
    end(copies()[0], notification_status="sent")
    later(monkeypatch, hours=1)
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 422
    assert maya.post(f"/notifications/{message_id}/resend", reason="She deleted it.").status_code == 303
    work_off(in_app)
    assert [copy["resend_reason"] for copy in copies()] == [None, "She deleted it."]


def test_a_copy_that_is_asked_for_again_counts_for_the_first_one(maya, in_app, monkeypatch):
    message_id = make_message()
    maya.post(f"/notifications/{message_id}/resend")
    work_off(in_app)
    (copy,) = copies()
    end(copy, notification_status="failed", error_class="unavailable")
    later(monkeypatch, minutes=11)
    assert maya.post(f"/notifications/{copy['_id']}/resend").status_code == 303
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 409


def change(loan_id, **facts):
    """The first installment of a loan becomes such a one."""
    db.session.execute(update(Payment).where(Payment.id == payment_of(loan_id).id).values(**facts))
    db.session.commit()


def about(kind, loan_id=None, **context):
    return {"notification_category": "payment", "loan_id": loan_id, "context": {"message": kind, **context}}


@pytest.fixture
def monday_noon(monkeypatch):
    at = clock.now()
    noon = at.astimezone(clock.WIB).replace(hour=12, minute=0) + timedelta(
        days=(7 - at.astimezone(clock.WIB).weekday())
    )
    monkeypatch.setattr(clock, "now", lambda: noon)
    return noon


def test_a_reminder_holds_while_an_installment_is_to_be_paid(maya, monday_noon):
    loan_id = make_approved()
    overdue = make_message(**about("payment-overdue", loan_id))
    tomorrow = make_message(**about("payment-due-tomorrow", loan_id))
    change(loan_id, due_date=monday_noon.date() + timedelta(days=1))
    assert "no longer true" in maya.get(f"/notifications/{overdue}").text
    assert "Goes out now" in maya.get(f"/notifications/{tomorrow}").text
    change(loan_id, due_date=monday_noon.date() - timedelta(days=1), status=PaymentStatus.OVERDUE)
    assert "Goes out now" in maya.get(f"/notifications/{overdue}").text
    answer = maya.post(f"/notifications/{tomorrow}/resend")
    assert (answer.status_code, "no longer true" in answer.text) == (422, True)


@pytest.mark.parametrize("status", [KycStatus.VERIFIED, KycStatus.REJECTED, KycStatus.EXPIRED])
def test_a_decision_about_a_document_holds_while_it_stands(maya, status):
    siti = make_customer()
    kyc_id = make_kyc_check(user_id=siti, status=status, age=timedelta(days=2))
    told = {"context": {"message": f"kyc-{status}", "kyc_id": str(kyc_id)}, "notification_category": "kyc"}
    message_id = make_message(user_id=siti, **told)
    assert "Goes out now" in maya.get(f"/notifications/{message_id}").text
    make_kyc_check(user_id=siti, status=KycStatus.PENDING)
    is_true = status is KycStatus.VERIFIED
    assert ("Goes out now" if is_true else "no longer true") in maya.get(f"/notifications/{message_id}").text


def test_a_reminder_asked_for_on_a_sunday_is_scheduled_for_the_next_day(maya, in_app, monkeypatch, monday_noon):
    loan_id = make_approved()
    change(loan_id, status=PaymentStatus.OVERDUE)
    message_id = make_message(**about("payment-overdue", loan_id))
    monkeypatch.setattr(clock, "now", lambda: monday_noon - timedelta(days=1))
    page = maya.get(f"/notifications/{message_id}").text
    assert "It is sent at the next such time." in page
    assert maya.post(f"/notifications/{message_id}/resend", follow=True).status_code == 200
    work_off(in_app)
    (copy,) = copies()
    assert copy["notification_status"] == "pending"
    assert copy["due_at"] == monday_noon.replace(hour=8, minute=0, second=0, microsecond=0)


@pytest.mark.slow
def test_while_mongo_is_down_nothing_is_lost(maya, in_app, servers):
    message_id = make_message()
    maya.post(f"/notifications/{message_id}/resend")
    servers.stop_mongo()
    try:
        assert maya.post(f"/notifications/{message_id}/resend").status_code == 503
        work_off(in_app)
        assert len(waiting(JOB)) == 1
    finally:
        servers.start_mongo()
    assert maya.get(f"/notifications/{message_id}").status_code == 200


def test_what_is_asked_of_a_page_of_messages_reads_no_more_than_it_needs(in_app):
    """However many newer ones there are: an index entry or two for each message that is asked about."""
    siti = make_customer()
    kind = {"user_id": siti, "context": {"message": "payment-overdue"}}
    old = [make_message(age=timedelta(days=9), **kind) for _ in range(10)]
    for number in range(300):
        make_message(age=timedelta(days=number % 8), notification_status=("sent", "failed")[number % 2], **kind)
    asked = list(messages.of_ids(old).values())
    mongo.database.command("profile", 2)
    try:
        assert messages.with_newer_sent(asked) == set(old)
    finally:
        mongo.database.command("profile", 0)
    (read,) = mongo.database["system.profile"].find(
        {"command.aggregate": 1, "command.pipeline.0.$documents": {"$exists": True}}
    )
    mongo.database["system.profile"].drop()
    assert len(old) <= read["keysExamined"] <= 2 * len(old)
    assert read["docsExamined"] <= 2 * len(old)
