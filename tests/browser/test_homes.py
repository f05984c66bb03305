"""Homes while they stay open: numbers that change under nobody's finger, and the keys that lead from there."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.permissions import Role
from tests.browser.acting import press, sees
from tests.browser.seeing import tab_stops
from tests.factories import make_customer, make_kyc_check, make_score, make_staff

pytestmark = pytest.mark.browser

HALF_A_MINUTE = 31_000


def test_numbers_are_refreshed_and_leave_the_focus_where_it_is(rina, open_page):
    make_kyc_check(has_images=False)
    page = open_page(rina)
    page.clock.install()
    page.goto("/")
    waiting, young = page.locator("#tile-waiting .stat__n"), page.locator("#chart .num").first
    expect(waiting).to_have_text("1")
    page.locator("#tile-late").focus()
    make_kyc_check(has_images=False, age=timedelta(minutes=5))
    page.clock.fast_forward(HALF_A_MINUTE)
    expect(waiting).to_have_text("2")
    expect(young).to_contain_text("1")
    expect(page.locator("#tile-late")).to_be_focused()
    expect(page.locator(".livedot")).to_have_count(1)
    with page.expect_response("**/counters?**") as answer:
        page.clock.fast_forward(HALF_A_MINUTE)
    assert answer.value.status == 204
    expect(waiting).to_have_text("2")


def test_nobody_asks_while_nobody_looks(rina, open_page):
    page = open_page(rina)
    page.clock.install()
    page.goto("/")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/counters" in request.url else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.fast_forward(HALF_A_MINUTE)
    page.wait_for_timeout(300)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    with page.expect_response("**/counters?**"):
        page.clock.fast_forward(HALF_A_MINUTE)


def test_the_oldest_is_scored_and_every_room_is_reached_by_keys(open_page):
    bagas = make_staff(Role.CREDIT_ANALYST, display_name="Bagas Nugroho")
    make_score(user_id=make_customer(fullname="Siti Rahmawati"), age=timedelta(hours=2))
    make_score(user_id=make_customer(fullname="Budi Santoso"), age=timedelta(hours=9))
    page = open_page(bagas)
    press(page, "n")
    expect(page.get_by_role("main")).to_contain_text("Budi Santoso")
    for key, heading in (("s", "Credit scores"), ("l", "Loans"), ("c", "Customers"), ("h", "Hello, Bagas Nugroho")):
        press(page, "g", key)
        sees(page, heading)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    for words in ("Score the oldest", "Go to the credit scores", "Go to the customers"):
        expect(dialog).to_contain_text(words)


@pytest.mark.parametrize("role", [*Role])
def test_every_stop_of_the_tab_key_on_a_home_is_seen_and_has_a_ring(open_page, role):
    for hours in (1, 30):
        make_kyc_check(has_images=False, age=timedelta(hours=hours))
        make_score(age=timedelta(hours=hours), is_identified=False)
    stops = tab_stops(open_page(make_staff(role), reduced_motion="reduce"))
    assert len(stops) > 15
    assert [stop for stop in stops if stop.endswith(")")] == []


@pytest.mark.parametrize("role", [*Role])
def test_a_home_is_whole_without_scripts(open_page, role):
    make_kyc_check(has_images=False)
    make_score()
    page = open_page(make_staff(role), java_script_enabled=False)
    expect(page.locator(".stat__n")).to_have_count(4)
    expect(page.locator(".livedot")).to_contain_text("Updated")
    expect(page.locator("#chart table.bars")).to_be_visible()
