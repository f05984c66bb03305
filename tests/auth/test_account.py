"""One's own account: where one is signed in, another password, and how devices are called."""

import hashlib
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.auth.devices import device
from portal.auth.models import AuthSession
from portal.shared.database import db
from tests.client import PASSWORD
from tests.factories import audit_events, make_passkey, make_staff

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
NEXT = "another four unrelated words"


@pytest.fixture
def rina(in_app):
    return make_staff()


def session_of(browser):
    """The id of this browser's session."""
    hashed = hashlib.sha256(browser.cookie("__Host-session").encode()).hexdigest()
    db.session.rollback()
    return db.session.query(AuthSession).filter_by(refresh_token=hashed).one().id


def test_each_session_is_told_by_its_device_address_and_last_use(rina, visit):
    browser = visit(rina)
    visit(rina)
    agents = [FIREFOX, IPHONE]
    for session, agent in zip(db.session.query(AuthSession).order_by(AuthSession.created_at), agents, strict=True):
        session.user_agent = agent
    db.session.commit()
    page = browser.get("/account").text
    assert "Firefox on Windows" in page
    assert "Safari on iPhone" in page
    assert page.count("127.0.0.1 · last used <time") == 2
    assert page.count("This one") == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, ("Firefox", "Windows")),
        (IPHONE, ("Safari", "iPhone")),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", ("Edge", "Linux")),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", ("Chrome", "Android")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit Version/18.5 Safari/605.1.15",
            ("Safari", "macOS"),
        ),
        ("curl/8.14", ("", "")),
        ("", ("", "")),
        (None, ("", "")),
    ],
)
def test_a_device_has_a_name(agent, words):
    assert device(agent) == words


def test_a_session_that_is_ended_elsewhere_is_over_with_the_next_click(rina, visit):
    here, there = visit(rina), visit(rina)
    other = session_of(there)
    answer = here.post(f"/account/sessions/{other}/end")
    assert (answer.status_code, answer.location) == (303, "/account")
    assert there.get("/").status_code == 303
    assert here.get("/").status_code == 200
    assert audit_events("auth.session-ended")[0].details == {"session": str(other)}
    assert here.post(f"/account/sessions/{other}/end").status_code == 404


def test_nobody_ends_the_session_of_another(rina, visit):
    browser, other = visit(make_staff()), visit(rina)
    assert browser.post(f"/account/sessions/{session_of(other)}/end").status_code == 404
    assert other.get("/").status_code == 200


def test_signing_out_everywhere_else(rina, visit):
    here, others = visit(rina), [visit(rina), visit(rina)]
    assert "Sign out everywhere else" in here.get("/account").text
    assert here.post("/account/sessions/end-others").status_code == 303
    assert [other.get("/").status_code for other in others] == [303, 303]
    page = here.get("/account")
    assert page.status_code == 200
    assert "Sign out everywhere else" not in page.text
    assert len(audit_events("auth.other-sessions-ended")) == 1


def test_ended_and_idle_sessions_are_not_listed(rina, visit):
    here, idle, ended = visit(rina), visit(rina), visit(rina)
    idles = session_of(idle)
    ended.post("/logout")
    db.session.execute(text(f"UPDATE auth_sessions SET used_at = now() - interval '16 min' WHERE id = '{idles}'"))
    db.session.commit()
    assert here.get("/account").text.count("last used") == 1


def test_another_password_ends_the_other_sessions(rina, visit):
    here, there = visit(rina), visit(rina)
    answer = here.post("/account/password", old=PASSWORD, password=NEXT)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Password changed. Your other sessions have ended." in here.get("/account").text
    assert there.get("/").status_code == 303
    assert visit().sign_in(rina.email, PASSWORD).status_code == 422
    assert visit().sign_in(rina.email, NEXT).status_code == 303
    assert [event.actor_id for event in audit_events("auth.password-changed")] == [rina.auth_id]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("a wrong password", NEXT, "The password is not right."),
        (PASSWORD, "short", "Use 12 to 128 characters, of any kind."),
        ("", NEXT, "Enter your password"),
        (PASSWORD, "", "Choose a password"),
    ],
)
def test_a_password_is_changed_by_its_holder_to_a_good_one_only(rina, visit, old, new, sentence):
    here, there = visit(rina), visit(rina)
    answer = here.post("/account/password", old=old, password=new)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert not {f'value="{typed}"' for typed in (old, new) if typed and f'value="{typed}"' in answer.text}
    assert there.get("/").status_code == 200
    assert visit().sign_in(rina.email, PASSWORD).status_code == 303


def test_guessing_the_present_password_is_throttled(rina, visit):
    browser = visit(rina)
    browser.post("/account/password", old="a wrong password", password=NEXT)
    db.session.execute(text("UPDATE rate_limits SET n = 10 WHERE key LIKE '%/10/%'"))
    db.session.commit()
    assert browser.post("/account/password", old=PASSWORD, password=NEXT).status_code == 429


def test_an_accent_counts_as_one_character_however_it_is_typed(rina, visit):
    composed, apart = "caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301"
    assert visit(rina).post("/account/password", old=PASSWORD, password=apart).status_code == 303
    assert visit().sign_in(rina.email, composed).status_code == 303
    assert visit().sign_in(rina.email, apart).status_code == 303


def test_how_the_portal_looks_is_chosen_here_too(rina, visit):
    browser = visit(rina)
    answer = browser.post("/account/preferences", theme="dark", next="/account")
    assert (answer.status_code, answer.location) == (303, "/account")
    assert 'data-theme="dark"' in browser.get("/account").text


def test_a_form_that_arrives_twice_acts_once(rina, visit):
    browser, other, key = visit(rina), visit(rina), make_passkey(rina)
    for url, action, fields in (
        (f"/account/passkeys/{key}/rename", "auth.passkey-renamed", {"name": "Office"}),
        (f"/account/passkeys/{key}/remove", "auth.passkey-removed", {}),
        (f"/account/sessions/{session_of(other)}/end", "auth.session-ended", {}),
        ("/account/sessions/end-others", "auth.other-sessions-ended", {}),
        ("/account/password", "auth.password-changed", {"old": PASSWORD, "password": NEXT}),
    ):
        command = str(uuid4())
        answers = [browser.post(url, command_id=command, **fields) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303], url
        assert len(audit_events(action)) == 1, url


def test_a_form_without_its_id_changes_nothing(rina, visit):
    browser, other = visit(rina), visit(rina)
    for url in (f"/account/sessions/{session_of(other)}/end", "/account/sessions/end-others"):
        answer = browser.post(url, command_id=None)
        assert (answer.status_code, "This form is not complete. Open the page again." in answer.text) == (422, True)
    assert other.get("/").status_code == 200


def test_a_choice_that_stands_already_is_not_recorded_again(rina, visit):
    browser = visit(rina)
    for theme in ("dark", "dark", "light"):
        browser.post("/account/preferences", theme=theme)
    assert len(audit_events("auth.preferences-changed")) == 2
