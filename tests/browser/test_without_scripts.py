"""Every act of a reviewer in a browser that runs no scripts: plain forms, plain pages, nothing typed is lost."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.kyc.models import DocumentType, KycStatus
from tests.browser.acting import NIK, make_drawn_check, sign_in
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, decisions, let_lease_run_out, verify

pytestmark = pytest.mark.browser


@pytest.fixture
def open_plain(open_page):
    def open_plain(staff, path="/"):
        return open_page(staff, path, java_script_enabled=False)

    return open_plain


def heading(page):
    return page.get_by_role("heading", level=1)


def answer_all(page, word="Yes"):
    for group in page.locator("[data-check]").all():
        group.get_by_text(word, exact=True).click()


def test_from_the_sign_in_to_an_undone_decision(rina, open_page):
    siti = make_drawn_check(age=timedelta(hours=2))
    make_kyc_check(user_id=make_customer(fullname="Budi Santoso"))
    page = open_page(path="/kyc", java_script_enabled=False)
    sign_in(page, rina)
    expect(page).to_have_url("/kyc")
    expect(page.get_by_role("button", name="Apply filters")).to_be_visible()
    page.get_by_role("row", name="Siti Rahmawati").get_by_role("button", name="Review").click()

    expect(heading(page)).to_have_text("Siti Rahmawati")
    expect(page.get_by_role("img", name="Selfie the customer took")).to_be_visible()
    expect(page.get_by_role("button", name="Zoom in")).to_have_count(0)
    page.locator("[data-check]").first.get_by_text("Yes").click()
    page.get_by_role("textbox", name="Document number").fill(NIK)
    page.get_by_role("button", name="Check number").click()
    expect(page.locator("#number-result")).to_contain_text("Matches the number the customer gave.")
    expect(page.locator(".nik")).to_contain_text("Jawa Barat")
    expect(page.locator("[data-done]")).to_have_text("1")

    page.get_by_role("button", name="Verify").click()
    errors = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(errors.get_by_role("listitem")).to_have_count(4)
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("[data-check]").first.get_by_label("Yes")).to_be_checked()
    errors.get_by_role("link", name="Right type of document").click()
    expect(page).to_have_url(re.compile("#checks-right_type-0$"))
    assert decisions(siti) == []

    answer_all(page)
    page.get_by_role("button", name="Verify").click()
    expect(heading(page)).to_have_text("Budi Santoso")
    assert check_of(siti).status is KycStatus.VERIFIED
    page.get_by_role("button", name="Undo").click()
    expect(heading(page)).to_have_text("Siti Rahmawati")
    expect(page.locator("#flashes")).to_contain_text("Undone.")
    assert check_of(siti).status is KycStatus.PENDING


def test_rejecting_opens_the_reasons_on_a_page_and_keeps_the_answers(rina, open_plain):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_plain(rina, f"/kyc/{kyc_id}")
    answer_all(page, "No")
    page.get_by_role("button", name="Reject", exact=True).click()
    dialog = page.get_by_role("dialog", name="Reject this submission?")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Note for staff").fill("Taken from a screen.")
    dialog.get_by_role("button", name="Reject and notify").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose one to four reasons.")
    expect(dialog.get_by_label("Note for staff")).to_have_value("Taken from a screen.")
    expect(page.locator("[data-check] input[value=no]:checked")).to_have_count(5)
    dialog.get_by_label("Screenshot or copy").check()
    dialog.get_by_label("Other", exact=True).check()
    dialog.get_by_role("button", name="Reject and notify").click()
    expect(dialog).to_contain_text("Write what is wrong, in at least 10 characters, when you choose Other.")
    dialog.get_by_label("What the customer reads").fill("Foto diambil dari layar.")
    dialog.get_by_role("button", name="Reject and notify").click()
    expect(heading(page)).to_have_text("KYC queue")
    expect(page.locator("#flashes")).to_contain_text("Nobody is waiting.")
    (decision,) = decisions(kyc_id)
    assert decision.reason_codes == ["SCREENSHOT_OR_COPY", "OTHER"]
    assert decision.customer_text == "Foto diambil dari layar."


def test_closing_the_reasons_goes_back_to_the_workspace(rina, open_plain):
    page = open_plain(rina, f"/kyc/{make_kyc_check(held_by=rina)}")
    page.get_by_role("button", name="Reject", exact=True).click()
    page.get_by_role("dialog").get_by_label("Photo blurry").check()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Verify")).to_be_visible()


def test_skipping_putting_back_filtering_and_expiring(rina, open_plain):
    verified = make_kyc_check(
        status=KycStatus.VERIFIED, document_type=DocumentType.SIM, user_id=make_customer(fullname="Wayan")
    )
    ids = [
        make_kyc_check(user_id=make_customer(fullname=name), age=timedelta(hours=hours))
        for name, hours in (("Siti", 2), ("Budi", 1))
    ]
    page = open_plain(rina)
    page.get_by_role("button", name="Review the oldest").click()
    expect(heading(page)).to_have_text("Siti")
    page.get_by_role("button", name="Skip").click()
    expect(heading(page)).to_have_text("Budi")
    page.get_by_role("button", name="Put back").click()
    expect(heading(page)).to_have_text("KYC queue")
    assert not any(check_of(kyc_id).lease_holder for kyc_id in ids)
    page.get_by_role("combobox", name="Document", exact=True).select_option("sim")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing matches these filters")
    page.get_by_role("link", name="Verified").click()
    page.get_by_role("link", name="Wayan").click()
    page.get_by_role("button", name="Mark as expired").click()
    expect(page.locator("#expire-errors")).to_contain_text("Write why this document no longer counts.")
    page.get_by_role("textbox", name="Reason").fill("The customer reported it lost.")
    page.get_by_role("button", name="Mark as expired").click()
    expect(page.locator("#flashes")).to_contain_text("Marked as expired.")
    assert check_of(verified).status is KycStatus.EXPIRED


def test_somebody_who_was_faster_is_named_and_the_answers_are_shown(rina, open_plain, visit):
    dian = make_staff(display_name="Dian Kurnia")
    kyc_id = make_kyc_check(held_by=rina)
    page = open_plain(rina, f"/kyc/{kyc_id}")
    answer_all(page)
    let_lease_run_out(kyc_id)
    other = visit(dian)
    claim(other, kyc_id)
    verify(other, kyc_id)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("main")).to_contain_text("Dian Kurnia verified this at")
    expect(page.get_by_role("region", name="Your answers, not saved").get_by_text("Yes")).to_have_count(5)
    assert [decision.decided_by for decision in decisions(kyc_id)] == [dian.auth_id]


def test_language_appearance_and_signing_out(rina, open_plain):
    page = open_plain(rina, "/kyc")
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Indonesia").click()
    expect(heading(page)).to_have_text("Antrean KYC")
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Keluar").click()
    expect(page).to_have_url("/login")
