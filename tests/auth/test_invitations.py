"""A new member of staff: one link, good once and for a day, to choose a password with."""

import hashlib
import re
from functools import partial

import pytest
from sqlalchemy import text

from portal.auth.models import Account, AuthSession, StaffMember, StaffToken
from portal.permissions import Role
from portal.shared.database import db
from tests.client import PASSWORD, at_once
from tests.factories import audit_events, make_borrower, make_staff
from tests.portals import settings

GOOD = "four unrelated words"
GONE = "This link was used already or is too old. Ask your administrator for a new one."


def add(app, email="new@example.com", role="kyc_reviewer", name="Dian Pratiwi"):
    return app.test_cli_runner().invoke(args=["staff", "add", email, "--role", role, "--name", name])


@pytest.fixture
def link(in_app):
    """The way into the portal that `flask staff add` printed."""
    answer = add(in_app)
    assert answer.exit_code == 0, answer.output
    address = re.fullmatch(r"http://localhost(/login/token/[\w-]{43})\nGood once, for 24 hours\.\n", answer.output)
    assert address, answer.output
    return address[1]


def test_the_link_lets_somebody_choose_a_password_and_sign_in(link, visit):
    browser = visit()
    page = browser.get(link)
    assert (page.status_code, "Choose a password" in page.text) == (200, True)
    answer = browser.post(link, password=GOOD)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your password is set. Sign in with it." in browser.get("/login").text
    assert browser.sign_in("new@example.com", GOOD).status_code == 303
    home = browser.get("/")
    assert "Hello, Dian Pratiwi" in home.text
    assert "KYC reviewer" in home.text


def test_what_somebody_chose_as_a_customer_opens_nothing(in_app, visit):
    email = make_borrower()
    assert add(in_app, email).exit_code == 0
    assert visit().sign_in(email, PASSWORD).status_code == 422


def test_choosing_a_password_is_no_sign_in(link, visit):
    browser = visit()
    browser.post(link, password=GOOD)
    assert browser.cookie("__Host-session") is None
    assert db.session.query(AuthSession).count() == 0


def test_the_link_works_once(link, visit):
    visit().post(link, password=GOOD)
    for answer in (visit().get(link), visit().post(link, password="another set of words")):
        assert answer.status_code == 404
        assert GONE in answer.text
    assert visit().sign_in("new@example.com", GOOD).status_code == 303


def test_looking_at_the_link_does_not_use_it_up(link, visit):
    assert [visit().get(link).status_code for _ in range(3)] == [200] * 3
    assert visit().post(link, password=GOOD).status_code == 303


def test_the_link_is_good_for_a_day(link, visit):
    token = db.session.query(StaffToken).one()
    assert 86_000 < (token.expires_at - token.created_at).total_seconds() < 86_401
    db.session.execute(text("UPDATE staff_tokens SET expires_at = now()"))
    db.session.commit()
    assert visit().get(link).status_code == 404
    assert visit().post(link, password=GOOD).status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 5000, "..", "' OR 1=1 --", "é"], ids=range(6))
def test_a_made_up_link_leads_nowhere(link, visit, token):
    assert visit().get(f"/login/token/{token}").status_code == 404
    assert visit().post(f"/login/token/{token}", password=GOOD).status_code in {404, 308}


def test_the_store_holds_a_hash_of_the_link_only(link):
    token = link.rpartition("/")[2]
    assert db.session.query(StaffToken).one().token_hash == hashlib.sha256(token.encode()).hexdigest()


LENGTH = "Use 12 to 128 characters, of any kind."
COMMON = "This password is one that people try first."


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "Choose a password"),
        ("short", LENGTH),
        ("elevenchars", LENGTH),
        ("x" * 129, LENGTH),
        ("qwerty123456", COMMON),
        ("QWERTY123456", COMMON),
        ("1qaz2wsx3edc", COMMON),
        ("portal202620", COMMON),
        ("Password-2026!!", COMMON),
        ("kata sandi 123", COMMON),
        ("PinjamanPinjaman", COMMON),
        ("portalpassword", COMMON),
    ],
)
def test_a_weak_password_is_refused_with_what_to_change(link, visit, password, sentence):
    browser = visit()
    answer = browser.post(link, password=password)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not password or f'value="{password}"' not in answer.text
    assert browser.post(link, password=GOOD).status_code == 303, "the link is still good"


@pytest.mark.parametrize(
    "password",
    [
        "x" * 12 + "y",
        "twelve chars",
        "é" * 128,
        "👩🏽‍🔬 and 🇮🇩 12",
        "  blanks around  ",
        "x" * 127 + "1",
        "' OR '1'='1' --",
    ],
    ids=["13", "12", "128 accents", "emoji", "blanks", "128", "quotes"],
)
def test_characters_of_any_kind_count_and_none_is_cut_off(link, visit, password):
    browser = visit()
    assert browser.post(link, password=password).status_code == 303
    for wrong in (password[:-1], password[:72] if len(password) > 72 else f"{password.strip()} "):
        assert visit().sign_in("new@example.com", wrong).status_code == 422
    assert visit().sign_in("new@example.com", password).status_code == 303


def test_the_trail_knows_of_the_invitation_and_of_the_password(link, visit):
    visit().post(link, password=GOOD)
    account = db.session.query(Account).one()
    invited, chosen = audit_events()
    assert (invited.action, invited.subject, invited.actor_id) == ("staff.invited", account.auth_id, None)
    assert invited.details == {"role": "kyc_reviewer"}
    assert (chosen.action, chosen.subject, str(chosen.ip)) == ("auth.password-set", account.auth_id, "127.0.0.1")


def test_of_several_at_once_one_sets_the_password(link, visit):
    browsers = [visit() for _ in range(4)]
    for browser in browsers:
        browser.get(link)
    answers = at_once(*(partial(browser.post, link, password=GOOD) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]
    assert len(audit_events("auth.password-set")) == 1


@pytest.mark.parametrize("role", [*Role])
def test_every_role_can_be_given(in_app, role):
    assert add(in_app, role=role.value).exit_code == 0
    assert db.session.query(StaffMember).one().role is role


def test_an_unknown_role_is_not_given(in_app):
    answer = add(in_app, role="owner")
    assert answer.exit_code == 2
    assert "'owner' is not one of" in answer.output
    assert db.session.query(Account).count() == 0


def test_an_email_is_stored_in_one_spelling(in_app, visit):
    assert add(in_app, email=" NEW@Example.com ").exit_code == 0
    assert db.session.query(Account).one().email == "new@example.com"


@pytest.mark.parametrize("spelling", ["rina@example.com", "RINA@EXAMPLE.COM", "ｒｉｎａ@example.com"])
def test_nobody_is_added_twice(in_app, spelling):
    make_staff(email="rina@example.com")
    answer = add(in_app, email=spelling)
    assert answer.exit_code == 1
    assert "This person is a member of staff already." in answer.output
    assert db.session.query(StaffToken).count() == 0


def test_a_borrower_who_joins_the_staff_keeps_his_account(in_app, visit):
    email = make_borrower()
    assert visit().sign_in(email, PASSWORD).status_code == 422
    assert add(in_app, email=email).exit_code == 0
    assert db.session.query(Account).one().email == email


def test_whoever_was_signed_in_is_out_once_the_password_is_another(link, visit):
    visit().post(link, password=GOOD)
    browser = visit()
    browser.sign_in("new@example.com", GOOD)
    account, token = db.session.query(Account).one(), "a" * 43
    db.session.add(
        StaffToken(
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            auth_id=account.auth_id,
            expires_at=text("now() + '1 h'"),
        )
    )
    db.session.commit()
    assert browser.get("/").status_code == 200
    assert visit().post(f"/login/token/{token}", password="another set of words").status_code == 303
    assert browser.get("/").status_code == 303
    assert visit().sign_in("new@example.com", GOOD).status_code == 422


def test_demo_addresses_are_for_demo_data(in_app):
    with settings(is_demo=False):
        answer = add(in_app, email="Somebody@portal.example")
        assert answer.exit_code == 1
        assert "Addresses at portal.example are for demo data only." in answer.output
    assert db.session.query(Account).count() == 0
