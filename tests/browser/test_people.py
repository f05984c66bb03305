"""A colleague comes, gets another role and is signed out: through every page of it, as on a real installation."""

import re
import socket
import sys
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal.auth.models import AuthSession
from portal.dev import web
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from tests.browser.acting import sees, sign_in
from tests.browser.conftest import Site
from tests.browser.fingers import WITHOUT_AUTOFILL, Finger, sign_out
from tests.factories import audit_events, make_staff
from tests.mailing import mail_server

pytestmark = pytest.mark.browser

WORDS = "four words of any kind"


@pytest.fixture
def inbox():
    with mail_server() as inbox:
        yield inbox


@pytest.fixture
def real_site(start, inbox):
    """Web and worker outside the demo: nothing opens before a passkey, and mail goes out."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    settings = {"DEMO": "0", "PUBLIC_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{inbox.port}"}
    server = start("real-web", *web.command(web.addresses(port), {"WEB_WORKERS": "1", "WEB_THREADS": "8"}), **settings)
    worker = start("real-worker", sys.executable, "-m", "flask", "--app", "wsgi", "worker", **settings)
    try:
        while not web.is_ready(port):
            server.check()
            time.sleep(0.1)
        yield Site(url, server.log)
        assert "Traceback" not in server.log.read_text() + worker.log.read_text()
    finally:
        worker.stop()
        server.stop()


def arrived(inbox, count):
    """The newest mail, once there are so many."""
    end = time.monotonic() + 20
    while len(inbox.mails) < count:
        assert time.monotonic() < end, "no mail came"
        time.sleep(0.1)
    return inbox.mails[-1]


def add_first_passkey(page, name):
    sees(page, "Add a passkey")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def room(page, name):
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=name)


def test_a_colleague_from_the_invitation_to_the_last_click(in_app, real_site, inbox, open_page):
    def someone():
        page = open_page(path=f"{real_site.url}/login", reduced_motion="reduce")
        page.context.add_init_script(WITHOUT_AUTOFILL)
        Finger(page)
        return page

    adi, tono = someone(), someone()
    sign_in(adi, make_staff(Role.ADMIN, display_name="Adi Putra"))
    add_first_passkey(adi, "Desk")
    sees(adi, "Hello, Adi Putra")

    room(adi, "Staff").click()
    adi.get_by_role("link", name="Invite a colleague").click()
    adi.get_by_label("Name").fill("Tono Hartono")
    adi.get_by_label("Email").fill("tono@lender.example")
    adi.get_by_label("Role").select_option(label="Support agent")
    adi.get_by_role("button", name="Send invitation").click()
    sees(adi, "Link for Tono Hartono")
    expect(adi.locator(".secret")).to_contain_text("/login/token/")
    mail = arrived(inbox, 1)
    assert mail["To"] == "tono@lender.example"

    tono.goto(re.search(r"http://\S+/login/token/\S+", mail.get_content())[0])
    tono.get_by_label("New password").fill(WORDS)
    tono.get_by_role("button", name="Save the password").click()
    sees(tono, "Sign in")
    tono.get_by_label("Email").fill("tono@lender.example")
    tono.get_by_label("Password", exact=True).fill(WORDS)
    tono.get_by_role("button", name="Sign in", exact=True).click()
    sees(tono, "Add a passkey")
    tono.goto(f"{real_site.url}/loans")
    add_first_passkey(tono, "Phone")
    sees(tono, "Hello, Tono Hartono")
    sign_out(tono)
    tono.get_by_role("button", name="Sign in with a passkey").press("Enter")
    sees(tono, "Hello, Tono Hartono")
    assert audit_events("auth.signed-in")[-1].details == {"by": "passkey"}

    db.session.execute(update(AuthSession).values(verified_at=clock.now() - timedelta(minutes=11)))
    db.session.commit()
    adi.get_by_role("link", name="Go to Tono Hartono").click()
    sees(adi, "Tono Hartono")
    adi.get_by_role("link", name="Confirm").click()
    sees(adi, "Confirm that it is you")
    adi.get_by_role("button", name="Confirm with a passkey").click()
    sees(adi, "Tono Hartono")
    adi.get_by_label("Role").select_option(label="KYC reviewer")
    adi.get_by_role("button", name="Change role").click()
    expect(adi.locator("#flashes")).to_contain_text("Role changed.")
    assert arrived(inbox, 2)["Subject"] == "Your role in the staff portal"

    room(tono, "Loans").click()
    expect(tono.get_by_role("main")).to_contain_text("403")
    expect(tono.get_by_role("main")).to_contain_text(
        "You cannot open loans. Ask your administrator for one of these roles:"
        " Credit analyst, Support agent, Administrator."
    )
    tono.get_by_role("main").get_by_role("link", name="Go to the home page").click()
    expect(room(tono, "KYC queue")).to_be_visible()

    adi.locator("#sessions summary").click()
    adi.get_by_role("button", name="End all sessions").click()
    expect(adi.locator("#flashes")).to_contain_text("Sessions ended.")
    room(tono, "KYC queue").click()
    expect(tono).to_have_url(re.compile(r"/login\?next=/kyc$"))
