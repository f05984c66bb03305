"""Signing in and out: who gets in, and what everybody else learns from being refused."""

import hashlib
import re

import pytest
from argon2 import PasswordHasher

from portal.auth import passwords
from portal.auth.models import Account, AuthSession
from portal.permissions import Role
from portal.shared.database import db
from tests.auth.refusals import kinds_of_failure
from tests.client import PASSWORD
from tests.factories import audit_events, make_staff
from tests.portals import settings

REFUSAL = "The email or password is not right."


def neutral(answer, email):
    """The page without what differs from one request to the next."""
    return re.sub(
        r'value="[\w.-]{60,}"|content="[\w.-]{60,}"|value="[0-9a-f-]{36}"', "", answer.text.replace(email, "")
    )


def test_staff_sign_in_and_land_on_their_home(in_app, visit):
    rina, browser = make_staff(display_name="Rina Wulandari"), visit()
    answer = browser.post("/login", email=rina.email, password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    home = browser.get("/")
    assert "Hello, Rina Wulandari" in home.text
    assert "KYC reviewer" in home.text


@pytest.mark.parametrize("role", [*Role])
def test_every_role_may_enter(in_app, visit, role):
    assert visit(make_staff(role)).get("/").status_code == 200


def test_every_way_to_fail_looks_the_same(in_app, visit):
    answers = {}
    for kind, (email, password) in kinds_of_failure().items():
        browser = visit()
        answer = browser.post("/login", email=email, password=password)
        assert answer.status_code == 422
        assert REFUSAL in answer.text
        assert browser.cookie("__Host-session") is None
        answers[kind] = (answer.content_length, neutral(answer, email), sorted(answer.headers.keys()))
    assert len(set(map(str, answers.values()))) == 1, answers


def test_every_way_to_fail_costs_one_hash_of_the_same_cost(in_app, visit, monkeypatch):
    """So that nobody learns from how long it takes; `make bench` measures that."""
    verify, costs = PasswordHasher.verify, []

    def noted(hasher, stored, password):
        costs.append(stored.rpartition("$")[0].rpartition("$")[0])
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    browser, kinds = visit(), kinds_of_failure()
    for email, password in kinds.values():
        assert browser.post("/login", email=email, password=password).status_code == 422
    assert costs == ["$argon2id$v=19$m=19456,t=2,p=1"] * len(kinds)


def test_a_refusal_keeps_the_email_and_forgets_the_password(in_app, visit):
    answer = visit().post("/login", email="Rina@Example.com ", password="a wrong password", next="/kyc")
    assert 'value="Rina@Example.com "' in answer.text
    assert "a wrong password" not in answer.text
    assert 'value="/kyc"' in answer.text
    assert "<title>Error: Sign in" in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "", "password": PASSWORD}, "Enter your email"),
        ({"email": "rina@example.com", "password": ""}, "Enter your password"),
        ({"email": "x" * 256, "password": PASSWORD}, "This is too long"),
        ({"email": "rina@example.com", "password": "x" * 1025}, "This is too long"),
    ],
    ids=["no email", "no password", "long email", "long password"],
)
def test_what_is_missing_or_too_long_is_said_before_anything_is_tried(in_app, visit, fields, sentence):
    answer = visit().post("/login", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert audit_events() == []


@pytest.mark.parametrize(
    "spelling",
    [
        "RINA@EXAMPLE.COM",
        "  rina@example.com\t",
        "Rina@Example.Com",
        "ｒｉｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "\u00a0rina@example.com",
    ],
    ids=["capitals", "blanks", "mixed", "full width", "no-break space"],
)
def test_another_spelling_of_an_email_is_the_same_account(in_app, visit, spelling):
    rina = make_staff(email="rina@example.com")
    browser = visit()
    assert browser.post("/login", email=spelling, password=PASSWORD).status_code == 303
    [event] = audit_events("auth.signed-in")
    assert event.actor_id == rina.auth_id


def test_an_accent_typed_in_two_ways_is_the_same_account(in_app, visit):
    make_staff(email="andr\u00e9@example.com")
    assert visit().post("/login", email="Andre\u0301@example.com", password=PASSWORD).status_code == 303


@pytest.mark.parametrize("spelling", [PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], PASSWORD + "\u0301"])
def test_a_password_has_one_spelling(in_app, visit, spelling):
    rina = make_staff()
    assert visit().post("/login", email=rina.email, password=spelling).status_code == 422


def test_every_sign_in_good_or_failed_is_recorded_exactly_once(in_app, visit):
    rina = make_staff(Role.ADMIN)
    visit().post("/login", email=rina.email, password="a wrong password")
    visit().post("/login", email="nobody@example.com", password="a wrong password")
    visit().post("/login", email=rina.email, password=PASSWORD)
    wrong, unknown, good = audit_events()
    assert [event.action for event in (wrong, unknown, good)] == ["auth.sign-in-failed"] * 2 + ["auth.signed-in"]
    assert (wrong.subject, wrong.actor_id, wrong.actor_role) == (rina.auth_id, None, None)
    assert (unknown.subject, unknown.actor_id) == (None, None)
    assert (good.subject, good.actor_id, good.actor_role) == (rina.auth_id, rina.auth_id, "admin")
    assert good.session_id == db.session.query(AuthSession).one().id
    assert {str(event.ip) for event in (wrong, unknown, good)} == {"127.0.0.1"}
    assert [event.details for event in (wrong, unknown, good)] == [{}, {}, {}]


def test_a_weaker_hash_is_renewed_with_the_sign_in(in_app, visit):
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    rina = make_staff(password_hash=weak)
    visit().post("/login", email=rina.email, password="a wrong password")
    assert hash_of(rina) == weak
    visit().post("/login", email=rina.email, password=PASSWORD)
    renewed = hash_of(rina)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    visit().post("/login", email=rina.email, password=PASSWORD)
    assert hash_of(rina) == renewed
    assert len(audit_events("auth.signed-in")) == 2


def hash_of(staff):
    db.session.rollback()
    return db.session.get(Account, staff.auth_id, populate_existing=True).password_hash


@pytest.mark.parametrize("stored", ["", "plain text", "$2b$12$" + "x" * 53, "$argon2id$v=19$m=19456,t=2,p=1$"])
def test_a_damaged_hash_is_a_wrong_password(in_app, visit, stored):
    rina = make_staff(password_hash=stored)
    answer = visit().post("/login", email=rina.email, password=PASSWORD)
    assert (answer.status_code, REFUSAL in answer.text) == (422, True)


@pytest.mark.parametrize("stored", ["", None])
def test_no_password_opens_an_account_that_has_none(in_app, visit, stored):
    rina = make_staff(password_hash=stored)
    assert visit().post("/login", email=rina.email, password="an account that does not exist").status_code == 422


def test_hashing_costs_what_it_should(portal):
    assert passwords.hash_password("four unrelated words").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_planted_session_is_never_adopted(in_app, visit):
    rina, browser = make_staff(), visit()
    browser.client.set_cookie("__Host-session", "planted", secure=True)
    assert browser.sign_in(rina.email).status_code == 303
    given = browser.cookie("__Host-session")
    assert given != "planted"
    thief = visit()
    thief.client.set_cookie("__Host-session", "planted", secure=True)
    assert thief.get("/").status_code == 303


def test_what_a_page_carried_before_the_sign_in_is_worth_nothing_after_it(in_app, visit):
    rina, browser = make_staff(), visit()
    browser.get("/login")
    planted, cookie = browser.token, browser.cookie("__Host-portal")
    browser.sign_in(rina.email)
    assert browser.token != planted
    assert browser.send("POST", "/account/renew", data={"csrf_token": planted}).status_code == 400
    assert browser.cookie("__Host-portal") != cookie


def test_each_sign_in_has_a_session_and_a_token_of_its_own(in_app, visit):
    rina = make_staff()
    first, second = visit(rina), visit(rina)
    tokens = [browser.cookie("__Host-session") for browser in (first, second)]
    assert len(set(tokens)) == 2
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in tokens), "256 bits"
    first.sign_in(rina.email)
    assert first.cookie("__Host-session") not in tokens
    sessions = db.session.query(AuthSession).all()
    assert len({session.family_id for session in sessions}) == len(sessions) == 3


def test_the_store_holds_a_hash_of_the_token_and_nothing_else_of_it(in_app, visit, superuser):
    rina = make_staff()
    token = visit(rina).cookie("__Host-session")
    assert db.session.query(AuthSession).one().refresh_token == hashlib.sha256(token.encode()).hexdigest()
    with superuser.connect() as connection:
        rows = connection.execute(db.text("SELECT to_jsonb(s)::text FROM auth_sessions s")).scalars().all()
        rows += connection.execute(db.text("SELECT to_jsonb(e)::text FROM audit_events e")).scalars().all()
    assert rows
    assert not [row for row in rows if token in row]


def test_the_hash_is_not_a_key(in_app, visit):
    rina = make_staff()
    token = visit(rina).cookie("__Host-session")
    thief = visit()
    thief.client.set_cookie("__Host-session", hashlib.sha256(token.encode()).hexdigest(), secure=True)
    assert thief.get("/").status_code == 303


def test_demo_accounts_are_let_in_by_a_demo_only(in_app, visit):
    demo = make_staff(email="rina@portal.example")
    assert visit().post("/login", email=demo.email, password=PASSWORD).status_code == 303
    with settings(is_demo=False):
        answer = visit().post("/login", email="RINA@portal.example", password=PASSWORD)
        assert (answer.status_code, REFUSAL in answer.text) == (422, True)
        assert visit().post("/login", email=make_staff().email, password=PASSWORD).status_code == 303


OWN = ["/kyc", "/kyc?status=verified&flag=duplicate", "/login/again", "/", "/kyc/6f0775ea-5f67-4c2a-9d90-cb7a10d60340"]
FOREIGN = [
    "//evil.example", "/\\evil.example", "\\/evil.example", "///evil.example", "https://evil.example", "https:/kyc",
    "https:kyc", "javascript:alert(1)", "/kyc\r\nSet-Cookie: x=1", "/\tkyc", "/ /evil.example", " //evil.example",
    "kyc", "evil.example", "", "/nothing", "/logout", "/kyc/next", "/%2fevil.example", "/\u2215evil.example", "@evil",
    "//localhost@evil.example/kyc", "/kyc/../../evil", "?next=https://evil.example", "#", "/\u200b/evil.example",
]  # fmt: skip


@pytest.mark.parametrize("place", OWN)
def test_after_the_sign_in_one_is_where_one_wanted_to_go(in_app, visit, place):
    answer = visit().post("/login", email=make_staff().email, password=PASSWORD, next=place)
    assert (answer.status_code, answer.location) == (303, place)


def test_no_sign_in_leads_to_another_place_than_a_page_of_ours(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    for place in FOREIGN:
        answers = [browser.post("/account/preferences", next=place), browser.post("/language", next=place)]
        assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/")] * 2, place
    for place in FOREIGN[:6]:
        answer = visit().post("/login", email=rina.email, password=PASSWORD, next=place)
        assert (answer.status_code, answer.location) == (303, "/"), place


def test_signing_out_ends_the_session_on_the_server(in_app, visit):
    rina = make_staff()
    browser, elsewhere = visit(rina), visit(rina)
    token = browser.cookie("__Host-session")
    answer = browser.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.cookie("__Host-session") is None
    assert browser.get("/").status_code == 303
    browser.client.set_cookie("__Host-session", token, secure=True)
    assert browser.get("/").status_code == 303
    assert elsewhere.get("/").status_code == 200
    [event] = audit_events("auth.signed-out")
    assert event.actor_id == rina.auth_id


def test_signing_out_takes_a_post(in_app, visit):
    browser = visit(make_staff())
    assert browser.get("/logout").status_code == 405
    assert browser.get("/").status_code == 200


def test_somebody_signed_in_may_sign_in_as_somebody_else(in_app, visit):
    rina, maya = make_staff(), make_staff(Role.SUPPORT_AGENT, display_name="Maya Sari")
    browser = visit(rina)
    assert browser.sign_in(maya.email).status_code == 303
    assert "Hello, Maya Sari" in browser.get("/").text
