"""What the log says by itself: new messages, how the shown ones ended, and providers that are down."""

import re
from datetime import timedelta
from html import unescape

import pytest

from portal.notifications.models import COLLECTION
from portal.notifications.repository import breakers
from portal.notifications.repository.breakers import MAX_FAILURES
from portal.permissions import Role
from portal.shared import clock
from portal.shared.mongo import mongo
from tests.factories import make_customer, make_staff
from tests.notifications.messages import make_message


@pytest.fixture
def maya(in_app, visit):
    """A support agent at work."""
    return visit(make_staff(Role.SUPPORT_AGENT))


def poll_of(text):
    """Where a page asks for news."""
    return unescape(re.search(r'id="live" hx-get="([^"]+)"', text)[1])


def end(message_id, **change):
    mongo.database[COLLECTION].update_one({"_id": message_id}, {"$set": change})


def test_a_poll_says_nothing_until_something_came_in_and_then_says_it_once(maya):
    make_message()
    url = poll_of(maya.get("/notifications?status=failed").text)
    assert maya.get(url, htmx=True).status_code == 204
    for age in (1, 2, 3):
        make_message(age=timedelta(minutes=age))
    make_message(age=timedelta(minutes=4), notification_status="sent")
    answer = maya.get(url, htmx=True)
    assert "3 new messages, show them" in answer.text
    assert 'href="/notifications?status=failed"' in answer.text
    assert "data-row" not in answer.text
    assert maya.get(poll_of(answer.text), htmx=True).status_code == 204


def test_an_empty_list_hears_of_its_first_message_and_a_later_page_of_none(maya):
    url = poll_of(maya.get("/notifications").text)
    for _ in range(26):
        make_message()
    assert "26 new messages" in maya.get(url, htmx=True).text
    older = unescape(re.search(r'href="(/notifications\?after=[^"]+)"', maya.get("/notifications").text)[1])
    url = poll_of(maya.get(older).text)
    make_message(age=timedelta())
    assert maya.get(url, htmx=True).status_code == 204


def test_pending_rows_learn_how_they_ended_and_are_not_asked_about_again(maya):
    waiting, ended = (make_message(notification_status="pending") for _ in range(2))
    url = poll_of(maya.get("/notifications").text)
    end(ended, notification_status="failed", error_class="unknown")
    answer = maya.get(url, htmx=True).text
    assert f'id="status-{ended}" hx-swap-oob="true"' in answer
    assert "Unknown" in answer
    assert str(waiting) in poll_of(answer)
    assert str(ended) not in poll_of(answer)
    assert "data-said" not in answer


def test_a_poll_keeps_no_session_alive_and_stands_for_the_filters_of_the_list(maya):
    text = maya.get("/notifications?category=kyc", htmx=True).text
    assert 'id="live"' in text
    assert 'hx-swap-oob="true"' in text
    assert "category=kyc" in poll_of(text)


def test_a_channel_that_is_down_says_since_when_and_whom_it_concerns(maya):
    now = clock.now()
    siti = make_customer()
    for _ in range(3):
        make_message(user_id=siti, notification_status="pending", age=timedelta(minutes=3))
    make_message(user_id=siti, error_class="unavailable", notification_failed_at=now)
    make_message(user_id=siti, error_class="permanent", notification_failed_at=now)
    make_message(user_id=siti, error_class="unavailable", notification_failed_at=now - timedelta(hours=2))
    make_message(user_id=siti, notification_status="pending", notification_type="push")
    for number in range(MAX_FAILURES):
        assert "gateway down" not in maya.get("/notifications").text
        breakers.failed("sms", now=now - timedelta(minutes=10 - number))
    text = maya.get("/notifications").text
    since = breakers.failing()["sms"]
    assert since == (now - timedelta(minutes=10)).replace(microsecond=since.microsecond)
    at = since.astimezone(clock.WIB)
    assert f"SMS gateway down since {at:%H:%M}, 4 messages affected" in text.replace(f"{at:%-d %b}, ", "")
    assert f"status=failed&amp;type=sms&amp;from={at:%Y-%m-%d}" in text
    breakers.worked("sms")
    assert "gateway down" not in maya.get("/notifications").text
    breakers.failed("sms", now=now)
    assert mongo.database["notification_breakers"].find_one({"_id": "sms"})["failing_since"] > since
