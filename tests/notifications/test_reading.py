"""Reading the log: filters, pages, one message, and content that is nothing but content."""

from datetime import timedelta
from uuid import uuid4

import pytest

from portal.permissions import Role
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.notifications.messages import make_message

NASTY = "<script>alert(1)</script><a href='javascript:alert(2)'>x</a><img src=https://evil.example/x>\u202eevil"


@pytest.fixture
def maya(in_app, visit):
    """A support agent at work."""
    return visit(make_staff(Role.SUPPORT_AGENT))


def shown(answer):
    return answer.text.count("data-row=")


def test_the_log_is_narrowed_by_each_filter_and_by_all_of_them(maya):
    siti = make_customer(fullname="Siti")
    loan_id = uuid4()
    make_message(
        user_id=siti, loan_id=loan_id, notification_status="sent", notification_type="push", notification_category="kyc"
    )
    make_message(age=timedelta(days=30))
    queries = ["status=sent", "category=kyc", "type=push", f"user={siti}", f"loan={loan_id}"]
    for query in [*queries, "&".join(queries)]:
        assert shown(maya.get(f"/notifications?{query}")) == 1, query
    assert shown(maya.get("/notifications")) == 2
    assert shown(maya.get("/notifications?to=2020-01-01")) == 0
    assert maya.get("/notifications?status=gone").status_code == 422


def test_pages_follow_each_other_without_a_gap_even_among_equal_times(maya):
    made = {str(make_message(age=timedelta(hours=number // 20))) for number in range(60)}
    seen, url = [], "/notifications"
    while url:
        text = maya.get(url).text
        seen += [part.split('"')[0] for part in text.split('data-row="')[1:]]
        rest = [part for part in text.split('href="') if part.startswith("/notifications?after=")]
        url = rest[0].split('"')[0] if rest else None
    assert len(seen) == 60
    assert set(seen) == made


def test_a_message_opens_beside_the_list_and_alone_with_masked_addresses(maya):
    siti = make_customer(fullname="Siti", phone_number="+628123456789")
    message_id = make_message(user_id=siti)
    for url in (f"/notifications?open={message_id}", f"/notifications/{message_id}"):
        answer = maya.get(url)
        assert "+62812••••789" in answer.text
        assert "+628123456789" not in answer.text
        assert "Halo, pinjaman" in answer.text
    assert len(audit_events("message.opened")) == 1
    assert maya.get(f"/notifications/{uuid4()}").status_code == 404


@pytest.mark.parametrize("channel", ["sms", "push"])
def test_text_is_shown_as_text(maya, channel):
    text = maya.get(f"/notifications/{make_message(notification_type=channel, notification_content=NASTY)}").text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text


def test_the_html_of_an_email_stands_in_a_frame_where_nothing_runs(maya):
    message_id = make_message(notification_type="email", notification_content=NASTY)
    page = maya.get(f"/notifications/{message_id}")
    assert "alert(1)" not in page.text
    assert f'sandbox src="/notifications/{message_id}/content"' in page.text
    policy = maya.get(f"/notifications/{message_id}/content", htmx=True).headers["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'self'", "sandbox"} <= set(policy.split("; "))
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_an_analyst_sees_the_panel_of_a_loan_and_no_way_into_the_log(in_app, visit):
    loan_id = make_loan()
    make_message(loan_id=loan_id)
    answer = visit(make_staff(Role.CREDIT_ANALYST)).get(f"/notifications/of-loan/{loan_id}")
    assert "Pinjaman Anda disetujui" in answer.text
    assert 'href="/notifications' not in answer.text


def test_the_export_is_masked_and_recorded(maya):
    make_message(user_id=make_customer(phone_number="+628123456789"))
    answer = maya.send("GET", "/notifications/export.csv?status=failed")
    assert "62812••••789" in answer.text
    assert "8123456789" not in answer.text
    assert audit_events("messages.exported")[0].details == {"filters": {"status": "failed"}}
