"""Looking after the staff: in, out, another role; never oneself, never the last administrator."""

import re
from functools import partial
from uuid import uuid4

import pytest

from portal.auth.models import Passkey, StaffMember
from portal.permissions import Role
from portal.shared import clock, mail
from portal.shared.database import db
from tests.client import at_once
from tests.factories import audit_events, make_passkey, make_staff
from tests.mailing import mail_server
from tests.notifications.working import waiting, work_off

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
WORDS = "four words of any kind"
ACTS = ["role", "deactivate", "activate", "reset", "sessions/revoke"]
NEWCOMER = {"name": "Tono", "email": "Tono@lender.example", "role": "support_agent"}


@pytest.fixture
def inbox(environment):
    with mail_server() as inbox:
        mail.configure(f"smtp://127.0.0.1:{inbox.port}", "portal@lender.example")
        yield inbox
    mail.configure(environment["EMAIL_URL"], "portal@localhost")


@pytest.fixture
def admin(in_app, visit):
    return visit(make_staff(Role.ADMIN))


def link_in(text):
    return re.search(r"/login/token/[\w-]+", text)[0]


def member(auth_id):
    db.session.rollback()
    return db.session.get(StaffMember, auth_id, populate_existing=True)


def test_a_colleague_comes_in_by_the_mailed_invitation(in_app, visit, inbox, admin):
    admin.post("/staff", **NEWCOMER)
    assert all("token" not in str(job["args"]) for job in waiting("staff.mail"))
    work_off(in_app)
    [arrived] = inbox.mails
    assert arrived["To"] == "tono@lender.example"
    assert visit().post(link_in(arrived.get_content()), password=WORDS).status_code == 303
    tono = visit()
    assert tono.sign_in("tono@lender.example", WORDS).status_code == 303
    assert tono.get("/loans").status_code == 200


def test_the_link_stands_on_the_answer_once_and_in_no_cookie(in_app, visit, admin):
    command = str(uuid4())
    page = admin.post("/staff", **NEWCOMER, command_id=command)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    link = link_in(page.text)
    assert visit().get(link).status_code == 200
    assert "Set-Cookie" not in page.headers
    again = admin.post("/staff", **NEWCOMER, command_id=command, follow=True)
    assert "This invitation went out already." in again.text
    assert "/login/token/" not in again.text
    assert len(audit_events("staff.invited")) == 1
    assert visit().get(link).status_code == 200


def test_of_the_two_links_the_first_that_is_used_ends_the_other(in_app, visit, inbox, admin):
    shown = link_in(admin.post("/staff", **NEWCOMER).text)
    work_off(in_app)
    mailed = link_in(inbox.mails[0].get_content())
    assert shown != mailed
    assert visit().post(shown, password=WORDS).status_code == 303
    assert visit().get(mailed).status_code == 404


def test_whoever_is_in_already_is_mailed_no_link(in_app, visit, inbox, admin):
    assert visit().post(link_in(admin.post("/staff", **NEWCOMER).text), password=WORDS).status_code == 303
    work_off(in_app)
    assert (inbox.mails, waiting("staff.mail")) == ([], [])


def test_a_mail_that_is_refused_is_tried_again_and_names_nobody_in_the_log(in_app, inbox, admin, caplog):
    inbox.refusal = "550 <{address}> does not exist"
    caplog.set_level("DEBUG", logger="procrastinate")
    admin.post("/staff", **NEWCOMER)
    work_off(in_app)
    [job] = waiting("staff.mail")
    assert (job["status"], job["attempts"]) == ("todo", 1)
    assert "NotSent: SMTPRecipientsRefused" in caplog.text
    assert "@lender.example" not in caplog.text


def test_nobody_is_invited_twice_even_at_the_same_moment(in_app, admin):
    tabs = [admin.tab() for _ in range(4)]
    answers = at_once(*(partial(tab.post, "/staff", **NEWCOMER) for tab in tabs))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert "This person is a member of staff already." in admin.post("/staff", **NEWCOMER).text


@pytest.mark.parametrize("act", ACTS)
def test_a_form_that_arrives_twice_acts_once(in_app, visit, admin, act):
    rina = make_staff(deactivated_at=clock.now() if act == "activate" else None)
    form = {"role": "support_agent", "version": 1, "command_id": str(uuid4())}
    answers = [admin.post(f"/staff/{rina.auth_id}/{act}", **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200 if act == "reset" else 303, 303]
    assert member(rina.auth_id).version == 2
    assert len([event for event in audit_events() if event.action.startswith("staff.")]) == 1
    assert len(waiting("staff.mail")) == 1


def test_a_reset_takes_everything_away_at_once(in_app, visit, inbox, admin):
    rina = make_staff()
    make_passkey(rina)
    browser = visit(rina)
    shown = link_in(admin.post(f"/staff/{rina.auth_id}/reset", version=1).text)
    assert browser.get("/").status_code == 303
    assert visit().sign_in(rina.email).status_code == 422
    assert db.session.query(Passkey).count() == 0
    work_off(in_app)
    assert link_in(inbox.mails[0].get_content()) != shown
    assert visit().post(shown, password=WORDS).status_code == 303
    assert visit().sign_in(rina.email, WORDS).status_code == 303


def test_another_role_counts_from_the_next_click_on(in_app, visit):
    rina, admin = make_staff(), visit(make_staff(Role.ADMIN))
    browser = visit(rina)
    assert browser.get("/kyc").status_code == 200
    assert admin.post(f"/staff/{rina.auth_id}/role", role="support_agent", version=1).status_code == 303
    refused = browser.get("/kyc")
    assert refused.status_code == 403
    assert "You cannot open identity checks." in refused.text
    assert "Ask your administrator for this role: KYC reviewer." in refused.text
    [event] = audit_events("staff.role-changed")
    assert event.details == {"before": "kyc_reviewer", "after": "support_agent"}
    assert [job["args"]["word"] for job in waiting("staff.mail")] == ["role-changed"]


@pytest.mark.parametrize("act", ACTS)
def test_a_sign_in_of_long_ago_is_asked_again(in_app, visit, admin, act):
    rina = make_staff()
    db.session.execute(db.text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    assert "Before you change access, show once more that it is you." in admin.get(f"/staff/{rina.auth_id}").text
    answer = admin.post(f"/staff/{rina.auth_id}/{act}", role="admin", version=1)
    assert answer.location.startswith("/login/again")
    assert member(rina.auth_id).version == 1


def test_inviting_asks_for_a_sign_in_of_late_before_anything_is_typed(in_app, admin):
    db.session.execute(db.text("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'"))
    db.session.commit()
    assert admin.get("/staff/new").location == "/login/again?next=/staff/new"
    assert admin.post("/staff", **NEWCOMER).location.startswith("/login/again")
    assert audit_events("staff.invited") == []


def test_a_device_is_shown_by_its_name(in_app, visit, admin):
    rina = make_staff()
    visit(rina)
    db.session.execute(db.text("UPDATE auth_sessions SET user_agent = :agent"), {"agent": WINDOWS})
    db.session.commit()
    page = admin.get(f"/staff/{rina.auth_id}").text
    assert "Chrome on Windows" in page
    assert "Mozilla" not in page


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
