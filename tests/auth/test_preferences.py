"""How a person likes his pages, kept with his account or, before the sign-in, with his browser."""

import pytest

from portal.auth.models import StaffMember
from portal.shared.database import db
from tests.factories import audit_events, make_staff


def frame(browser, url="/"):
    """The <html> tag of a page."""
    return browser.get(url).text.split("<html", 1)[1].split(">", 1)[0]


def kept(staff):
    db.session.rollback()
    return db.session.get(StaffMember, staff.auth_id, populate_existing=True).preferences


@pytest.mark.parametrize(
    ("name", "value", "mark"),
    [
        ("theme", "dark", 'data-theme="dark"'),
        ("theme", "light", 'data-theme="light"'),
        ("density", "compact", 'data-density="compact"'),
        ("language", "id", 'lang="id"'),
        ("shortcuts", "off", 'data-shortcuts="off"'),
    ],
)
def test_a_choice_shows_on_every_page_and_in_every_browser(in_app, visit, name, value, mark):
    rina = make_staff()
    browser = visit(rina)
    assert mark not in frame(browser)
    answer = browser.post("/account/preferences", **{name: value}, next="/kyc")
    assert (answer.status_code, answer.location) == (303, "/kyc")
    assert mark in frame(browser, "/kyc")
    assert mark in frame(browser, "/nothing")
    assert mark in frame(visit(rina))
    assert mark not in frame(visit(make_staff()))
    assert kept(rina) == {name: value}


def test_going_back_to_the_usual_leaves_no_mark(in_app, visit):
    browser = visit(make_staff())
    browser.post("/account/preferences", theme="dark", density="compact", shortcuts="off", language="id")
    browser.post("/account/preferences", theme="system", density="comfortable", shortcuts="on", language="en")
    assert "".join(frame(browser).split()) == 'lang="en"'


def test_one_choice_leaves_the_others_alone(in_app, visit):
    rina = make_staff()
    browser = visit(rina)
    browser.post("/account/preferences", theme="dark")
    browser.post("/account/preferences", density="compact")
    assert kept(rina) == {"theme": "dark", "density": "compact"}
    assert [event.details for event in audit_events("auth.preferences-changed")] == [
        {"changed": ["theme"]},
        {"changed": ["density"]},
    ]


@pytest.mark.parametrize("choice", [{"theme": "pink"}, {"language": "fr"}, {"density": ""}, {"shortcuts": "ON"}])
def test_a_choice_that_does_not_exist_is_refused_whole(in_app, visit, choice):
    rina = make_staff()
    answer = visit(rina).post("/account/preferences", **{"theme": "dark", **choice})
    assert answer.status_code == 422
    assert "There is no such choice." in answer.text
    assert kept(rina) == {}


def test_nobody_gets_a_better_role_by_this_form(in_app, visit):
    rina = make_staff()
    visit(rina).post("/account/preferences", role="admin", display_name="Boss", deactivated_at="", preferences="{}")
    member = db.session.get(StaffMember, rina.auth_id, populate_existing=True)
    assert (member.role, member.display_name, member.preferences) == ("kyc_reviewer", rina.name, {})


def test_before_the_sign_in_the_browser_keeps_the_language(in_app, visit):
    browser = visit()
    assert 'lang="en"' in frame(browser, "/login")
    answer = browser.post("/language", language="id", next="/login?next=/kyc")
    assert (answer.status_code, answer.location) == (303, "/login?next=/kyc")
    assert 'lang="id"' in frame(browser, "/login")
    assert "Kata sandi" in browser.get("/login").text
    browser.sign_in(make_staff().email)
    assert 'lang="id"' in frame(browser)
    browser.post("/account/preferences", language="en")
    assert 'lang="en"' in frame(browser), "the account's choice comes first"


def test_an_unknown_language_is_not_kept(in_app, visit):
    browser = visit()
    for language in ("fr", "", "ID", "../../etc", "x" * 5000):
        assert browser.post("/language", language=language).status_code == 303
        assert browser.cookie("__Host-language") is None
    assert 'lang="en"' in frame(browser, "/login")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("id", "id"), ("id-ID,id;q=0.9", "id"), ("fr,de", "en"), ("*", "en"), ("en;q=0.1,id", "id")],
)
def test_without_a_choice_the_browser_says_which_language(in_app, visit, wanted, language):
    page = visit().send("GET", "/login", headers={"Accept-Language": wanted})
    assert f'<html lang="{language}"' in page.text


def test_a_page_is_in_indonesian_throughout(in_app, visit):
    answer = visit().send("GET", "/login", headers={"Accept-Language": "id"})
    assert '<html lang="id"' in answer.text
    for english in ("Sign in", "Password", "Skip to main content", "Trouble signing in?"):
        assert english not in answer.text
