"""How long somebody stays signed in, and what ends it at once."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.auth.models import Account, AuthSession, StaffMember
from portal.permissions import Role
from portal.shared.database import db
from tests.factories import make_customer, make_kyc_check, make_staff

SIGNED_OUT = "You were signed out after 15 minutes without activity."


def change(statement):
    """Let time pass, or something happen to the sessions, behind the portal's back."""
    db.session.rollback()
    db.session.execute(text(statement))
    db.session.commit()


def used(minutes):
    change(f"UPDATE auth_sessions SET used_at = now() - interval '{minutes} minutes'")


def unused_for():
    """Seconds since the only session was last used."""
    db.session.rollback()
    return float(db.session.scalar(text("SELECT extract(epoch FROM now() - used_at) FROM auth_sessions")))


def is_signed_in(browser):
    answer = browser.get("/")
    assert answer.status_code == 200 or answer.location == "/login?next=/"
    return answer.status_code == 200


def test_a_quarter_of_an_hour_without_activity_ends_it(in_app, visit):
    browser = visit(make_staff())
    used(14.9)
    assert is_signed_in(browser)
    used(15.1)
    assert not is_signed_in(browser)


def test_the_sign_in_page_says_so_and_leads_back(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    used(16)
    sent_away = browser.get("/kyc?status=verified")
    page = browser.get(sent_away.location)
    assert SIGNED_OUT in page.text
    answer = browser.post("/login", email=rina.email, password="correct-horse-battery", next="/kyc?status=verified")
    assert answer.location == "/kyc?status=verified"
    assert SIGNED_OUT not in visit().get("/login").text


def test_an_idle_session_is_not_woken_by_anything(in_app, visit):
    browser, kyc_id = visit(make_staff()), make_kyc_check()
    used(16)
    assert browser.post("/account/renew").status_code == 303
    assert browser.post(f"/kyc/{kyc_id}/claim").status_code == 303
    assert browser.get("/kyc/live", htmx=True).status_code == 401
    assert not is_signed_in(browser)
    assert unused_for() > 16 * 60 - 1


def test_what_a_person_does_keeps_it_alive(in_app, visit):
    rina = make_staff()
    browser, kyc_id = visit(rina), make_kyc_check(held_by=rina)
    for url in ("/", "/kyc", f"/kyc/{kyc_id}", f"/kyc/{kyc_id}/images/front", "/login/again"):
        used(14)
        assert browser.get(url).status_code == 200
        assert unused_for() < 5, url
    for url in ("/account/renew", "/account/preferences", "/kyc/next"):
        used(14)
        browser.post(url)
        assert unused_for() < 5, url


def test_what_a_page_does_by_itself_does_not(in_app, visit):
    rina = make_staff()
    browser, kyc_id, customer = visit(rina), make_kyc_check(held_by=rina), make_customer()
    token = db.session.scalar(text("SELECT lease_token FROM user_kyc"))
    used(14)
    assert browser.get("/kyc/live", htmx=True).status_code == 200
    assert browser.get(f"/kyc/of-customer/{customer}", htmx=True).status_code == 200
    assert browser.post(f"/kyc/{kyc_id}/hold", htmx=True, lease_token=token).status_code == 200
    assert browser.send("GET", "/healthz").status_code == 200
    assert browser.send("GET", "/static/portal.css").status_code == 200
    assert browser.get("/login").status_code == 200
    assert unused_for() >= 14 * 60


def test_a_refused_page_is_an_activity_all_the_same(in_app, visit):
    browser = visit(make_staff(Role.ADMIN))
    used(14)
    assert browser.get("/kyc").status_code == 403
    assert unused_for() < 5


def test_the_time_of_use_is_written_every_fifteen_seconds_at_most(in_app, visit):
    browser = visit(make_staff())
    used(0.1)
    browser.get("/")
    assert 5 < unused_for() < 15
    used(0.3)
    browser.get("/")
    assert unused_for() < 5


def test_twelve_hours_end_it_whatever_one_does(in_app, visit):
    browser = visit(make_staff())
    session = db.session.query(AuthSession).one()
    assert (session.expired_at - session.started_at).total_seconds() == 12 * 3600
    change("UPDATE auth_sessions SET started_at = now() - interval '11:59', expired_at = now() + interval '1 min'")
    browser.post("/account/renew")
    assert is_signed_in(browser)
    change("UPDATE auth_sessions SET expired_at = now()")
    assert not is_signed_in(browser)
    assert SIGNED_OUT not in browser.get("/login").text


def test_a_revoked_session_is_over_with_the_next_request(in_app, visit):
    rina = make_staff()
    browser, other = visit(rina), visit(rina)
    first = db.session.scalar(text("SELECT id FROM auth_sessions ORDER BY created_at LIMIT 1"))
    change(f"UPDATE auth_sessions SET revoked_at = now() WHERE id = '{first}'")
    assert not is_signed_in(browser)
    assert SIGNED_OUT not in browser.get("/login").text
    assert is_signed_in(other)


@pytest.mark.parametrize(
    "happening",
    [
        "UPDATE users_auth SET status = 'inactive'",
        "UPDATE staff_members SET deactivated_at = now()",
        "DELETE FROM staff_members",
    ],
)
def test_who_may_no_longer_enter_is_out_with_the_next_request(in_app, visit, happening):
    browser = visit(make_staff())
    assert is_signed_in(browser)
    change(happening)
    assert not is_signed_in(browser)
    assert browser.post("/kyc/next").status_code == 303
    assert browser.get("/kyc", htmx=True).status_code == 401


def test_another_role_is_in_force_with_the_next_request(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    assert browser.get("/kyc").status_code == 200
    db.session.get(StaffMember, rina.auth_id).role = Role.CREDIT_ANALYST
    db.session.commit()
    assert browser.get("/kyc").status_code == 403
    home = browser.get("/").text
    assert "Credit analyst" in home
    assert 'href="/kyc"' not in home


def test_a_customer_who_is_deactivated_in_the_app_stays_on_the_staff(in_app, visit):
    """A profile's status is the customer's; the account's is what counts here."""
    rina = make_staff()
    make_customer(auth_id=rina.auth_id, status="inactive")
    assert is_signed_in(visit(rina))
    assert db.session.get(Account, rina.auth_id).status == "active"


COOKIES = [
    "", " ", "x", "null", "{}", '{"user": "admin"}', "[1]", "é", "\x80\xff", "%00", "a b", '"', "\\", "../x", "=" * 9,
    "x" * 43, "x" * 64, "x" * 65, "x" * 4000, "x" * 20_000, str(uuid4()), "' OR 1=1 --", "eyJhbGciOiJub25lIn0.e30.",
]  # fmt: skip


def test_a_cookie_that_is_no_session_is_nobody(in_app, visit):
    browser = visit()
    for value in COOKIES:
        cookies = f"__Host-session={value}; __Host-portal={value}; __Host-language={value}; remember_token={value}"
        assert browser.send("GET", "/kyc", headers={"Cookie": cookies}).status_code == 303, value
        assert browser.send("GET", "/login", headers={"Cookie": cookies}).status_code == 200, value
        assert browser.send("POST", "/logout", headers={"Cookie": cookies}).status_code == 303, value


def test_a_cut_or_changed_cookie_is_nobody(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    token = browser.cookie("__Host-session")
    for changed in (token[:-1], token + "A", token.swapcase(), token[::-1], f" {token} x", f"{token}.{token}"):
        answer = browser.send("GET", "/", headers={"Cookie": f"__Host-session={changed}"})
        assert answer.status_code == 303, changed
    for cookie in (f"session={token}", f"__host-session={token}", f"__Secure-session={token}"):
        assert visit().send("GET", "/", headers={"Cookie": cookie}).status_code == 303
    assert is_signed_in(browser)


def test_the_signed_cookie_says_nothing_of_who_somebody_is(in_app, visit):
    """With it alone one is a stranger; without it one stays who one is."""
    rina = make_staff()
    browser = visit(rina)
    signed, token = browser.cookie("__Host-portal"), browser.cookie("__Host-session")
    assert visit().send("GET", "/", headers={"Cookie": f"__Host-portal={signed}"}).status_code == 303
    assert visit().send("GET", "/", headers={"Cookie": f"__Host-session={token}"}).status_code == 200
