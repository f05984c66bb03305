"""The token of a session is replaced every quarter of an hour; a former one used late ends the session."""

from functools import partial

import pytest
from sqlalchemy import text

from portal.auth import links, sessions
from portal.auth.cleanup import tidy
from portal.auth.models import AuthSession, StaffToken
from portal.permissions import Role
from portal.shared.database import db, transaction
from tests.client import at_once
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff

COOKIE = "__Host-session"


def change(statement):
    db.session.rollback()
    db.session.execute(text(statement))
    db.session.commit()


def due():
    change("UPDATE auth_sessions SET renew_at = now() WHERE replaced_at IS NULL")


def replaced(seconds):
    change(f"UPDATE auth_sessions SET replaced_at = now() - interval '{seconds} seconds' WHERE replaced_at IS NOT NULL")


def with_token(browser, token, url="/", **headers):
    return browser.send("GET", url, headers={"Cookie": f"{COOKIE}={token}", **headers})


def tokens():
    db.session.rollback()
    return db.session.scalar(text("SELECT count(*) FROM auth_sessions"))


@pytest.fixture
def rinas(in_app, visit):
    return visit(make_staff(display_name="Rina Wulandari"))


def rotated(browser):
    """The former token of this browser, which has a new one now."""
    former = browser.cookie(COOKIE)
    due()
    assert browser.get("/").status_code == 200
    assert browser.cookie(COOKIE) != former
    return former


def test_a_token_is_replaced_after_a_quarter_of_an_hour(rinas):
    token = rinas.cookie(COOKIE)
    db.session.rollback()
    session = db.session.query(AuthSession).one()
    assert 890 < (session.renew_at - session.created_at).total_seconds() <= 900
    rinas.get("/")
    assert rinas.cookie(COOKIE) == token
    rotated(rinas)
    assert "Hello, Rina Wulandari" in rinas.get("/").text
    assert tokens() == 2


def test_the_new_cookie_is_as_well_kept_as_the_first(rinas):
    due()
    [cookie] = [c for c in rinas.get("/").headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_it_never_lengthens_the_day_and_stays_the_same_session(rinas):
    before = db.session.execute(text("SELECT id, started_at, expired_at, verified_at FROM auth_sessions")).one()
    rotated(rinas)
    after = "SELECT id, started_at, expired_at, verified_at FROM auth_sessions WHERE replaced_at IS NULL"
    assert db.session.execute(text(after)).one() == before


def test_what_a_page_does_by_itself_replaces_nothing(rinas):
    make_kyc_check()
    due()
    token = rinas.cookie(COOKIE)
    assert rinas.get("/kyc/live", htmx=True).status_code == 200
    assert rinas.get(f"/kyc/of-customer/{make_customer()}", htmx=True).status_code == 200
    assert rinas.cookie(COOKIE) == token


def test_the_former_token_is_good_for_half_a_minute_more(rinas):
    former = rotated(rinas)
    replaced(29)
    assert with_token(rinas, former).status_code == 200
    assert not [c for c in with_token(rinas, former).headers.getlist("Set-Cookie") if COOKIE in c]
    assert audit_events("auth.token-reused") == []


def test_used_later_it_ends_the_session_of_everybody_and_is_recorded(rinas):
    session_id = db.session.query(AuthSession).one().id
    former = rotated(rinas)
    replaced(31)
    assert with_token(rinas, former).status_code == 303
    [event] = audit_events("auth.token-reused")
    assert (event.actor_id, event.session_id, str(event.ip)) == (None, session_id, "127.0.0.1")
    assert rinas.get("/").location == "/login?next=/", "the honest holder signs in again"
    assert db.session.query(AuthSession).filter_by(revoked_at=None).count() == 0
    for _ in range(2):
        with_token(rinas, former)
    assert len(audit_events("auth.token-reused")) == 1


def test_a_token_from_long_before_counts_too_and_at_once_once(rinas):
    first = rotated(rinas)
    rotated(rinas)
    replaced(31)
    answers = at_once(*(partial(with_token, rinas, first) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(audit_events("auth.token-reused")) == 1
    assert rinas.get("/").status_code == 303


def test_another_session_of_the_same_person_goes_on(in_app, visit):
    rina = make_staff()
    laptop, phone = visit(rina), visit(rina)
    former = rotated(laptop)
    replaced(31)
    with_token(laptop, former)
    assert laptop.get("/").status_code == 303
    assert phone.get("/").status_code == 200


def test_the_former_token_of_an_ended_session_is_nobodys(rinas):
    former = rotated(rinas)
    rinas.post("/logout")
    replaced(31)
    assert with_token(rinas, former).status_code == 303
    assert audit_events("auth.token-reused") == []


def test_thirty_requests_across_a_replacement_sign_nobody_out(rinas):
    due()
    token = rinas.cookie(COOKIE)
    answers = at_once(*(partial(with_token, rinas, token, url) for url in ["/", "/kyc", "/account"] * 10))
    assert {answer.status_code for answer in answers} == {200}
    given = [c for answer in answers for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert len(given) == 1
    assert tokens() == 2
    assert with_token(rinas, token).status_code == 200


def test_signing_out_and_stepping_up_win_over_a_token_that_is_due(rinas):
    due()
    answer = rinas.post("/login/again", password="correct-horse-battery")
    cookies = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert len(cookies) == 1
    assert rinas.get("/").status_code == 200
    due()
    answer = rinas.post("/logout")
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert cookie.startswith(f"{COOKIE}=;")
    assert rinas.get("/").status_code == 303


def test_another_role_brings_another_token(in_app, visit):
    adi, rina = make_staff(Role.ADMIN), make_staff()
    browser, admin = visit(rina), visit(adi)
    token = browser.cookie(COOKIE)
    answer = admin.post(f"/staff/{rina.auth_id}/role", version=1, role="support_agent")
    assert answer.status_code == 303
    assert browser.get("/loans").status_code == 200
    assert browser.cookie(COOKIE) != token


def test_a_session_lasts_a_working_day_of_replacements(rinas):
    former = [rotated(rinas) for _ in range(8)]
    assert len({*former, rinas.cookie(COOKIE)}) == 9
    assert len(sessions.list_sessions(db.session.query(AuthSession).first().auth_id)) == 1


def test_what_ended_long_ago_is_forgotten_and_nothing_else(rinas):
    rotated(rinas)
    with transaction():
        links.issue_link(db.session.query(AuthSession).first().auth_id)
    tidy(timestamp=0)
    assert (tokens(), db.session.query(StaffToken).count()) == (2, 1)
    assert rinas.get("/").status_code == 200
    change("UPDATE auth_sessions SET expired_at = now() - interval '8 days'")
    change("UPDATE staff_tokens SET expires_at = now() - interval '8 days'")
    tidy(timestamp=0)
    assert (tokens(), db.session.query(StaffToken).count()) == (0, 0)
    assert len(audit_events("auth.signed-in")) == 1


def test_a_link_replaces_every_earlier_one(in_app, visit):
    rina = make_staff()
    with transaction():
        first, second = links.issue_link(rina.auth_id), links.issue_link(rina.auth_id)
    assert visit().get(f"/login/token/{first}").status_code == 404
    assert visit().get(f"/login/token/{second}").status_code == 200
