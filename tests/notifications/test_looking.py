"""One message: its attempts, what to do about them, what was sent again from it, and where it went."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portal.notifications import letter
from portal.notifications.models import ATTEMPTS, COLLECTION, ErrorClass
from portal.permissions import Role
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.factories import audit_events, make_customer, make_staff
from tests.notifications.messages import make_attempt, make_message
from tests.notifications.working import work_off

PHONE, EMAIL = "+628123456789", "siti@example.com"
WHY = {"why": "DELIVERY", "text": "He says that nothing came"}
NASTY = "<script>alert(1)</script> javascript:alert(2) <img src=https://evil.example/x> a\u202eb\0c"


@pytest.fixture
def maya(in_app, visit):
    """A support agent at work."""
    return visit(make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri"))


def test_attempts_stand_newest_first_with_what_the_provider_said_and_the_next_try(maya):
    message_id = make_message(notification_status="pending", error_class="unavailable")
    make_attempt(message_id, 1, error_class="timeout", provider_answer="")
    make_attempt(
        message_id,
        2,
        error_class="unavailable",
        provider_answer="HTTP 503",
        retry_at=clock.now() + timedelta(minutes=5),
    )
    text = maya.get(f"/notifications/{message_id}").text
    assert text.index("2. Not taken for now") < text.index("1. No answer in time")
    assert "Provider: HTTP 503" in text
    assert "The provider said nothing." in text
    assert text.count("Next try ") == 1
    assert ErrorClass.UNAVAILABLE.advice in text


@pytest.mark.parametrize("error_class", ErrorClass)
def test_every_failure_has_its_advice_also_without_an_attempt(maya, error_class):
    text = maya.get(f"/notifications/{make_message(error_class=error_class)}").text
    assert error_class.advice.replace("'", "&#39;") in text
    assert "No attempt was made." in text


def test_nobody_claims_to_know_what_became_of_an_unknown_one(maya):
    message_id = make_message(error_class="unknown")
    make_attempt(message_id, error_class="unknown", provider_answer=None)
    text = maya.get(f"/notifications/{message_id}").text
    assert "1. Nobody knows whether it arrived" in text
    row = maya.get("/notifications?status=failed").text
    assert "Unknown" in row.split("<tbody>")[1]


def test_an_attempt_that_runs_and_receipts_that_came_later_are_told(maya):
    running, bounced = make_message(notification_status="pending"), make_message(notification_status="sent")
    make_attempt(running, ended_at=None, outcome=None, provider_answer=None)
    assert "1. Under way" in maya.get(f"/notifications/{running}").text
    receipts = [{"event": "bounced", "at": clock.now(), "answer": "number-unknown"}]
    make_attempt(bounced, receipts=receipts)
    mongo.database[COLLECTION].update_one({"_id": bounced}, {"$set": {"error_class": "permanent"}})
    text = maya.get(f"/notifications/{bounced}").text
    assert "Came back" in text
    assert "number-unknown" in text
    assert ErrorClass.PERMANENT.advice in text


def test_a_message_that_waits_for_the_day_says_when_it_goes_out(maya):
    message_id = make_message(notification_status="pending", due_at=clock.now() + timedelta(hours=9))
    assert "Goes out " in maya.get(f"/notifications/{message_id}").text


def test_the_chain_of_copies_is_there_from_both_ends_with_who_asked_and_why(maya, in_app):
    message_id = make_message(notification_status="sent", notification_sent_at=clock.now() - timedelta(days=2))
    maya.post(f"/notifications/{message_id}/resend", reason="He lost his phone <b>")
    before = maya.get(f"/notifications/{message_id}").text
    assert "asked for by Maya Putri" in before
    assert "He lost his phone &lt;b&gt;" in before
    work_off(in_app)
    copy_id = mongo.database[COLLECTION].find_one({"resend_of": message_id})["_id"]
    assert f'href="/notifications/{copy_id}"' in maya.get(f"/notifications/{message_id}").text
    from_the_copy = maya.get(f"/notifications/{copy_id}").text
    assert f'href="/notifications/{message_id}"' in from_the_copy
    assert "The first message" in from_the_copy
    assert 'id="chain"' not in maya.get(f"/notifications/{make_message()}").text


@pytest.mark.parametrize(
    ("channel", "shown", "hidden"), [("sms", PHONE, EMAIL), ("email", EMAIL, PHONE), ("push", None, PHONE)]
)
def test_support_sees_the_present_address_of_the_channel_for_a_minute(maya, channel, shown, hidden):
    siti = make_customer(phone_number=PHONE, email=EMAIL)
    message_id = make_message(user_id=siti, notification_type=channel)
    url = f"/notifications/{message_id}"
    assert ("/reveal" in maya.get(url).text) == (shown is not None)
    answer = maya.post(f"{url}/reveal", **WHY)
    assert hidden not in answer.text
    if shown is None:
        assert (answer.status_code, audit_events("customer.revealed")) == (422, [])
        return
    assert shown in answer.text
    assert answer.headers["Refresh"] == f"60; url={url}"
    (event,) = audit_events("customer.revealed")
    assert event.details == {"field": {"sms": "phone"}.get(channel, channel), "reason": "DELIVERY", "length": 25}
    assert shown not in maya.get(url).text


def test_without_a_reason_nothing_is_revealed_and_what_was_chosen_stays(maya):
    message_id = make_message(user_id=make_customer(phone_number=PHONE))
    answer = maya.post(f"/notifications/{message_id}/reveal", why="CALL_BACK")
    assert answer.status_code == 422
    assert PHONE not in answer.text
    assert 'selected value="CALL_BACK"' in answer.text
    assert audit_events("customer.revealed") == []


def test_the_address_of_a_deleted_customer_is_gone(maya):
    message_id = make_message(user_id=uuid4())
    assert "/reveal" not in maya.get(f"/notifications/{message_id}").text
    assert maya.post(f"/notifications/{message_id}/reveal", **WHY).status_code == 404


def test_an_administrator_reads_messages_and_no_address(in_app, visit):
    url = f"/notifications/{make_message(user_id=make_customer(phone_number=PHONE))}"
    adi = visit(make_staff(Role.ADMIN))
    assert "/reveal" not in adi.get(url).text
    assert adi.post(f"{url}/reveal", **WHY).status_code == 403


def test_an_email_shows_as_it_was_sent_but_leads_nowhere(maya):
    link = "https://localhost/app"
    message_id = make_message(notification_type="email", notification_link=link)
    shown = maya.get(f"/notifications/{message_id}/content", htmx=True).text
    sent = letter.html("Pinjaman Anda disetujui", "Halo, pinjaman Anda sudah disetujui.", link)
    assert shown == sent.replace(f'<a href="{link}">{link}</a>', link)
    assert "<a" not in shown
    assert [event.subject for event in audit_events("message.opened")] == [message_id]


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_lies_in_the_store_is_shown_harmlessly_whoever_wrote_it(maya, channel):
    content = NASTY + "x" * 1_000_000
    message_id = make_message(
        notification_type=channel, notification_title=NASTY, notification_content=content, notification_link=NASTY
    )
    for path in ("", f"/{message_id}", f"?open={message_id}", f"/{message_id}/content"):
        text = maya.get(f"/notifications{path}", htmx=path.endswith("content")).text
        assert "<script>alert" not in text
        assert "<img src=https" not in text
        assert "\u202e" not in text
        assert "\0" not in text
        assert len(text) < 60_000
        assert "&lt;script&gt;" in text


def test_attempts_are_found_by_their_index(in_app):
    plan = mongo.database[ATTEMPTS].find({"notification_id": uuid4()}).sort("number").explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
