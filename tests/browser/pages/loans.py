"""The loans: the list, one loan, its history and its payments; and the search that leads to them."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from portal.loans.models import Payment, PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import LONG_NAME, press
from tests.factories import make_customer, make_kyc_check, make_loan, make_staff
from tests.loans.book import approve, make_approved, post, reject
from tests.loans.book import press as send

REFERENCE = "BCA-2026-000417"


def make_loan_of(fullname, **given):
    """A loan of three installments that was approved."""
    return make_approved(user_id=make_customer(fullname=fullname, phone_number="+628123456789"), tenor_month=3, **given)


def make_overdue(loan_id, number=1):
    """This installment should have been paid a while ago."""
    late = {"due_date": clock.today() - timedelta(days=12), "status": PaymentStatus.OVERDUE}
    line = update(Payment).where(Payment.loan_id == loan_id, Payment.sequence_number == number)
    db.session.execute(line.values(late))
    db.session.commit()


def fill_list():
    """Loans in every state."""
    make_loan(user_id=make_customer(fullname=LONG_NAME), loan_amount="99999999.99", tenor_month=60)
    late = make_loan_of("Suparman")
    make_overdue(late)
    reject(make_loan(user_id=make_customer(fullname="Joko")), "INCOME_INSUFFICIENT", "EXISTING_OVERDUE")
    return late


def loans(look, adi, **_):
    fill_list()
    return look("/loans", staff=adi)


def loans_of_a_customer_narrowed(look, adi, **_):
    customer = make_customer(fullname=LONG_NAME)
    make_loan(user_id=customer)
    return look(f"/loans?user={customer}&tenor=12&min_amount=100000", staff=adi)


def loans_without_match(look, adi, **_):
    return look("/loans?tenor=7", staff=adi)


def loans_with_errors(look, adi, **_):
    return look("/loans?tenor=61&from=2026-02-30&min_amount=12,5&status=odd", staff=adi)


def loan_that_waits(look, adi, **_):
    return look(f"/loans/{make_loan(user_id=make_customer(fullname=LONG_NAME))}", staff=adi)


def loan_with_everything(look, adi, visit, sari, **_):
    customer = make_customer(fullname=LONG_NAME)
    make_kyc_check(user_id=customer, has_images=False)
    loan_id = make_loan(user_id=customer, tenor_month=24, loan_amount="99999999.99")
    approve(loan_id, adi, note="Income verified with the payslips of three months. " * 3)
    for number in (1, 2):
        post(visit(sari), loan_id, number)
    send(visit(adi), "reverse", loan_id, 2)
    send(visit(adi), "reschedule", loan_id, 3)
    make_overdue(loan_id, 2)
    page = look(f"/loans/{loan_id}", staff=adi)
    expect(page.locator("#kyc")).to_contain_text("KTP")
    return page


def loan_that_was_rejected(look, adi, **_):
    loan_id = make_loan()
    reject(loan_id, "INCOME_INSUFFICIENT", "EXISTING_OVERDUE", by=adi)
    return look(f"/loans/{loan_id}", staff=adi)


def history(look, **given):
    page = loan_with_everything(look, **given)
    page.locator(".tabs a[href$='/history']").click()
    expect(page.locator("#history")).to_be_visible()
    for summary in page.locator(".diff__foot summary").all()[:4]:
        summary.click()
    return page


def history_as_of(look, **given):
    page = history(look, **given)
    page.locator(".diff__foot a").nth(2).click()
    expect(page.locator(".notice--warn")).to_be_visible()
    return page


def payments(look, sari, **given):
    page = loan_with_everything(look, sari=sari, **given)
    return look(f"{page.url}/payments", staff=sari)


def payments_with_an_open_form(look, **given):
    page = payments(look, **given)
    page.locator("[id^=post-]").first.click()
    expect(page.locator("#amount")).to_be_focused()
    return page


def payments_with_errors(look, **given):
    page = payments_with_an_open_form(look, **given)
    page.locator("#panel button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def payments_somebody_else_changed(look, sari, visit, **_):
    loan_id = make_loan_of(LONG_NAME)
    page = look(f"/loans/{loan_id}/payments", staff=sari)
    page.locator("[id^=post-]").first.click()
    page.locator("#amount").fill("8000000")
    page.locator("#reference").fill(REFERENCE)
    post(visit(make_staff(Role.SUPPORT_AGENT)), loan_id)
    page.locator("#panel button[type=submit]").click()
    expect(page.locator(".notice--warn")).to_be_focused()
    return page


def reversing(look, adi, **given):
    page = loan_with_everything(look, adi=adi, **given)
    page.goto(f"{page.url}/payments")
    page.locator("[id^=reverse-]").first.click()
    expect(page.locator("#reason")).to_be_focused()
    return page


def loans_of_a_customer_as_a_page(look, adi, **_):
    customer = make_customer()
    make_loan(user_id=customer)
    return look(f"/loans/of-customer/{customer}", staff=adi)


def home_of_an_analyst(look, adi, **_):
    return look(staff=adi)


def search_with_hits(look, adi, **_):
    for name in (LONG_NAME, "Suparman"):
        make_customer(fullname=name, phone_number="+628123456789")
    page = look(staff=adi)
    page.locator("#find").fill("08123456789")
    press(page, "Enter")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    return page


def search_without_hits(look, adi, **_):
    page = look(staff=adi)
    page.locator("#find").fill("0811")
    press(page, "Enter")
    expect(page.locator(".empty")).to_be_visible()
    return page


def search_with_errors(look, adi, **_):
    page = search_without_hits(look, adi)
    page.locator("#term").fill("")
    press(page, "Enter")
    expect(page.locator(".errsum")).to_be_focused()
    return page


PAGES = [
    loans,
    loans_of_a_customer_narrowed,
    loans_without_match,
    loans_with_errors,
    loan_that_waits,
    loan_with_everything,
    loan_that_was_rejected,
    history,
    history_as_of,
    payments,
    payments_with_an_open_form,
    payments_with_errors,
    payments_somebody_else_changed,
    reversing,
    loans_of_a_customer_as_a_page,
    home_of_an_analyst,
    search_with_hits,
    search_without_hits,
    search_with_errors,
]
