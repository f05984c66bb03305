"""The customers: found, looked at, deleted."""

from uuid import UUID

from playwright.sync_api import expect

from portal.kyc.models import DocumentType, KycStatus
from portal.permissions import Role
from portal.shared import clock
from tests.browser.acting import LONG_NAME
from tests.factories import make_customer, make_kyc_check, make_loan, make_score, make_staff
from tests.notifications.messages import make_message


def full_customer():
    """A customer with something in every panel and on the timeline."""
    customer = make_customer(fullname=LONG_NAME, phone_number="+6281234567890", email="maria.magdalena@example.com")
    make_kyc_check(user_id=customer, status=KycStatus.EXPIRED, document_type=DocumentType.SIM, has_images=False)
    make_score(user_id=customer, internal=642, external=701)
    make_message(user_id=customer)
    return customer


def of_customer(look, path="", role=Role.ADMIN):
    """A page of such a customer, once its panels are there."""
    page = look(f"/customers/{full_customer()}{path}", staff=make_staff(role, display_name="Maya Putri"))
    page.wait_for_load_state("networkidle")
    return page


def customers(look, **_):
    for number in range(3):
        make_customer(fullname=f"{LONG_NAME} {number}")
    make_customer(fullname="Budi Santoso", email=None, phone_number=None, status="inactive")
    return look("/customers")


def customers_with_errors(look, **_):
    page = look("/customers")
    page.get_by_role("main").get_by_role("button", name="Find").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def found_by_id(look, **_):
    for number in range(2):
        make_loan(loan_id=UUID(f"abcdef12-0000-4000-8000-00000000000{number}"))
    make_customer(id=UUID("abcdef12-0000-4000-8000-000000000009"), fullname=LONG_NAME)
    page = look("/customers", staff=make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri"))
    page.locator("#find").fill("abcdef12")
    page.locator("#find").press("Enter")
    expect(page.locator("#hits")).to_contain_text("Found by ID" if page.locator("html[lang=en]").count() else "ID")
    return page


def customer_for_support(look, **_):
    page = of_customer(look, role=Role.SUPPORT_AGENT)
    page.locator("#field-0").check(force=True)
    page.locator("#reveal select").select_option("CALL_BACK")
    page.locator("#text").fill("To call back")
    page.locator("#reveal button").click()
    expect(page.locator("[data-masked]")).to_be_focused()
    page.wait_for_load_state("networkidle")
    return page


def customer_for_support_with_errors(look, **_):
    page = of_customer(look, role=Role.SUPPORT_AGENT)
    page.locator("#reveal button").click()
    expect(page.locator(".errsum")).to_be_focused()
    page.wait_for_load_state("networkidle")
    return page


def customer_for_an_analyst(look, **_):
    return of_customer(look, role=Role.CREDIT_ANALYST)


def customer_for_an_administrator(look, **_):
    return of_customer(look)


def timeline_of_a_customer(look, **_):
    return of_customer(look, "/timeline")


def timeline_without_anything(look, **_):
    return look(f"/customers/{make_customer()}/timeline")


def deletion(look, **_):
    return of_customer(look, "/delete")


def deletion_with_errors(look, **_):
    page = of_customer(look, "/delete")
    page.get_by_role("main").locator("button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def deleted_customer(look, **_):
    return look(f"/customers/{make_customer(deleted_at=clock.now())}", staff=make_staff(Role.ADMIN))


def scores_of_a_customer(look, **_):
    return look(f"/credit-scores/of-customer/{full_customer()}", staff=make_staff(Role.CREDIT_ANALYST))


PAGES = [
    customers,
    customers_with_errors,
    found_by_id,
    customer_for_support,
    customer_for_support_with_errors,
    customer_for_an_analyst,
    customer_for_an_administrator,
    timeline_of_a_customer,
    timeline_without_anything,
    deletion,
    deletion_with_errors,
    deleted_customer,
    scores_of_a_customer,
]
