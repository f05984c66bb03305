"""Signing in with a fingerprint in place of a password: who adds a passkey, what it opens, and what does not count."""

import json
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.auth import links
from portal.auth.models import Account, AuthSession, Passkey
from portal.permissions import Role
from portal.shared.database import db, transaction
from tests.auth.authenticator import PRESENT, Device
from tests.client import PASSWORD, at_once
from tests.factories import audit_events, make_borrower, make_passkey, make_staff
from tests.portals import settings

REFUSAL = "This passkey was not accepted. Try another one, or ask your administrator."


def question(browser, url="/login/passkey/options"):
    answer = browser.post(url)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return json.loads(answer.text)


def add(browser, device=None, name="Laptop"):
    device = device or Device()
    answer = device.created(question(browser, "/account/passkeys/options"))
    return device, browser.post("/account/passkeys", credential=answer, name=name)


def sign_in(browser, device, **fields):
    return browser.post("/login/passkey", credential=device.signed(question(browser)), **fields)


def change(statement):
    db.session.rollback()
    db.session.execute(text(statement))
    db.session.commit()


def is_enabled(staff):
    db.session.rollback()
    return db.session.get(Account, staff.auth_id, populate_existing=True).is_biometric_enabled


@pytest.fixture
def rina(in_app):
    return make_staff(display_name="Rina Wulandari")


@pytest.fixture
def device(rina, visit):
    """Rina's laptop, whose passkey the portal knows."""
    return add(visit(rina))[0]


def test_a_passkey_is_added_and_signs_in_alone(rina, visit):
    device, answer = add(visit(rina))
    assert (answer.status_code, answer.location) == (303, "/account")
    assert is_enabled(rina)
    browser = visit()
    answer = sign_in(browser, device, next="/kyc")
    assert (answer.status_code, answer.location) == (303, "/kyc")
    assert "Hello, Rina Wulandari" in browser.get("/").text
    assert audit_events("auth.passkey-added")[0].actor_id == rina.auth_id
    event = audit_events("auth.signed-in")[-1]
    assert (event.actor_id, event.details) == (rina.auth_id, {"by": "passkey"})


def test_the_page_names_it_with_its_last_use(rina, device, visit):
    browser = visit()
    sign_in(browser, device)
    page = browser.get("/account").text
    assert "<strong>Laptop</strong>" in page
    assert "last used" in page
    assert db.session.query(Passkey).one().sign_count == device.count


def test_an_answer_that_arrives_twice_adds_one_passkey(rina, visit):
    browser = visit(rina)
    credential = Device().created(question(browser, "/account/passkeys/options"))
    form = {"credential": credential, "name": "Laptop", "command_id": str(uuid4())}
    assert [browser.post("/account/passkeys", **form).status_code for _ in range(2)] == [303, 303]
    assert (db.session.query(Passkey).count(), len(audit_events("auth.passkey-added"))) == (1, 1)


def test_it_asks_for_a_verified_person_at_our_own_address(rina, visit):
    browser = visit(rina)
    asked = question(browser, "/account/passkeys/options")
    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    asked = question(visit())
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("localhost", "required", [])


def test_a_device_that_is_known_is_not_asked_again(rina, device, visit):
    browser = visit(rina)
    assert len(question(browser, "/account/passkeys/options")["excludeCredentials"]) == 1
    _, answer = add(browser, device)
    assert answer.status_code == 422
    assert "This passkey is registered already." in answer.text


def test_adding_asks_for_a_sign_in_of_late(rina, visit):
    browser = visit(rina)
    change("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'")
    assert browser.get("/account/passkeys/new").location == "/login/again?next=/account/passkeys/new"
    for url in ("/account/passkeys/options", "/account/passkeys"):
        assert browser.post(url).location.startswith("/login/again")
    assert db.session.query(Passkey).count() == 0


def wrong(device, what):
    match what:
        case "another site":
            device.origin = "https://localhost.evil.example"
        case "another host's key":
            device.host = "evil.example"
        case "nobody verified":
            device.flags = PRESENT
        case "nobody there":
            device.flags = 0


@pytest.mark.parametrize("what", ["another site", "another host's key", "nobody verified", "nobody there"])
def test_an_answer_that_is_not_right_adds_nothing_and_opens_nothing(rina, device, visit, what):
    stranger = Device()
    wrong(stranger, what)
    _, answer = add(visit(rina), stranger)
    assert answer.status_code == 422
    assert "The passkey was not added. Start again." in answer.text
    wrong(device, what)
    browser = visit()
    answer = sign_in(browser, device)
    assert (answer.status_code, REFUSAL in answer.text) == (422, True)
    assert browser.get("/").status_code == 303
    assert db.session.query(Passkey).count() == 1


@pytest.mark.parametrize(
    "happening",
    [
        "DELETE FROM webauthn_credentials",
        "UPDATE users_auth SET status = 'inactive'",
        "UPDATE staff_members SET deactivated_at = now()",
        "DELETE FROM staff_members",
        "UPDATE webauthn_credentials SET sign_count = 1000",
        "UPDATE webauthn_credentials SET public_key = 'x'",
        "UPDATE webauthn_challenges SET expires_at = now()",
    ],
)
def test_every_way_to_fail_is_refused_alike_and_recorded(rina, device, visit, happening):
    browser = visit()
    asked = question(browser)
    change(happening)
    answer = browser.post("/login/passkey", credential=device.signed(asked))
    assert (answer.status_code, REFUSAL in answer.text) == (422, True)
    [event] = audit_events("auth.sign-in-failed")
    assert (event.actor_id, event.details) == (None, {"by": "passkey"})


def test_a_key_of_somebody_else_does_not_sign_for_this_person(rina, device, visit):
    other = Device()
    other.id, other.user = device.id, device.user
    assert sign_in(visit(), other).status_code == 422
    device.user = b"somebody else"
    assert sign_in(visit(), device).status_code == 422


def test_an_answer_counts_once_even_twice_at_the_same_moment(rina, device, visit):
    browser = visit()
    answer = device.signed(question(browser))
    tabs = [browser.tab() for _ in range(4)]
    answers = at_once(*(partial(tab.post, "/login/passkey", credential=answer) for tab in tabs))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    assert browser.post("/login/passkey", credential=answer).status_code == 422


def test_a_failed_answer_uses_the_question_up_too(rina, device, visit):
    browser = visit()
    asked = question(browser)
    honest = device.origin
    device.origin = "https://evil.example"
    assert browser.post("/login/passkey", credential=device.signed(asked)).status_code == 422
    device.origin = honest
    assert browser.post("/login/passkey", credential=device.signed(asked)).status_code == 422


def test_the_question_of_one_purpose_is_not_for_the_other(rina, device, visit):
    browser = visit(rina)
    asked = question(browser, "/account/passkeys/options")
    assert browser.post("/login/passkey", credential=device.signed(asked)).status_code == 422
    asked = question(browser) | {"user": {"id": ""}}
    assert browser.post("/account/passkeys", credential=Device().created(asked), name="x").status_code == 422
    theirs = question(visit(make_staff()), "/account/passkeys/options")
    assert browser.post("/account/passkeys", credential=Device().created(theirs), name="x").status_code == 422


@pytest.mark.parametrize("credential", ["", "{}", "null", "[]", '{"id": 1}', "x" * 20_001, '{"response": []}', "0"])
def test_what_is_no_answer_is_refused(rina, visit, credential):
    assert visit().post("/login/passkey", credential=credential).status_code == 422
    browser = visit(rina)
    for url in ("/account/passkeys", "/login/again/passkey"):
        assert browser.post(url, credential=credential, name="x").status_code == 422


def test_guesses_are_throttled_as_passwords_are(rina, device, visit):
    browser = visit()
    device.origin = "https://evil.example"
    sign_in(browser, device)
    change("UPDATE rate_limits SET n = 10 WHERE key LIKE '%/10/%'")
    device.origin = "http://localhost"
    answer = sign_in(browser, device)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    change("UPDATE rate_limits SET n = 300 WHERE key LIKE '%passkey%'")
    assert browser.post("/login/passkey/options").status_code == 429


def test_the_passkey_confirms_that_it_is_you(rina, device, visit):
    browser = visit(rina)
    change("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'")
    token = browser.cookie("__Host-session")
    asked = question(browser)
    answer = browser.post("/login/again/passkey", credential=device.signed(asked), next="/account/passkeys/new")
    assert (answer.status_code, answer.location) == (303, "/account/passkeys/new")
    assert browser.cookie("__Host-session") != token
    assert browser.get("/account/passkeys/new").status_code == 200
    assert audit_events("auth.confirmed")[-1].details == {"by": "passkey"}


def test_somebody_elses_passkey_does_not_confirm(rina, device, visit):
    browser = visit(make_staff())
    answer = browser.post("/login/again/passkey", credential=device.signed(question(browser)))
    assert (answer.status_code, REFUSAL in answer.text) == (422, True)
    assert len(audit_events("auth.confirm-failed")) == 1


def test_a_passkey_is_renamed(rina, device, visit):
    browser, key = visit(rina), db.session.query(Passkey).one()
    assert browser.post(f"/account/passkeys/{key.id}/rename", name=" Office laptop ").status_code == 303
    assert "<strong>Office laptop</strong>" in browser.get("/account").text
    for name, sentence in (("", "Enter a name"), ("x" * 65, "Use at most 64 characters.")):
        answer = browser.post(f"/account/passkeys/{key.id}/rename", name=name)
        assert (answer.status_code, sentence in answer.text) == (422, True)
        assert "<title>Error: " in answer.text


def test_another_persons_passkey_is_not_found(rina, device, visit):
    key, other = db.session.query(Passkey).one(), visit(make_staff())
    assert other.post(f"/account/passkeys/{key.id}/rename", name="Mine").status_code == 404
    assert other.post(f"/account/passkeys/{key.id}/remove").status_code == 404
    assert db.session.query(Passkey).one().name == "Laptop"


def test_a_removed_passkey_opens_nothing_any_more(rina, device, visit):
    browser, key = visit(rina), db.session.query(Passkey).one().id
    assert browser.post(f"/account/passkeys/{key}/remove").status_code == 303
    assert sign_in(visit(), device).status_code == 422
    assert not is_enabled(rina)
    assert audit_events("auth.passkey-removed")[0].details == {"passkey": str(key)}


def test_the_last_one_stays_outside_the_demo_also_of_two_removed_at_once(rina, device, visit):
    browser = visit(rina)
    keys = [make_passkey(rina), db.session.query(Passkey).filter_by(name="Laptop").one().id]
    with settings(is_demo=False):
        tabs = [browser.tab() for _ in keys]
        removals = [partial(tab.post, f"/account/passkeys/{key}/remove") for tab, key in zip(tabs, keys, strict=True)]
        answers = at_once(*removals)
        assert sorted(answer.status_code for answer in answers) == [303, 422]
        [refused] = [answer for answer in answers if answer.status_code == 422]
        assert "This is your last passkey. Add another one first." in refused.text
    assert db.session.query(Passkey).count() == 1
    assert is_enabled(rina)


def test_outside_the_demo_a_password_alone_does_not_sign_in_once_there_is_a_passkey(rina, device, visit):
    with settings(is_demo=False):
        answer = visit().post("/login", email=rina.email, password=PASSWORD)
        assert (answer.status_code, "The email or password is not right." in answer.text) == (422, True)
        assert sign_in(visit(), device).status_code == 303
    assert visit().post("/login", email=rina.email, password=PASSWORD).status_code == 303


def test_outside_the_demo_a_new_account_adds_a_passkey_and_does_nothing_before(in_app, visit):
    adi = make_staff(Role.ADMIN)
    with settings(is_demo=False):
        browser = visit()
        assert browser.post("/login", email=adi.email, password=PASSWORD).status_code == 303
        for url in ("/", "/account", "/loans", "/staff", "/audit", "/kyc"):
            assert browser.get(url).location == "/account/passkeys/new", url
        for url in ("/account/password", "/search", "/account/sessions/end-others"):
            assert browser.post(url).location == "/account/passkeys/new", url
        fragment = browser.send("GET", "/loans", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/account/passkeys/new")
        page = browser.get("/account/passkeys/new")
        assert (page.status_code, "The portal opens once you have one." in page.text) == (200, True)
        _, answer = add(browser)
        assert answer.location == "/"
        assert browser.get("/").status_code == 200


def test_whoever_must_add_one_can_confirm_and_sign_out(in_app, visit):
    adi = make_staff(Role.ADMIN)
    with settings(is_demo=False):
        browser = visit()
        browser.post("/login", email=adi.email, password=PASSWORD)
        change("UPDATE auth_sessions SET verified_at = now() - interval '11 minutes'")
        again = browser.get("/account/passkeys/new")
        assert again.location.startswith("/login/again")
        assert browser.get(again.location).status_code == 200
        assert browser.post("/logout").location == "/login"


def test_a_link_for_a_new_password_takes_the_passkeys_away(rina, device, visit):
    with transaction():
        token = links.issue_link(rina.auth_id)
    assert visit().post(f"/login/token/{token}", password="four unrelated words").status_code == 303
    assert sign_in(visit(), device).status_code == 422
    assert (db.session.query(Passkey).count(), is_enabled(rina)) == (0, False)
    with settings(is_demo=False):
        browser = visit()
        assert browser.post("/login", email=rina.email, password="four unrelated words").status_code == 303
        assert browser.get("/kyc").location == "/account/passkeys/new"


def test_what_the_customers_app_set_is_no_passkey(in_app):
    email = make_borrower(is_biometric_enabled=True)
    answer = in_app.test_cli_runner().invoke(args=["staff", "add", email, "--role", "admin", "--name", "Adi"])
    assert answer.exit_code == 0
    assert not db.session.query(Account).filter_by(email=email).one().is_biometric_enabled


def test_too_old_questions_are_forgotten(in_app, visit):
    browser = visit()
    question(browser)
    change("UPDATE webauthn_challenges SET expires_at = now()")
    question(browser)
    assert db.session.scalar(text("SELECT count(*) FROM webauthn_challenges")) == 1


def test_a_passkey_opens_no_session_on_a_page_of_another_site(rina, device, visit):
    browser = visit()
    form = {"csrf_token": browser.get("/login") and browser.token, "credential": device.signed(question(browser))}
    answer = browser.send("POST", "/login/passkey", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert db.session.query(AuthSession).count() == 1
