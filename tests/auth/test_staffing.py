"""Looking after the staff: in, out, another role; never oneself, never the last administrator."""

import re
import socket
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from portal.auth.models import StaffMember
from portal.permissions import Role
from portal.shared import mail
from portal.shared.database import db
from tests.client import at_once
from tests.factories import audit_events, make_staff
from tests.notifications.working import waiting, work_off


class Inbox:
    """A mail server that keeps what arrives."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def inbox(environment):
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    mail.configure(f"smtp://127.0.0.1:{port}", "portal@lender.example")
    yield handler
    server.stop()
    mail.configure(environment["EMAIL_URL"], "portal@localhost")


def member(auth_id):
    db.session.rollback()
    return db.session.get(StaffMember, auth_id, populate_existing=True)


def test_a_colleague_comes_in_by_the_mailed_invitation(in_app, visit, inbox):
    page = visit(make_staff(Role.ADMIN)).post(
        "/staff", name="Tono", email="Tono@lender.example", role="support_agent", follow=True
    )
    assert "/login/token/" not in page.text
    assert all("token" not in str(job["args"]) for job in waiting("staff.mail"))
    work_off(in_app)
    [arrived] = inbox.mails
    assert arrived["To"] == "tono@lender.example"
    link = re.search(r"/login/token/\S+", arrived.get_content())[0]
    assert visit().post(link, password="four words of any kind").status_code == 303
    tono = visit()
    assert tono.sign_in("tono@lender.example", "four words of any kind").status_code == 303
    assert tono.get("/loans").status_code == 200


def test_where_mail_reaches_nobody_the_link_is_shown_once(in_app, visit):
    browser = visit(make_staff(Role.ADMIN))
    page = browser.post("/staff", name="Tono", email="tono@lender.example", role="admin", follow=True)
    link = re.search(r"/login/token/[\w-]+", page.text)[0]
    assert visit().get(link).status_code == 200
    assert "/login/token/" not in browser.get(page.request.path).text


def test_another_role_counts_from_the_next_click_on(in_app, visit):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    browser = visit(rina)
    assert browser.get("/kyc").status_code == 200
    assert admin.post(f"/staff/{rina.auth_id}/role", role="support_agent", version=1).status_code == 303
    refused = browser.get("/kyc")
    assert refused.status_code == 403
    assert "You cannot open identity checks. Ask your administrator for the KYC reviewer role." in refused.text
    [event] = audit_events("staff.role-changed")
    assert event.details == {"before": "kyc_reviewer", "after": "support_agent"}
    assert [job["args"]["word"] for job in waiting("staff.mail")] == ["role-changed"]


@pytest.mark.parametrize("act", ["role", "deactivate", "reset"])
def test_a_sign_in_of_long_ago_is_asked_again(in_app, visit, act):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    db.session.execute(db.text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    answer = admin.post(f"/staff/{rina.auth_id}/{act}", role="admin", version=1)
    assert answer.location.startswith("/login/again")
    assert member(rina.auth_id).version == 1


def test_nobody_changes_himself(in_app, visit):
    adi, _other = make_staff(Role.ADMIN), make_staff(Role.ADMIN)
    answer = visit(adi).post(f"/staff/{adi.auth_id}/deactivate", version=1)
    assert answer.status_code == 422
    assert "You cannot change your own access." in answer.text
    assert member(adi.auth_id).deactivated_at is None


@pytest.mark.parametrize("act", ["role", "deactivate"])
def test_of_two_administrators_who_remove_each_other_one_stays(in_app, visit, act):
    adi, budi = make_staff(Role.ADMIN), make_staff(Role.ADMIN)
    one, two = visit(adi), visit(budi)
    answers = at_once(
        lambda: one.post(f"/staff/{budi.auth_id}/{act}", role="support_agent", version=1),
        lambda: two.post(f"/staff/{adi.auth_id}/{act}", role="support_agent", version=1),
    )
    assert sum(answer.status_code == 303 and "/staff/" in answer.location for answer in answers) == 1
    left = [m for m in (member(adi.auth_id), member(budi.auth_id)) if m.role is Role.ADMIN and not m.deactivated_at]
    assert len(left) == 1


def test_whoever_was_slower_is_told(in_app, visit):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    assert admin.post(f"/staff/{rina.auth_id}/role", role="support_agent", version=1).status_code == 303
    assert admin.post(f"/staff/{rina.auth_id}/role", role="credit_analyst", version=1).status_code == 409


def test_without_access_the_next_click_asks_to_sign_in_and_nobody_may(in_app, visit):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    browser = visit(rina)
    admin.post(f"/staff/{rina.auth_id}/deactivate", version=1)
    assert browser.get("/").status_code == 303
    assert visit().sign_in(rina.email).status_code == 422
    admin.post(f"/staff/{rina.auth_id}/activate", version=2)
    assert visit().sign_in(rina.email).status_code == 303
