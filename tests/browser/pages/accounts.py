"""Signing in, one's own account, the staff and the audit trail."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from portal.audit import chain
from portal.auth import service as auth
from portal.auth.models import AuthSession
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import LONG_NAME
from tests.factories import make_customer, make_kyc_check, make_passkey, make_staff


def login(look, **_):
    return look("/login", staff=None)


def login_with_errors(look, **_):
    page = look("/login", staff=None)
    page.locator("main form:not([data-passkey]) button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def account(look, rina, **_):
    for name in ("Work laptop with a rather long name that fills the field", "Phone"):
        make_passkey(rina, name=name)
    return look("/account")


def account_with_errors(look, **_):
    page = look("/account")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def new_passkey(look, **_):
    return look("/account/passkeys/new")


def sign_in_again(look, **_):
    page = look("/login/again?next=/kyc")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Confirm and go on").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def first_password(look, **_):
    token = auth.invite("new@example.com", role=Role.KYC_REVIEWER, name="Eka")
    page = look(f"/login/token/{token}", staff=None)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Save the password").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def as_admin(look, path="/staff"):
    return look(path, staff=make_staff(Role.ADMIN, display_name="Adi Putra"))


def staff_list(look, **_):
    make_staff(Role.SUPPORT_AGENT, display_name=LONG_NAME, deactivated_at=clock.now())
    make_staff(Role.CREDIT_ANALYST, display_name="Bagas Nugroho", password_hash=None)
    return as_admin(look)


def staff_member(look, visit, rina, **_):
    """With everything that asks once more opened."""
    visit(rina)
    page = as_admin(look, f"/staff/{rina.auth_id}")
    for one in page.locator(".ask > summary").all():
        one.click()
    return page


def staff_member_before_confirming(look, rina, **_):
    page = as_admin(look)
    db.session.execute(update(AuthSession).values(verified_at=clock.now() - timedelta(minutes=11)))
    db.session.commit()
    page.goto(f"/staff/{rina.auth_id}")
    expect(page.get_by_role("link", name="Confirm")).to_be_visible()
    return page


def invitation_with_errors(look, **_):
    page = as_admin(look, "/staff/new")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".errsum")).to_be_focused()
    return page


def one_time_link(look, rina, **_):
    page = as_admin(look, f"/staff/{rina.auth_id}")
    page.locator(".ask > summary").first.click()
    page.locator(".ask button").first.click()
    expect(page.locator(".secret")).to_be_visible()
    return page


def audit_trail(look, visit, rina, **_):
    customer = make_customer(fullname=LONG_NAME)
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    chain.seal()
    chain.check()
    return as_admin(look, "/audit")


def audit_trail_of_a_customer(look, visit, rina, **_):
    customer = make_customer()
    visit(rina).get(f"/kyc/{make_kyc_check(user_id=customer)}")
    return as_admin(look, f"/audit?of={customer}&actor={rina.auth_id}")


def audit_trail_with_errors(look, **_):
    return as_admin(look, "/audit?subject=x&from=2026-02-31")


PAGES = [
    login,
    login_with_errors,
    account,
    account_with_errors,
    new_passkey,
    sign_in_again,
    first_password,
    staff_list,
    staff_member,
    staff_member_before_confirming,
    invitation_with_errors,
    one_time_link,
    audit_trail,
    audit_trail_of_a_customer,
    audit_trail_with_errors,
]
