"""The ends of a session as they look in the browser: announced, put off, come back from, and nothing left behind."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from portal.auth.models import AuthSession
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import answer_all, check_number, press, sees, sign_in
from tests.factories import make_customer, make_kyc_check

pytestmark = pytest.mark.browser

MINUTE = 60_000


def session_of(staff):
    db.session.rollback()
    found = db.session.query(AuthSession).filter_by(auth_id=staff.auth_id, revoked_at=None)
    return found.populate_existing().one()


def leave_alone(staff, minutes):
    """So long nobody has touched this person's session."""
    session_of(staff).used_at = clock.now() - timedelta(minutes=minutes)
    db.session.commit()


def let_time_pass(page, milliseconds):
    """The page's clock jumps; waits for the renewal of the hold that this sets off."""
    with page.expect_response("**/hold"):
        page.clock.fast_forward(milliseconds)


def test_thirteen_quiet_minutes_are_announced_and_can_be_put_off_without_losing_anything(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    answer_all(page)
    page.get_by_role("textbox", name="Document number").fill("3273")
    notice = page.locator("#idle")
    let_time_pass(page, 12 * MINUTE)
    expect(notice).to_be_empty()
    leave_alone(rina, 13)
    let_time_pass(page, MINUTE)
    expect(notice).to_contain_text("You will be signed out in 2 minutes.")
    with page.expect_response("**/account/renew") as answer:
        notice.get_by_role("button", name="Stay signed in").click()
    assert answer.value.status == 204
    expect(notice).to_be_empty()
    assert clock.now() - session_of(rina).used_at < timedelta(minutes=1)
    expect(page.locator("[data-done]")).to_have_text("5")
    expect(page.get_by_role("textbox", name="Document number")).to_have_value("3273")
    let_time_pass(page, 12 * MINUTE)
    expect(notice).to_be_empty()


def test_after_fifteen_quiet_minutes_the_page_leaves_and_the_sign_in_leads_back(rina, open_page):
    kyc_id = make_kyc_check(user_id=make_customer(fullname="Siti Rahmawati"))
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    leave_alone(rina, 16)
    page.clock.fast_forward(16 * MINUTE)
    expect(page).to_have_url(f"/login?next={quote(f'/kyc/{kyc_id}', safe='')}")
    expect(page.get_by_role("main")).to_contain_text("You were signed out after 15 minutes without activity.")
    sign_in(page, rina)
    sees(page, "Siti Rahmawati")
    expect(page).to_have_url(f"/kyc/{kyc_id}")


def test_work_without_requests_keeps_the_session(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    leave_alone(rina, 6)
    page.clock.fast_forward(6 * MINUTE)
    with page.expect_response("**/account/renew"):
        press(page, "d")
    assert clock.now() - session_of(rina).used_at < timedelta(minutes=1)


def test_polls_and_renewals_of_the_hold_do_not_keep_the_session(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina)
    page.clock.install()
    page.goto(f"/kyc/{kyc_id}")
    leave_alone(rina, 5)
    before = session_of(rina).used_at
    with page.expect_response(f"**/kyc/{kyc_id}/hold"):
        page.clock.fast_forward(MINUTE + 1000)
    assert session_of(rina).used_at == before
    page.goto("/kyc")
    leave_alone(rina, 5)
    before = session_of(rina).used_at
    with page.expect_response("**/kyc/live*"):
        page.clock.fast_forward(31_000)
    assert session_of(rina).used_at == before


def test_an_expired_session_inside_a_fragment_leads_to_the_sign_in_and_back(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina, user_id=make_customer(fullname="Siti Rahmawati"))
    page = open_page(rina, f"/kyc/{kyc_id}")
    leave_alone(rina, 16)
    check_number(page)
    expect(page).to_have_url(f"/login?next={quote(f'/kyc/{kyc_id}', safe='/')}")
    sees(page, "Sign in")
    sign_in(page, rina)
    expect(page).to_have_url(f"/kyc/{kyc_id}")
    sees(page, "Siti Rahmawati")


def test_an_expired_session_in_a_filtered_list_comes_back_to_the_list(rina, open_page):
    page = open_page(rina, "/kyc")
    leave_alone(rina, 16)
    page.get_by_role("combobox", name="Document", exact=True).select_option("sim")
    expect(page).to_have_url(re.compile("/login"))
    sign_in(page, rina)
    sees(page, "KYC queue")


def test_back_after_signing_out_shows_nothing_of_customers(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina, user_id=make_customer(fullname="Siti Rahmawati"))
    page = open_page(rina, "/kyc")
    expect(page.get_by_role("main")).to_contain_text("Siti Rahmawati")
    page.goto(f"/kyc/{kyc_id}")
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/login")
    for _ in range(2):
        page.go_back()
        expect(page).to_have_url(re.compile("/login"))
        assert "Siti" not in page.content()
    kept = page.evaluate("Promise.all([caches.keys(), localStorage.length, sessionStorage.length])")
    assert kept == [[], 0, 0]


def test_signing_out_in_one_tab_ends_the_others(rina, open_page):
    page = open_page(rina, "/kyc")
    other = page.context.new_page()
    other.goto("/")
    other.locator(".usermenu > summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url("/login")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_double_click_sends_once(rina, open_page):
    ids = [make_kyc_check(age=timedelta(hours=hours)) for hours in (2, 1)]
    page = open_page(rina, "/kyc")
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Review the oldest").dblclick()
    expect(page).to_have_url(f"/kyc/{ids[0]}")
    assert len(posts) == 1
