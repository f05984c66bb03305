"""Passkeys with a real browser: its own authenticator, told over DevTools that somebody puts a finger on it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from portal.auth.models import Account, AuthSession, Passkey
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import sees, sign_in
from tests.browser.fingers import WITHOUT_AUTOFILL, Finger, sign_out
from tests.factories import audit_events

pytestmark = pytest.mark.browser


def change(**values):
    db.session.rollback()
    db.session.execute(update(AuthSession).values(values))
    db.session.commit()


def add_passkey(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("link", name="Add a passkey").click()
    sees(page, "Add a passkey")
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    sees(page, "Your account")


def test_a_passkey_is_added_signs_in_and_confirms(rina, open_page):
    page = open_page(rina)
    page.context.add_init_script(WITHOUT_AUTOFILL)
    Finger(page)
    add_passkey(page)
    expect(page.locator("#flashes")).to_contain_text("Passkey added.")
    expect(page.locator("#passkeys")).to_contain_text("Work laptop")
    assert db.session.get(Account, rina.auth_id, populate_existing=True).is_biometric_enabled

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    sees(page, "Hello, Rina Wulandari")
    assert audit_events("auth.signed-in")[-1].details == {"by": "passkey"}

    change(verified_at=clock.now() - timedelta(minutes=11))
    page.goto("/account/passkeys/new")
    sees(page, "Confirm that it is you")
    page.get_by_role("button", name="Confirm with a passkey").click()
    sees(page, "Add a passkey")
    assert audit_events("auth.confirmed")[-1].details == {"by": "passkey"}
    assert db.session.query(Passkey).one().sign_count > 1


def test_a_finger_that_is_not_hers_opens_nothing_and_the_password_still_does(rina, open_page):
    page = open_page(rina)
    page.context.add_init_script(WITHOUT_AUTOFILL)
    finger = Finger(page)
    add_passkey(page)
    sign_out(page)
    finger.is_right(False)
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.get_by_role("status").filter(has_text="No passkey answered.")).to_be_visible()
    expect(page).to_have_url("/login")
    sign_in(page, rina)
    sees(page, "Hello, Rina Wulandari")


def test_who_takes_the_offer_in_the_email_field_is_in(rina, open_page):
    """The authenticator takes each offer at once, as a person would by a tap on it."""
    page = open_page(rina)
    Finger(page)
    add_passkey(page)
    page.locator(".usermenu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    sees(page, "Hello, Rina Wulandari")
    assert audit_events("auth.signed-in")[-1].details == {"by": "passkey"}


def test_without_a_script_the_password_is_the_way_in(rina, open_page):
    page = open_page(path="/login", java_script_enabled=False)
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    sign_in(page, rina)
    sees(page, "Hello, Rina Wulandari")
    page.goto("/account/passkeys/new")
    expect(page.get_by_role("main")).to_contain_text("This browser cannot make passkeys here.")


def test_a_session_ended_elsewhere_is_over_with_the_next_click(rina, open_page):
    here, there = open_page(rina, "/account"), open_page(rina, "/account")
    here.reload()
    here.locator("#sessions").get_by_role("button", name="End session").click()
    expect(here.locator("#flashes")).to_contain_text("Session ended.")
    there.get_by_role("link", name="KYC queue").click()
    expect(there).to_have_url("/login?next=/kyc")


def test_a_stolen_token_used_late_signs_everybody_out(rina, open_page):
    page = open_page(rina, "/")
    [former] = [c for c in page.context.cookies("https://localhost") if c["name"] == "__Host-session"]
    change(renew_at=clock.now())
    page.goto("/kyc")
    [now] = [c for c in page.context.cookies("https://localhost") if c["name"] == "__Host-session"]
    assert now["value"] != former["value"]
    db.session.execute(
        update(AuthSession)
        .where(AuthSession.replaced_at.is_not(None))
        .values(replaced_at=AuthSession.replaced_at - timedelta(seconds=31))
    )
    db.session.commit()
    thief = open_page()
    thief.context.add_cookies([{**former}])
    thief.goto("/kyc")
    expect(thief).to_have_url("/login?next=/kyc")
    page.goto("/kyc")
    expect(page).to_have_url("/login?next=/kyc")
    assert len(audit_events("auth.token-reused")) == 1
    sign_in(page, rina)
    sees(page, "KYC queue")
