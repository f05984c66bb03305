"""The queue, the workspace and the records of identity checks."""

from datetime import timedelta

from playwright.sync_api import expect

from portal.kyc.models import DocumentType, KycStatus
from tests.browser.acting import LONG_NAME, NIK, answer_all, check_number, make_drawn_check, press
from tests.factories import make_customer, make_kyc_check, make_staff
from tests.kyc.desk import claim, reject, verify


def fill_queue(rina):
    """Rows with everything that a row can show."""
    dian = make_staff(display_name="Dian Kurnia")
    for hours, name, given in (
        (30, LONG_NAME, {"attempt": 3}),
        (23.5, "Suparman", {"has_duplicate": True, "attempt": 2}),
        (5, "Siti Rahmawati", {"held_by": rina}),
        (4, "Budi Santoso", {"held_by": dian, "document_type": DocumentType.SIM}),
        (1, "Joko", {"document_type": DocumentType.NPWP}),
    ):
        make_kyc_check(user_id=make_customer(fullname=name), age=timedelta(hours=hours), has_images=False, **given)


def full_workspace(rina, **given):
    """A SIM with a duplicate and an earlier attempt, held by Rina."""
    customer = make_customer(fullname=LONG_NAME)
    earlier = make_drawn_check(user_id=customer, document_type=DocumentType.SIM, age=timedelta(hours=9))
    make_kyc_check(number=NIK, has_duplicate=True, user_id=make_customer(fullname="Budi Santoso"))
    kyc_id = make_drawn_check(
        user_id=customer, document_type=DocumentType.SIM, has_duplicate=True, attempt=2, held_by=rina, **given
    )
    return kyc_id, earlier


def queue(look, rina, **_):
    fill_queue(rina)
    return look("/kyc")


def queue_that_is_empty(look, **_):
    return look("/kyc")


def queue_without_match(look, rina, **_):
    fill_queue(rina)
    return look("/kyc?document_type=npwp&flag=duplicate")


def queue_of_the_decided(look, visit, rina, **_):
    make_kyc_check(status=KycStatus.REJECTED, has_duplicate=True, has_images=False)
    reject(visit(rina), make_kyc_check(held_by=rina), "BLURRY")
    page = look("/kyc?status=rejected")
    expect(page.locator(".toast")).to_be_visible()
    return page


def workspace(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    answer_all(page, 6)
    check_number(page)
    expect(page.locator(".nik")).to_be_visible()
    return page


def workspace_with_errors(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    check_number(page, "12345678")
    expect(page.locator("#number-result")).to_contain_text("Does not match")
    page.locator("#number-input").blur()
    press(page, "1", "1")
    page.locator("#decision").evaluate("form => form.requestSubmit(document.getElementById('verify'))")
    expect(page.locator("#errors")).to_be_focused()
    return page


def workspace_with_what_is_missing(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    press(page, "v")
    expect(page.locator(".is-missing")).to_have_count(9)
    return page


def reject_dialog(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    press(page, "x", "1")
    return page


def reject_dialog_with_errors(look, rina, **_):
    page = look(f"/kyc/{make_kyc_check(held_by=rina)}")
    press(page, "x", "Control+Enter")
    expect(page.locator("#reject-errors")).to_be_focused()
    return page


def record_that_nobody_holds(look, rina, **_):
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    page.get_by_role("button", name="Put back").click()
    page.goto(f"/kyc/{kyc_id}")
    return page


def record_of_a_rejection(look, visit, rina, **_):
    kyc_id, _ = full_workspace(rina)
    reject(
        visit(rina),
        kyc_id,
        "BLURRY",
        "OTHER",
        customer_text="Foto terlalu gelap, ambil lagi di tempat terang.",
        internal_note="Third time. " * 12,
    )
    return look(f"/kyc/{kyc_id}")


def record_of_a_verification(look, visit, rina, **_):
    kyc_id = make_kyc_check(held_by=rina)
    verify(visit(rina), kyc_id)
    page = look(f"/kyc/{kyc_id}")
    page.get_by_role("button", name="Mark as expired").click()
    expect(page.locator("#expire-errors")).to_be_focused()
    return page


def record_that_somebody_else_decided(look, visit, rina, **_):
    dian = make_staff(display_name="Dian Kurnia")
    kyc_id, _ = full_workspace(rina)
    page = look(f"/kyc/{kyc_id}")
    answer_all(page, 6)
    page.get_by_label("The number cannot be read").check()
    page.get_by_label("Not the same person").check()
    page.get_by_label("Valid until").fill("2031-04-05")
    page.get_by_role("button", name="Put back").evaluate("button => button.blur()")
    visit(rina).post("/kyc/next")
    other = visit(dian)
    claim(other, kyc_id)
    reject(other, kyc_id, "GLARE")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert").filter(has_text="Dian Kurnia rejected this at")).to_be_focused()
    return page


def checks_of_a_customer(look, visit, **_):
    customer = make_customer()
    make_kyc_check(user_id=customer)
    make_kyc_check(user_id=customer, status=KycStatus.EXPIRED, document_type=DocumentType.SIM)
    return look(f"/kyc/of-customer/{customer}")


PAGES = [
    queue,
    queue_that_is_empty,
    queue_without_match,
    queue_of_the_decided,
    workspace,
    workspace_with_errors,
    workspace_with_what_is_missing,
    reject_dialog,
    reject_dialog_with_errors,
    record_that_nobody_holds,
    record_of_a_rejection,
    record_of_a_verification,
    record_that_somebody_else_decided,
    checks_of_a_customer,
]
