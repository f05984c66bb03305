"""Sending once more: one new message however often and by however many it is asked."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portal.permissions import Role
from portal.shared import clock
from tests.client import at_once
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import approve, undo
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
    kind = {"user_id": siti, "context": {"message": "kyc-verified"}}
    message_id = make_message(**kind)
    make_message(age=timedelta(minutes=5), notification_status="sent", **kind)
    assert maya.post(f"/notifications/{message_id}/resend").status_code == 422
    assert maya.post(f"/notifications/{message_id}/resend", confirmed="y").status_code == 303


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
