"""Guessing passwords: ten tries in five minutes, counted before anything is compared."""

from functools import partial

import pytest
from sqlalchemy import text

from portal.permissions import Role
from portal.shared.database import db
from tests.client import PASSWORD, at_once
from tests.factories import audit_events, make_borrower, make_staff

SECONDS = 300


def guess(browser, email, password="a wrong password", address="127.0.0.1"):
    if not browser.token:
        browser.get("/login")
    form = {"csrf_token": browser.token, "email": email, "password": password}
    return browser.send("POST", "/login", data=form, environ_overrides={"REMOTE_ADDR": address})


def guessed(browser, email, times):
    """As after so many wrong guesses: one is made, the others are counted."""
    guess(browser, email)
    run(f"UPDATE rate_limits SET n = n + {times - 1}")


def run(statement):
    db.session.execute(text(statement))
    db.session.commit()


def test_the_eleventh_try_is_refused_with_the_time_to_wait(in_app, visit):
    rina, browser = make_staff(), visit()
    assert [guess(browser, rina.email).status_code for _ in range(10)] == [422] * 10
    answer = guess(browser, rina.email, PASSWORD)
    assert answer.status_code == 429
    assert SECONDS - 20 < int(answer.headers["Retry-After"]) <= SECONDS
    assert f"Too many tries. Try again in {answer.headers['Retry-After']} seconds" in answer.text
    assert f'value="{rina.email}"' in answer.text
    assert browser.get("/").status_code == 303
    assert len(audit_events()) == 10


@pytest.mark.parametrize("somebody", ["nobody@example.com", "borrower"])
def test_who_has_no_place_here_is_throttled_alike(in_app, visit, somebody):
    email = make_borrower() if somebody == "borrower" else somebody
    browser = visit()
    guessed(browser, email, 8)
    assert [guess(browser, email).status_code for _ in range(3)] == [422, 422, 429]


def test_another_spelling_is_no_new_account_to_guess_at(in_app, visit):
    make_staff(email="rina@example.com")
    browser = visit()
    guessed(browser, "rina@example.com", 7)
    spellings = ["RINA@example.com", " rina@example.com", "ｒｉｎａ@example.com", "Rina@Example.COM"]
    assert [guess(browser, spelling).status_code for spelling in spellings] == [422, 422, 422, 429]


def test_neither_another_account_nor_another_address_is_affected(in_app, visit):
    rina, dian, browser = make_staff(), make_staff(), visit()
    guessed(browser, rina.email, 10)
    assert guess(browser, rina.email).status_code == 429
    assert guess(visit(), dian.email, PASSWORD).status_code == 303
    assert guess(visit(), rina.email, PASSWORD, address="192.0.2.7").status_code == 303
    assert guess(visit(), rina.email, PASSWORD).status_code == 429, "the guesser goes on waiting"


def test_a_right_password_starts_the_count_anew(in_app, visit):
    rina = make_staff()
    for _ in range(2):
        browser = visit()
        guessed(browser, rina.email, 9)
        assert guess(browser, rina.email, PASSWORD).status_code == 303


def test_the_wait_ends(in_app, visit):
    rina, browser = make_staff(), visit()
    guessed(browser, rina.email, 10)
    assert guess(browser, rina.email).status_code == 429
    run(f"UPDATE rate_limits SET expires = expires - {SECONDS}")
    assert guess(browser, rina.email).status_code == 422
    assert guess(browser, rina.email, PASSWORD).status_code == 303


def test_tries_while_waiting_do_not_prolong_it(in_app, visit):
    rina, browser = make_staff(), visit()
    guessed(browser, rina.email, 10)
    run("UPDATE rate_limits SET expires = expires - 200")
    waits = [int(guess(browser, rina.email).headers["Retry-After"]) for _ in range(3)]
    assert all(80 < wait <= 100 for wait in waits)


def test_one_account_is_not_guessed_at_from_many_addresses(in_app, visit):
    rina, browser = make_staff(), visit()
    guess(browser, rina.email, address="192.0.2.1")
    run("UPDATE rate_limits SET n = 49 WHERE key LIKE '%/50/%'")
    assert guess(browser, rina.email, address="192.0.2.2").status_code == 422
    assert guess(browser, rina.email, PASSWORD, address="192.0.2.3").status_code == 429
    assert guess(browser, make_staff().email, PASSWORD, address="192.0.2.3").status_code == 303


def test_one_address_does_not_guess_at_many_accounts(in_app, visit):
    browser = visit()
    guess(browser, "nobody@example.com")
    run("UPDATE rate_limits SET n = 99 WHERE key LIKE '%/100/%'")
    assert guess(browser, "somebody@example.com").status_code == 422
    assert guess(browser, make_staff().email, PASSWORD).status_code == 429
    assert guess(browser, make_staff().email, PASSWORD, address="192.0.2.9").status_code == 303


def test_who_signs_in_does_not_count_against_the_others_at_his_address(in_app, visit):
    rina, browser = make_staff(), visit()
    guess(browser, "nobody@example.com")
    for _ in range(3):
        assert guess(visit(), rina.email, PASSWORD).status_code == 303
    assert db.session.scalar(text("SELECT n FROM rate_limits WHERE key LIKE '%/100/%'")) == 1


def at_sign_in(visit):
    browser = visit()
    browser.get("/login")
    return browser


def test_of_twenty_guesses_at_once_ten_reach_the_password(in_app, visit):
    rina = make_staff()
    answers = at_once(*(partial(guess, at_sign_in(visit), rina.email) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [422] * 10 + [429] * 10
    assert [event.action for event in audit_events()] == ["auth.sign-in-failed"] * 10


def test_of_good_and_bad_at_once_each_gets_what_is_his(in_app, visit):
    rina = make_staff()
    passwords = [PASSWORD, "a wrong password"] * 4
    answers = at_once(*(partial(guess, at_sign_in(visit), rina.email, password) for password in passwords))
    assert [answer.status_code for answer in answers] == [303, 422] * 4
    assert len(audit_events("auth.signed-in")) == len(audit_events("auth.sign-in-failed")) == 4


def test_wrong_passwords_of_somebody_signed_in_count_too(in_app, visit):
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    assert browser.post("/login/again", password="a wrong password").status_code == 422
    run("UPDATE rate_limits SET n = 9 WHERE key LIKE '%/10/%'")
    assert browser.post("/login/again", password="a wrong password").status_code == 422
    answer = browser.post("/login/again", password=PASSWORD)
    assert answer.status_code == 429
    assert "Too many tries." in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.get("/").status_code == 200, "his session goes on"


def test_the_count_names_nobody(in_app, visit):
    rina = make_staff(email="rina@example.com")
    guess(visit(), rina.email)
    keys = db.session.scalars(text("SELECT key FROM rate_limits")).all()
    assert len(keys) == 3
    assert not [key for key in keys if "rina" in key]
