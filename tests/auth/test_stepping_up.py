"""Proving once more who one is, before what asks for a sign-in of late."""

import pytest
from flask import Response
from sqlalchemy import text

from portal.auth.models import AuthSession
from portal.permissions import Permission, Role
from portal.shared.database import db
from portal.web.access import requires
from tests.client import PASSWORD, Browser
from tests.factories import audit_events, make_staff
from tests.portals import another_portal


@pytest.fixture(scope="module")
def bank(environment, portal):
    """A portal with a room that wants a fresh sign-in."""
    with another_portal(environment) as bank:

        @bank.route("/vault", methods=["GET", "POST"])
        @requires(Permission.KYC_READ, is_fresh=True)
        def vault():
            return Response("gold", mimetype="text/plain")

        yield bank


@pytest.fixture
def teller(bank, in_app):
    """Rina's browser, just after she signed in."""
    teller = Browser(bank)
    teller.sign_in(make_staff(email="rina@example.com").email)
    return teller


def verified(minutes):
    change(f"UPDATE auth_sessions SET verified_at = now() - interval '{minutes} minutes'")


def change(statement):
    db.session.rollback()
    db.session.execute(text(statement))
    db.session.commit()


def sessions():
    db.session.rollback()
    return db.session.scalars(
        db.select(AuthSession).order_by(AuthSession.created_at), execution_options={"populate_existing": True}
    ).all()


def test_a_sign_in_of_late_is_enough(teller):
    assert teller.send("GET", "/vault").text == "gold"
    verified(9.9)
    assert teller.send("GET", "/vault").text == "gold"


def test_after_ten_minutes_one_is_asked_again(teller):
    verified(10.1)
    answer = teller.send("GET", "/vault?drawer=3")
    assert (answer.status_code, answer.location) == (303, "/login/again?next=/vault?drawer%3D3")
    page = teller.get(answer.location)
    assert "Confirm that it is you" in page.text
    assert 'value="/vault?drawer=3"' in page.text
    assert teller.get("/kyc").status_code == 200, "everything else goes on"


def test_a_fragment_leads_there_as_a_whole_page(teller):
    verified(11)
    headers = {"HX-Request": "true", "HX-Current-URL": "https://localhost/kyc"}
    answer = teller.send("GET", "/vault", headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == "/login/again?next=/kyc"


def test_a_form_leads_back_to_the_page_it_stood_on(teller):
    verified(11)
    headers = {"Referer": "https://localhost/kyc"}
    answer = teller.send("POST", "/vault", data={"csrf_token": teller.token}, headers=headers)
    assert (answer.status_code, answer.location) == (303, "/login/again?next=/kyc")


def test_being_asked_again_does_not_open_what_the_role_may_not(bank, in_app):
    teller = Browser(bank)
    teller.sign_in(make_staff(Role.ADMIN).email)
    verified(11)
    assert teller.send("GET", "/vault").status_code == 403


def test_the_password_opens_it_with_a_new_token_and_the_old_one_is_dead(teller):
    verified(11)
    old, page_token = teller.cookie("__Host-session"), teller.token
    answer = teller.post("/login/again", password=PASSWORD, next="/vault")
    assert (answer.status_code, answer.location) == (303, "/vault")
    assert teller.cookie("__Host-session") != old
    assert teller.send("GET", "/vault").text == "gold"
    assert teller.send("GET", "/vault", headers={"Cookie": f"__Host-session={old}"}).status_code == 303
    assert teller.send("POST", "/account/renew", data={"csrf_token": page_token}).status_code == 400
    [event] = audit_events("auth.confirmed")
    assert event.session_id == sessions()[-1].id


def test_it_never_lengthens_the_day(teller):
    change(
        "UPDATE auth_sessions SET started_at = now() - interval '11:50', expired_at = now() + interval '10 min',"
        " verified_at = now() - interval '1 hour'"
    )
    teller.post("/login/again", password=PASSWORD)
    before, after = sessions()
    assert before.revoked_at is not None
    assert after.revoked_at is None
    assert (after.started_at, after.expired_at) == (before.started_at, before.expired_at)
    assert after.verified_at > before.verified_at


def test_a_wrong_password_is_refused_recorded_and_changes_nothing(teller):
    verified(11)
    token = teller.cookie("__Host-session")
    answer = teller.post("/login/again", password="a wrong password", next="/vault")
    assert answer.status_code == 422
    assert "The password is not right." in answer.text
    assert 'value="/vault"' in answer.text
    assert teller.cookie("__Host-session") == token
    assert teller.send("GET", "/vault").status_code == 303
    [event] = audit_events("auth.confirm-failed")
    assert event.subject == event.actor_id == sessions()[0].auth_id
    assert event.session_id == sessions()[0].id
    assert len(sessions()) == 1


def test_nothing_typed_is_no_try(teller):
    answer = teller.post("/login/again", password="")
    assert (answer.status_code, "Enter your password" in answer.text) == (422, True)
    assert audit_events("auth.confirm-failed") == []


@pytest.mark.parametrize("place", ["//evil.example", "/\\evil.example", "https://evil.example/vault", "/\r\nX: 1"])
def test_it_leads_to_pages_of_ours_only(teller, place):
    assert teller.post("/login/again", password=PASSWORD, next=place).location == "/"


def test_whoever_was_put_out_meanwhile_does_not_come_back_this_way(teller):
    token = teller.token
    change("UPDATE auth_sessions SET revoked_at = now()")
    answer = teller.send("POST", "/login/again", data={"csrf_token": token, "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/login?next=/")
    assert len(sessions()) == 1


def test_another_sessions_of_the_same_person_are_left_alone(bank, teller):
    phone = Browser(bank)
    phone.sign_in("rina@example.com")
    teller.post("/login/again", password=PASSWORD)
    assert phone.get("/").status_code == 200


def test_a_session_that_is_revoked_during_the_step_up_does_not_come_back(teller, monkeypatch):
    def is_right(stored, password):
        """An administrator revokes it while the hash is computed."""
        with db.engine.begin() as elsewhere:
            elsewhere.execute(text("UPDATE auth_sessions SET revoked_at = now()"))
        return True

    teller.get("/login/again")
    monkeypatch.setattr("portal.auth.passwords.is_right", is_right)
    answer = teller.post("/login/again", password=PASSWORD)
    assert answer.status_code == 422
    assert "This session has ended meanwhile. Sign in again." in answer.text
    assert all(session.revoked_at for session in sessions())
