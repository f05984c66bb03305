"""The loans in the browser: found by phone, their history read, payments posted and taken back, the list exported."""

import csv
import json
import re
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal.auth.models import AuthSession
from portal.loans.models import PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import press, sees
from tests.browser.pages import loans as pages
from tests.browser.pages.loans import REFERENCE, make_loan_of
from tests.browser.seeing import faults, misfits, tab_stops
from tests.client import PASSWORD
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import events_of, payment_of, post

pytestmark = pytest.mark.browser


@pytest.fixture
def sari(in_app):
    return make_staff(Role.SUPPORT_AGENT, display_name="Sari Dewi")


@pytest.fixture
def adi(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Adi Pratama")


def test_from_a_phone_number_to_the_history_of_a_loan(sari, open_page):
    loan_id = make_loan_of("Siti Rahmawati", loan_amount="24000000.01")
    page = open_page(sari)
    press(page, "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("0812 345 6789")
    press(page, "Enter")
    sees(page, "Find a customer or loan")
    assert "0812" not in page.url
    page.get_by_role("link", name="Siti Rahmawati").first.click()
    sees(page, "Siti Rahmawati")
    page.get_by_role("link", name="Open them in the list").click()
    sees(page, "Loans")
    expect(page.get_by_role("main")).to_contain_text("Customer: Siti Rahmawati")
    press(page, "j", "Enter")
    sees(page, "Siti Rahmawati")
    expect(page.get_by_role("region", name="Identity checks")).to_contain_text("has sent in no document yet")
    expect(page.get_by_role("region", name="Installments")).to_contain_text("0 of 3 paid")
    page.get_by_role("link", name=re.compile("^Review history")).click()
    entries = page.get_by_role("region", name="Review history").get_by_role("listitem")
    expect(entries.get_by_role("heading")).to_have_text(["Approved", "Submitted"])
    expect(entries.nth(0)).to_contain_text("Pending")
    expect(entries.nth(0)).to_contain_text("Approved")
    expect(entries.nth(1)).to_contain_text("Rp24.000.000,01")

    raw = entries.nth(1).get_by_role("group", name=re.compile("Raw JSON: "))
    expect(raw).to_be_hidden()
    entries.nth(1).get_by_text("Raw JSON").click()
    expect(raw).to_be_visible()
    kept = json.loads(raw.inner_text())
    assert kept["old_data"] == {}
    assert kept["new_data"]["loan"]["loan_amount"] == "24000000.01"

    entries.nth(1).get_by_role("link", name="As of this entry").click()
    expect(page.get_by_role("status").filter(has_text="As of Submitted")).to_be_visible()
    expect(page.get_by_role("region", name="The loan then")).to_contain_text("Pending")
    expect(page.get_by_role("region", name="Installments then")).to_contain_text("There was no schedule then.")
    page.get_by_role("link", name="Back to the present").click()
    expect(page).to_have_url(f"/loans/{loan_id}/history")


def test_a_payment_is_posted_and_taken_back(sari, adi, open_page):
    loan_id = make_loan_of("Siti Rahmawati")
    page = open_page(sari, f"/loans/{loan_id}/payments")
    page.get_by_role("link", name="Post payment installment 1").click()
    panel = page.get_by_role("complementary", name="Post payment")
    amount = panel.get_by_label("Amount (Rp)")
    expect(amount).to_be_focused()
    amount.fill("8000000,5")
    panel.get_by_label("Reference").fill(REFERENCE)
    panel.get_by_role("button", name="Post payment").click()
    expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    expect(panel.get_by_label("Reference")).to_have_value(REFERENCE)
    amount.fill("7000000")
    panel.get_by_role("button", name="Post payment").click()
    expect(page.get_by_role("alert").filter(has_text="The installment is Rp8.000.000.")).to_be_focused()
    expect(panel.get_by_label("Reference")).to_have_value(REFERENCE)
    amount.fill("8000000")
    panel.get_by_role("button", name="Post payment").click()
    expect(page.locator("#flashes")).to_contain_text("Payment posted.")
    first = page.locator(f"tr[data-row='{payment_of(loan_id).id}']")
    expect(first).to_contain_text("Paid")
    expect(first).to_contain_text(REFERENCE)
    expect(page.get_by_role("link", name="Reverse")).to_have_count(0)

    page = open_page(adi, f"/loans/{loan_id}/payments")
    reverse = page.get_by_role("link", name="Reverse installment 1")
    reverse.click()
    panel = page.get_by_role("complementary", name="Reverse payment")
    expect(panel.get_by_label("Reason")).to_be_focused()
    panel.get_by_role("link", name="Cancel").focus()
    press(page, "Escape")
    expect(panel).to_have_count(0)
    expect(reverse).to_be_focused()
    press(page, "Enter")
    panel.get_by_label("Reason").fill("The transfer was meant for another loan.")
    panel.get_by_role("button", name="Reverse payment").click()
    expect(page.locator("#flashes")).to_contain_text("Payment reversed.")
    page.get_by_role("link", name=re.compile("^Review history")).click()
    newest = page.get_by_role("region", name="Review history").get_by_role("listitem").first
    expect(newest).to_contain_text("Payment reversed")
    expect(newest).to_contain_text("Adi Pratama, Credit analyst")
    expect(newest).to_contain_text("The transfer was meant for another loan.")
    assert events_of(loan_id)[-2:] == ["payment.posted", "payment.reversed"]


def test_somebody_who_was_faster_is_named_and_nothing_typed_is_lost(sari, open_page, visit):
    loan_id = make_loan_of("Siti Rahmawati")
    page = open_page(sari, f"/loans/{loan_id}/payments")
    page.get_by_role("link", name="Post payment installment 2").click()
    panel = page.get_by_role("complementary", name="Post payment")
    panel.get_by_label("Amount (Rp)").fill("8000000")
    panel.get_by_label("Reference").fill(REFERENCE)
    post(visit(make_staff(Role.SUPPORT_AGENT, display_name="Bayu Saputra")), loan_id, 2)
    with page.expect_response("**/post") as answer:
        panel.get_by_role("button", name="Post payment").click()
    assert answer.value.status == 409
    notice = page.get_by_role("alert").filter(has_text="Bayu Saputra changed this installment at")
    expect(notice).to_be_focused()
    expect(panel.get_by_label("Reference")).to_have_value(REFERENCE)
    assert events_of(loan_id).count("payment.posted") == 1


def test_an_export_asks_who_it_is_and_hands_over_the_filtered_list(adi, open_page):
    make_loan(user_id=make_customer(fullname="Siti Rahmawati"))
    make_loan_of("Budi Santoso")
    page = open_page(adi, "/loans")
    page.get_by_role("link", name="Approved").click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page).to_have_url("/loans?status=approved")
    expect(page.get_by_role("link", name="Export CSV")).to_have_attribute("href", "/loans/export.csv?status=approved")
    ago = {"verified_at": clock.now() - timedelta(minutes=11)}
    db.session.execute(update(AuthSession).where(AuthSession.auth_id == adi.auth_id).values(ago))
    db.session.commit()
    page.get_by_role("link", name="Export CSV").click()
    sees(page, "Confirm that it is you")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Confirm and go on").click()
    assert download.value.suggested_filename == "loans.csv"
    with open(download.value.path(), newline="") as file:
        assert [line["customer"] for line in csv.DictReader(file)] == ["Budi Santoso"]
    (event,) = audit_events("loans.exported")
    assert event.actor_id == adi.auth_id


def test_the_list_is_narrowed_in_place(adi, open_page):
    for tenor, amount in ((6, "500000"), (12, "1500000"), (12, "24000000")):
        make_loan(tenor_month=tenor, loan_amount=amount)
    page = open_page(adi, "/loans")
    rows = page.locator("tr[data-row]")
    page.get_by_label("Tenor (months)").fill("12")
    press(page, "Enter")
    expect(rows).to_have_count(2)
    expect(page).to_have_url("/loans?tenor=12")
    page.get_by_label("To amount (Rp)").fill("a lot")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    expect(page.get_by_label("To amount (Rp)")).to_have_value("a lot")
    page.get_by_label("To amount (Rp)").fill("2000000")
    page.get_by_role("button", name="Apply filters").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Clear filters").click()
    expect(rows).to_have_count(3)
    page.go_back()
    expect(rows).to_have_count(1)


def test_without_scripts_a_loan_is_found_paid_and_read(sari, open_page):
    loan_id = make_loan_of("Siti Rahmawati")
    page = open_page(sari, java_script_enabled=False)
    page.get_by_role("searchbox").fill("+62 812-345-6789")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Siti Rahmawati").first.click()
    page.get_by_role("link", name="Show: Loans").click()
    page.get_by_role("link", name="Open them in the list").click()
    page.get_by_role("main").get_by_role("link", name="Siti Rahmawati", exact=True).click()
    page.get_by_role("link", name="Show the identity checks").click()
    expect(page.get_by_role("main")).to_contain_text("This customer has sent in no document yet.")
    page.go_back()
    page.get_by_role("link", name=re.compile("^Payments")).click()
    page.get_by_role("link", name="Post payment installment 1").click()
    panel = page.get_by_role("complementary", name="Post payment")
    panel.get_by_label("Reference").fill(REFERENCE)
    panel.get_by_role("button", name="Post payment").click()
    expect(page.locator(".errsum")).to_contain_text("Enter the amount that was paid.")
    expect(panel.get_by_label("Reference")).to_have_value(REFERENCE)
    panel.get_by_label("Amount (Rp)").fill("8000000")
    panel.get_by_role("button", name="Post payment").click()
    expect(page.locator("#flashes")).to_contain_text("Payment posted.")
    page.get_by_role("link", name=re.compile("^Review history")).click()
    page.get_by_text("Raw JSON").first.click()
    expect(page.get_by_role("group", name=re.compile("Raw JSON: Payment posted"))).to_be_visible()
    assert payment_of(loan_id).status is PaymentStatus.PAID


@pytest.mark.parametrize("open_it", pages.PAGES, ids=lambda page: page.__name__)
def test_axe_finds_nothing_and_everything_fits(open_it, look, visit, adi, sari):
    found = faults(open_it(look=look, visit=visit, adi=adi, sari=sari))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "open_it",
    [pages.loans, pages.loan_with_everything, pages.history_as_of, pages.reversing],
    ids=lambda page: page.__name__,
)
def test_indonesian_fits(open_it, look, visit, adi, sari):
    page = open_it(look=partial(look, locale="id-ID"), visit=visit, adi=adi, sari=sari)
    expect(page.locator("html")).to_have_attribute("lang", "id")
    assert misfits(page) == []


@pytest.mark.parametrize(
    "open_it", [pages.loans, pages.history, pages.payments_with_an_open_form], ids=lambda page: page.__name__
)
def test_every_stop_of_the_tab_key_is_seen_and_has_a_ring(open_it, look, visit, adi, sari):
    stops = tab_stops(open_it(look=look, visit=visit, adi=adi, sari=sari))
    assert len(stops) > 10
    assert [stop for stop in stops if stop.endswith(")")] == []
