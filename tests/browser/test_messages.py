"""The message log in the browser: read by keyboard, explained, revealed, kept fresh, and harmless."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.notifications.channels import Outgoing, provider_of
from portal.notifications.models import COLLECTION
from portal.notifications.repository import breakers
from portal.notifications.repository.breakers import MAX_FAILURES
from portal.permissions import Role
from portal.shared import clock
from portal.shared.crypto import address_hash, uuid7
from portal.shared.mongo import mongo
from tests.browser.acting import press, sees
from tests.browser.seeing import faults, misfits, tab_stops
from tests.factories import audit_events, make_customer, make_staff
from tests.notifications.messages import make_attempt, make_message

pytestmark = pytest.mark.browser

NAME, PHONE = "Maria Magdalena Simbolon boru Hutagalung", "+628123456789"
NASTY = (
    "<script>document.title='evil'</script><img src=https://evil.example/x onerror=\"document.title='evil'\">"
    "<a href=\"javascript:document.title='evil'\">pay here</a><iframe src=https://evil.example></iframe>"
    "<meta http-equiv=refresh content='0;url=https://evil.example'><style>@import url(https://evil.example)</style>"
    "\u202egnp.exe\u2066"
)
POLL = 31_000


@pytest.fixture
def maya(in_app):
    """A support agent at work."""
    return make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")


@pytest.fixture
def siti(in_app):
    return make_customer(fullname=NAME, phone_number=PHONE, email="siti@example.com")


@pytest.fixture
def failed(siti):
    """An SMS that failed for good after two tries."""
    message_id = make_message(user_id=siti, error_class="permanent", notification_link="https://localhost/app")
    make_attempt(message_id, 1, error_class="timeout", provider_answer="")
    refusal = "HTTP 422 invalid_recipient"
    make_attempt(message_id, 2, error_class="permanent", provider_answer=refusal, recipient_hash=address_hash(PHONE))
    return message_id


def end(message_id, **change):
    mongo.database[COLLECTION].update_one({"_id": message_id}, {"$set": change})


def panel(page):
    return page.locator("#panel")


def test_the_log_is_read_by_keyboard(maya, failed, siti, open_page):
    make_message(user_id=siti, age=timedelta(hours=3), notification_title="Pinjaman kedua")
    page = open_page(maya, "/notifications")
    press(page, "j", "j", "k", "Enter")
    expect(panel(page).get_by_role("heading", level=2)).to_be_focused()
    expect(panel(page)).to_contain_text("HTTP 422 invalid_recipient")
    press(page, "Escape")
    expect(panel(page)).to_have_count(0)
    expect(page.locator(f"#row-{failed}")).to_be_focused()
    press(page, "j", "Enter")
    expect(panel(page).get_by_role("heading", level=2)).to_have_text("Pinjaman kedua")


def test_a_failed_message_explains_itself(maya, failed, open_page):
    page = open_page(maya, f"/notifications?open={failed}")
    attempts = panel(page).locator("#attempts")
    expect(attempts.locator("h4")).to_have_text(["2. Refused", "1. No answer in time"])
    expect(attempts).to_contain_text("The address does not work. Correct it first, then send the message again.")
    expect(panel(page).locator(".linkout")).to_contain_text("https://localhost/app")
    expect(panel(page).locator(".linkout a")).to_have_count(0)
    expect(page.locator(f"tr[data-row='{failed}'] .cell-status")).to_contain_text("Bad address")


def test_a_phone_number_is_shown_for_a_while_and_masked_again(maya, failed, open_page):
    def hurry(route):
        answer = route.fetch()
        headers = {**answer.headers, "refresh": answer.headers["refresh"].replace("60;", "1;")}
        assert headers["refresh"].startswith("1; ")
        route.fulfill(response=answer, headers=headers)

    page = open_page(maya, f"/notifications?open={failed}")
    page.get_by_text("Show the phone number").click()
    page.get_by_role("button", name="Show for 60 seconds").click()
    expect(page.locator(".errsum")).to_be_focused()
    page.route("**/reveal", hurry)
    page.get_by_label("What for").fill("He says that nothing came")
    page.get_by_role("button", name="Show for 60 seconds").click()
    expect(page.locator("#revealed")).to_have_text(PHONE)
    expect(page.locator("#revealed")).to_have_count(0)
    expect(page.get_by_role("main")).not_to_contain_text(PHONE)
    assert [event.details["reason"] for event in audit_events("customer.revealed")] == ["DELIVERY"]


def test_what_comes_in_is_said_and_moves_no_row(maya, siti, open_page):
    waiting = make_message(user_id=siti, notification_status="pending")
    page = open_page(maya, "/notifications")
    page.clock.install()
    page.reload()
    row = page.locator(f"tr[data-row='{waiting}']")
    place = row.bounding_box()
    for minutes in (1, 2, 3):
        make_message(user_id=siti, age=timedelta(minutes=minutes))
    end(waiting, notification_status="sent", notification_sent_at=clock.now())
    page.clock.fast_forward(POLL)
    expect(page.locator("#live a")).to_have_text("3 new messages, show them")
    expect(page.locator("#said")).to_have_text("3 new messages, show them")
    expect(row.locator(".chip")).to_have_text("Sent")
    assert (row.bounding_box()["y"], row.bounding_box()["height"]) == (place["y"], place["height"])
    assert page.locator("tr[data-row]").count() == 1
    with page.expect_response(re.compile("/notifications/live")) as said_again:
        page.clock.fast_forward(POLL)
    assert said_again.value.status == 204
    page.locator("#live a").click()
    expect(page.locator("tr[data-row]")).to_have_count(4)


def test_a_channel_that_is_down_leads_to_its_messages(maya, siti, open_page):
    message_id = make_message(user_id=siti, error_class="unavailable", notification_failed_at=clock.now())
    make_message(user_id=siti, notification_status="pending", notification_type="email")
    for _ in range(MAX_FAILURES):
        breakers.failed("sms", now=clock.now() - timedelta(minutes=5))
    page = open_page(maya, "/notifications")
    expect(page.locator(".notice--bad")).to_contain_text(re.compile(r"SMS gateway down since .*, 1 message affected"))
    assert not faults(page)
    page.get_by_role("link", name="Resend these when it is back").click()
    expect(page).to_have_url(re.compile(r"status=failed&type=sms&from=\d{4}-\d\d-\d\d$"))
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator(f"tr[data-row='{message_id}']")).to_be_visible()


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_no_script_runs_and_nothing_is_asked_for_elsewhere_whatever_a_message_holds(maya, siti, channel, open_page):
    message_id = make_message(
        user_id=siti,
        notification_type=channel,
        notification_title=NASTY[:255],
        notification_content=f"{NASTY}\n\0{'x' * 1_000_000}",
        notification_link="javascript:document.title='evil'",
    )
    page = open_page(maya, "/notifications")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for path in (f"/notifications?open={message_id}", f"/notifications/{message_id}"):
        page.goto(path)
        if channel == "email":
            letter = page.frame_locator("iframe.mailview")
            expect(letter.locator("body")).to_contain_text("<script>document.title='evil'</script>")
            expect(letter.locator("script, img, iframe, a, style, meta[http-equiv]")).to_have_count(0)
        else:
            expect(page.locator(".smsview")).to_contain_text("<script>document.title='evil'</script>")
        expect(page.locator(".linkout code")).to_have_text("javascript:document.title='evil'")
        expect(page.locator("#main a[href^=javascript]")).to_have_count(0)
        expect(page).not_to_have_title("evil")
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith(page.url.split("/notifications")[0])] == []


def test_the_sheet_of_an_email_is_white_in_the_dark(maya, siti, open_page):
    message_id = make_message(user_id=siti, notification_type="email")
    page = open_page(maya, f"/notifications/{message_id}", color_scheme="dark")
    letter = page.frame_locator("iframe.mailview").locator("body")
    expect(letter).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(letter).to_have_css("color", "rgb(27, 31, 36)")


def test_log_panel_and_outbox_stand_the_eyes_of_axe_and_fit(maya, failed, siti, open_page):
    make_message(user_id=siti, error_class="unknown", notification_title="T" * 200)
    make_message(user_id=siti, notification_type="email", notification_status="sent")
    make_message(user_id=siti, notification_type="push", notification_status="pending", notification_category="kyc")
    page = open_page(maya, "/notifications", reduced_motion="reduce")
    assert not faults(page)
    page.goto(f"/notifications?open={failed}")
    page.get_by_text("Show the phone number").click()
    assert not faults(page)
    assert [stop for stop in tab_stops(page) if stop.endswith(")")] == []
    message_id = uuid7(1_700_000_000_000)
    provider_of("sms").send(Outgoing(message_id, "sms", PHONE, "Pinjaman Anda disetujui", "Halo.\nBaru.", None))
    page.goto("/dev/outbox")
    expect(page.get_by_role("link", name="Pinjaman Anda disetujui").first).to_be_visible()
    assert not faults(page)


def test_nothing_is_cut_off_in_indonesian(maya, failed, siti, open_page):
    page = open_page(maya, "/notifications", locale="id-ID")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    assert not misfits(page)
    page.goto(f"/notifications?open={failed}")
    assert not misfits(page)
    page.goto("/dev/outbox")
    assert not misfits(page)


def test_it_works_without_scripts(maya, failed, open_page):
    page = open_page(maya, "/notifications", java_script_enabled=False)
    page.locator(f"#row-{failed}").click()
    expect(panel(page).locator("#attempts h4")).to_have_count(2)
    page.get_by_text("Show the phone number").click()
    page.get_by_label("What for").fill("He says that nothing came")
    page.get_by_role("button", name="Show for 60 seconds").click()
    expect(page.locator("#revealed")).to_have_text(PHONE)
    sees(page, f"Message {str(failed)[:8]}")
