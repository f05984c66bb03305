"""Customers in the browser: found, opened, shown in full for a minute, blocked, let in again, deleted; all by keys."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.permissions import Role
from portal.shared.database import db
from portal.users.models import Profile
from tests.browser.acting import press, sees, sign_in
from tests.browser.seeing import tab_stops
from tests.factories import audit_events, make_customer, make_kyc_check, make_loan, make_staff

pytestmark = pytest.mark.browser

NAME, PHONE, MASKED = "Putri Amelia Sari", "+6281234567890", "+62812••••890"


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")


@pytest.fixture
def adi(in_app):
    return make_staff(Role.ADMIN, display_name="Adi Santoso")


@pytest.fixture
def putri(in_app):
    """A customer with something in every panel."""
    customer = make_customer(fullname=NAME, phone_number=PHONE, email="putri.amelia@example.com")
    make_kyc_check(user_id=customer, has_images=False)
    make_loan(user_id=customer)
    return customer


def reach(page, target):
    """Press Tab until the focus is there."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        press(page, "Tab")
    raise AssertionError(f"no Tab leads to {target}")


def choose(page, select, downs=1):
    """Reach a list and choose from it by its arrow keys."""
    reach(page, select)
    press(page, *["ArrowDown"] * downs)


def profile_of(user_id):
    db.session.rollback()
    return db.session.get(Profile, user_id, populate_existing=True)


def test_by_keys_from_the_search_to_a_contact_that_hides_itself(maya, putri, open_page):
    page = open_page(maya)
    page.clock.install()
    page.goto("/")
    press(page, "/")
    page.keyboard.type("putry amelia")
    press(page, "Enter")
    reach(page, page.get_by_role("link", name=NAME, exact=True))
    press(page, "Enter")
    sees(page, NAME)
    expect(page.get_by_text(MASKED)).to_be_visible()
    for panel in ("#kyc", "#loans"):
        expect(page.locator(f"{panel} [data-row]")).to_have_count(1)

    reach(page, page.get_by_role("radio", name="Phone"))
    press(page, "Space")
    choose(page, page.get_by_label("Reason"))
    reach(page, page.get_by_label("What for"))
    page.keyboard.type("He asked for it on the phone")
    press(page, "Enter")
    shown = page.get_by_text(PHONE)
    expect(shown).to_be_visible()
    expect(page.locator("[data-masked]")).to_be_focused()
    expect(page.get_by_text("Hides after 60 seconds, at")).to_be_visible()
    expect(page.locator("section[hx-get]")).to_have_count(0)  # a panel on its way would be given up by this clock
    page.clock.fast_forward(61_000)
    expect(shown).to_have_count(0)
    expect(page.get_by_text(MASKED)).to_be_visible()
    expect(page.get_by_text("Hides after")).to_have_count(0)
    expect(page.locator("#said")).to_have_text("The contact is hidden again")
    (event,) = audit_events("customer.revealed")
    assert (event.actor_id, event.details["reason"]) == (maya.auth_id, "CALL_BACK")


def test_what_was_not_chosen_is_said_at_its_field(maya, putri, open_page):
    page = open_page(maya, f"/customers/{putri}")
    page.get_by_role("button", name="Show the contact").click()
    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("#errors li")).to_have_text(
        ["Choose the phone or the email.", "Choose a reason.", "Write what you need it for."]
    )
    expect(page.get_by_role("group", name="Contact")).to_contain_text("Choose the phone or the email.")
    page.get_by_role("link", name="Choose the phone or the email.").click()
    expect(page.get_by_role("radio", name="Phone")).to_be_focused()


def test_by_keys_blocked_let_in_again_and_deleted(adi, putri, open_page):
    page = open_page(adi, f"/customers/{putri}")
    for button, downs, status in (("Deactivate customer", 2, "Inactive"), ("Activate customer", 3, "Active")):
        choose(page, page.locator("#status").get_by_label("Reason"), downs)
        reach(page, page.get_by_role("button", name=button))
        press(page, "Enter")
        expect(page.locator("#status .chip")).to_have_text(status)
        page.wait_for_load_state()

    reach(page, page.get_by_role("link", name="Delete this customer"))
    press(page, "Enter")
    sees(page, f"Delete {NAME}?")
    choose(page, page.get_by_label("Reason"))
    reach(page, page.get_by_label("First 8 characters of the ID"))
    page.keyboard.type("putri")
    press(page, "Enter")
    expect(page.locator("#errors")).to_be_focused()
    assert profile_of(putri).deleted_at is None
    expect(page.get_by_label("Reason")).to_have_value("CUSTOMER_REQUEST")
    field = page.get_by_label("First 8 characters of the ID")
    reach(page, field)
    field.select_text()
    page.keyboard.type(str(putri)[:8])
    press(page, "Enter")
    sees(page, "Deleted customer")
    expect(page.get_by_role("main")).to_contain_text("Adi Santoso")
    expect(page.get_by_role("main")).not_to_contain_text(NAME)
    assert profile_of(putri).deleted_at is not None


def test_before_deleting_one_proves_who_one_is(adi, putri, open_page):
    page = open_page(adi, f"/customers/{putri}")
    db.session.execute(text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    page.get_by_role("link", name="Delete this customer").click()
    sees(page, "Confirm that it is you")
    page.get_by_label("Password", exact=True).fill("correct-horse-battery")
    page.get_by_role("button", name="Confirm and go on").click()
    sees(page, f"Delete {NAME}?")


def test_the_timeline_leads_to_what_it_tells_of(maya, putri, open_page):
    page = open_page(maya, f"/customers/{putri}")
    page.get_by_role("link", name="Timeline").click()
    sees(page, NAME)
    expect(page.locator(".timeline > li")).to_have_count(2)
    page.get_by_role("link", name="Loan submitted").click()
    expect(page).to_have_url(re.compile("/loans/"))


def test_a_panel_that_does_not_load_says_so_where_it_stands(maya, putri, site, new_context):
    page = new_context().new_page()  # not watched: that something fails is the point
    page.route("**/loans/of-customer/**", lambda route: route.abort())
    page.goto("/login")
    sign_in(page, maya)
    page.goto(f"/customers/{putri}")
    panel = page.locator("section", has=page.get_by_role("heading", name="Loans"))
    expect(panel).to_contain_text("This did not load.")
    expect(panel.get_by_role("link", name="Show: Loans")).to_be_visible()
    expect(panel.locator(".skel")).to_have_count(0)
    expect(page.locator("#kyc [data-row]")).to_have_count(1)
    expect(page.locator("#flashes .notice")).to_have_count(0)


def test_every_stop_of_the_tab_key_is_seen_and_has_a_ring(adi, putri, open_page):
    page = open_page(adi, f"/customers/{putri}", reduced_motion="reduce")
    expect(page.locator("#kyc [data-row]")).to_have_count(1)
    for path in (f"/customers/{putri}", f"/customers/{putri}/delete", f"/customers/{putri}/timeline"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        stops = tab_stops(page)
        assert len(stops) > 5
        assert [stop for stop in stops if stop.endswith(")")] == []


def test_without_scripts_from_the_search_to_a_deletion(maya, adi, putri, open_page):
    page = open_page(path="/customers", java_script_enabled=False)
    sign_in(page, maya)
    page.get_by_label("Name, phone, email or ID").fill("0812 3456 7890")
    page.get_by_role("main").get_by_role("button", name="Find").click()
    page.get_by_role("link", name=NAME, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.get_by_role("group", name="Contact").get_by_text("Phone").click()
    page.get_by_label("Reason").select_option("A message did not arrive")
    page.get_by_label("What for").fill("A failed reminder")
    page.get_by_role("button", name="Show the contact").click()
    expect(page.get_by_text(PHONE)).to_be_visible()
    expect(page.get_by_text("Hides after 60 seconds, at")).to_be_visible()
    assert f'http-equiv="refresh" content="60; url=/customers/{putri}"' in page.content()
    page.get_by_role("link", name="Show: Loans").click()
    expect(page.locator("[data-row]")).to_have_count(1)

    page = open_page(adi, f"/customers/{putri}", java_script_enabled=False)
    page.locator("#status").get_by_label("Reason").select_option("Fraud is suspected")
    page.get_by_role("button", name="Deactivate customer").click()
    expect(page.locator("#status .chip")).to_have_text("Inactive")
    page.get_by_role("link", name="Delete this customer").click()
    page.get_by_label("Reason").select_option("Fraud was proven")
    page.get_by_label("First 8 characters of the ID").fill(str(putri)[:8])
    page.get_by_role("button", name="Delete customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted customer")
    assert profile_of(putri).deleted_at is not None
