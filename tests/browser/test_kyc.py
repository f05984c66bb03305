"""A reviewer's shift without a mouse: take, look, decide, undo; and what he reads when somebody was faster."""

import sys
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.kyc.models import DocumentType, KycStatus
from tests.browser.acting import NIK, answer_all, check_number, hold_down, make_drawn_check, press, sees, sign_in
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, claim, decisions, let_lease_run_out, verify
from tests.notifications.working import release_all, waiting, written

pytestmark = pytest.mark.browser

SITI, BUDI, JOKO = "Siti Rahmawati", "Budi Santoso", "Joko"


@pytest.fixture
def worker(start):
    """A worker of the portal, as `make run` starts it."""
    process = start("worker", sys.executable, "-m", "flask", "--app", "wsgi", "worker")
    yield process
    process.stop()


def queue_of_three():
    """The oldest is Siti's, then Budi's, then Joko's."""
    return [
        make_drawn_check(name, age=timedelta(hours=hours), number=NIK[:-1] + str(hours))
        for name, hours in ((SITI, 3), (BUDI, 2), (JOKO, 1))
    ]


def test_a_shift_by_keyboard(rina, open_page, worker):
    siti, budi, joko = queue_of_three()
    page = open_page(path="/kyc")
    sign_in(page, rina)
    sees(page, "KYC queue")
    press(page, "n")
    sees(page, SITI)
    for photo in page.locator(".viewer__stage img").all():
        expect(photo).to_have_js_property("complete", True)
        assert photo.evaluate("photo => photo.naturalWidth") > 0
    answer_all(page)
    check_number(page, NIK[:-1] + "3")
    expect(page.locator("#number-result")).to_have_text("Matches the number the customer gave.")
    hints = page.locator(".nik")
    for hint in ("Jawa Barat", "5 Apr 1994", "Woman"):
        expect(hints).to_contain_text(hint)
    press(page, "v")
    expect(page.locator("#decide-hint")).to_have_text("Press Enter to verify, Esc to go back.")
    assert decisions(siti) == []
    press(page, "Enter")

    sees(page, BUDI)
    expect(page.locator(".toast")).to_contain_text(f"{SITI} verified.")
    assert check_of(siti).status is KycStatus.VERIFIED
    press(page, "u")

    sees(page, SITI)
    expect(page.locator("#flashes")).to_contain_text("Undone.")
    expect(page.locator("[data-done]")).to_have_text("0")
    assert check_of(siti).status is KycStatus.PENDING
    assert check_of(siti).lease_holder == rina.auth_id
    assert check_of(budi).lease_holder is None
    assert waiting() == []
    press(page, "s")

    sees(page, BUDI)
    press(page, "x")
    dialog = page.get_by_role("dialog", name="Reject this submission?")
    press(page, "1", "3", "2", "2")
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(2)
    press(page, "Control+Enter")

    sees(page, SITI)
    expect(page.locator(".toast")).to_contain_text(f"{BUDI} rejected.")
    (decision,) = decisions(budi)
    assert (decision.verdict, decision.reason_codes) == (KycStatus.REJECTED, ["BLURRY", "CROPPED"])
    release_all()
    for _ in range(100):
        if not waiting():
            break
        page.wait_for_timeout(100)
    assert [message["context"]["kyc_id"] for message in written()] == [str(budi)]
    assert check_of(joko).status is KycStatus.PENDING


def test_held_keys_decide_one_submission_at_most(rina, open_page):
    siti, budi, _ = queue_of_three()
    page = open_page(rina, f"/kyc/{siti}")
    page.get_by_role("button", name="Review this one").click()
    answer_all(page)
    page.get_by_label("The number cannot be read").check()
    hold_down(page, "v")
    hold_down(page, "Enter")
    sees(page, BUDI)
    hold_down(page, "Enter")
    page.keyboard.up("Enter")
    page.keyboard.up("v")
    assert len(decisions(siti)) == 1
    assert decisions(budi) == []
    assert len(audit_events("kyc.verified")) == 1


def test_a_finger_left_on_enter_does_not_confirm_what_is_armed_afterwards(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina, number=NIK)
    page = open_page(rina, f"/kyc/{kyc_id}")
    answer_all(page)
    page.get_by_role("textbox", name="Document number").fill(NIK)
    hold_down(page, "Enter")
    expect(page.locator("#number-result")).to_contain_text("Matches")
    assert len(audit_events("kyc.number-checked")) == 1
    press(page, "v")
    expect(page.locator("#decision")).to_have_attribute("data-armed", "")
    hold_down(page, "Enter")
    page.keyboard.up("Enter")
    assert decisions(kyc_id) == []
    expect(page.locator("#decision")).to_have_attribute("data-armed", "")


def test_an_armed_verify_is_disarmed_by_escape_by_another_answer_and_by_going_elsewhere(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    decision = page.locator("#decision")
    answer_all(page)
    page.get_by_label("The number cannot be read").check()
    for away in ("Escape", "Tab", "d", "1"):
        press(page, "v")
        expect(decision).to_have_attribute("data-armed", "")
        press(page, away)
        expect(decision).not_to_have_attribute("data-armed", "")
    press(page, "v")
    expect(page.locator("#decide-hint")).to_have_text("A check is answered No. Reject, or change the answer.")
    press(page, "Enter")
    assert decisions(kyc_id) == []


def test_what_is_missing_is_marked_before_anything_is_sent(rina, open_page):
    twin = make_kyc_check(number=NIK, has_duplicate=True, user_id=make_customer(fullname=BUDI))
    kyc_id = make_kyc_check(held_by=rina, number=NIK, document_type=DocumentType.SIM, has_duplicate=True)
    page = open_page(rina, f"/kyc/{kyc_id}")
    answer_all(page, 6)
    check_number(page)
    expect(page.locator("#number-result")).to_contain_text("Matches")
    press(page, "v")
    expect(page.locator("#decide-hint")).to_have_text("Answer what is marked first, then verify.")
    expect(page.locator(".is-missing")).to_have_count(2)
    duplicate = page.get_by_role("group", name=BUDI)
    expect(duplicate.get_by_label("Same person", exact=True)).to_be_focused()
    press(page, "ArrowRight")
    expect(duplicate.get_by_label("Not the same person")).to_be_checked()
    page.get_by_label("Valid until").fill("2031-04-05")
    page.get_by_label("Valid until").blur()
    press(page, "v", "Enter")
    expect(page.locator(".toast")).to_contain_text("verified.")
    (decision,) = decisions(kyc_id)
    assert decision.duplicates == {str(twin): "different"}
    assert str(check_of(kyc_id).expires_at) == "2031-04-05"


def test_a_wrong_number_can_be_typed_anew_at_once_and_five_times_at_most(rina, open_page):
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    number = page.get_by_role("textbox", name="Document number")
    for left in ("4 tries left.", "3 tries left.", "2 tries left.", "1 try left.", "No tries left."):
        check_number(page, NIK)
        expect(page.locator("#number-result")).to_contain_text(left)
        expect(page.locator("#said")).to_contain_text(left)
        if left[0] != "N":
            expect(number).to_be_focused()
            assert page.evaluate("getSelection().toString()") == NIK
    expect(number).not_to_be_editable()
    expect(page.get_by_role("button", name="Check number")).to_be_disabled()


def test_somebody_who_was_faster_is_named_and_the_answers_are_shown(rina, open_page, visit):
    dian = make_staff(display_name="Dian Kurnia")
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    answer_all(page)
    page.get_by_label("The number cannot be read").check()
    let_lease_run_out(kyc_id)
    other = visit(dian)
    claim(other, kyc_id)
    verify(other, kyc_id)
    with page.expect_response(f"**/kyc/{kyc_id}/verify") as answer:
        press(page, "v", "Enter")
    assert answer.value.status == 409
    notice = page.get_by_role("alert").filter(has_text="Dian Kurnia verified this at")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("WIB")
    answers = page.get_by_role("region", name="Your answers, not saved")
    expect(answers.locator("dd")).to_have_text(["Yes"] * 5 + ["Marked as unreadable"])
    assert [decision.decided_by for decision in decisions(kyc_id)] == [dian.auth_id]


def test_what_somebody_else_holds_can_be_looked_at_but_not_decided(rina, open_page, visit):
    dian = make_staff(display_name="Dian Kurnia")
    kyc_id = make_kyc_check(held_by=rina)
    page = open_page(rina, f"/kyc/{kyc_id}")
    press(page, "x", "1")
    page.get_by_label("Note for staff").fill("The corner is missing.")
    let_lease_run_out(kyc_id)
    claim(visit(dian), kyc_id)
    with page.expect_response(f"**/kyc/{kyc_id}/reject") as answer:
        press(page, "Control+Enter")
    assert answer.value.status == 423
    expect(page.get_by_role("alert").filter(has_text="Another reviewer holds this submission now.")).to_be_focused()
    expect(page.get_by_role("main")).to_contain_text("Dian Kurnia is reviewing this now")
    answers = page.get_by_role("region", name="Your answers, not saved")
    expect(answers).to_contain_text("Photo blurry")
    expect(answers).to_contain_text("The corner is missing.")
    expect(page.get_by_role("button", name="Verify")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("img")).to_have_count(0)
    assert decisions(kyc_id) == []


def test_the_queue_by_keyboard(rina, open_page):
    siti, budi, _ = queue_of_three()
    page = open_page(rina)
    press(page, "g", "k")
    sees(page, "KYC queue")
    press(page, "j", "j", "k")
    expect(page.get_by_role("link", name=SITI)).to_be_focused()
    press(page, "j", "Enter")
    sees(page, BUDI)
    expect(page.get_by_role("main")).to_contain_text("Nobody holds this submission.")
    press(page, "g", "h")
    sees(page, "Hello, Rina Wulandari")
    press(page, "n")
    sees(page, SITI)
    assert check_of(siti).lease_holder == rina.auth_id
    assert check_of(budi).lease_holder is None


def test_filtering_happens_in_place_and_stays_in_the_address(rina, open_page):
    queue_of_three()
    make_kyc_check(document_type=DocumentType.SIM, user_id=make_customer(fullname="Wayan"), age=timedelta(hours=30))
    page = open_page(rina, "/kyc")
    page.locator("body").evaluate("body => { body.dataset.same = 'yes' }")
    page.get_by_role("combobox", name="Document", exact=True).select_option("sim")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page).to_have_url("/kyc?document_type=sim")
    expect(page.locator("#said")).to_have_text("1 submission shown")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("tr[data-row]")).to_have_count(4)
    page.get_by_role("link", name="Past target").click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("#tab-late")).to_be_focused()
    expect(page.locator("body")).to_have_attribute("data-same", "yes")
    page.go_back()
    expect(page.locator("tr[data-row]")).to_have_count(4)


def test_the_counter_says_when_something_came_in(rina, open_page):
    make_kyc_check()
    page = open_page(rina)
    page.clock.install()
    page.goto("/kyc")
    make_kyc_check(user_id=make_customer(fullname="Wayan"))
    page.clock.fast_forward(31_000)
    page.get_by_role("link", name="1 new submission, show it").click()
    expect(page.locator("tr[data-row]")).to_have_count(2)
