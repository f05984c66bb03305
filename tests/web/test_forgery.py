"""Requests that another site's page makes in somebody's browser."""

import pytest

from portal.auth.models import AuthSession
from portal.kyc.models import KycCheck, KycStatus
from portal.shared.database import db
from tests.client import Browser
from tests.factories import audit_events, make_kyc_check, make_staff
from tests.portals import another_portal
from tests.web.test_bad_input import FIELDS, form_of, role_for


def post(browser, url, form, **headers):
    return browser.send("POST", url, data=form, headers={name.replace("_", "-"): v for name, v in headers.items()})


# No form: what a program sends, signed.
SIGNED = {"/receipts/<channel>"}


@pytest.fixture
def desk(in_app, visit):
    """Every form of the portal in the browser of somebody who may send it, filled in so that it would work."""
    people = {role: make_staff(role) for role in {role_for(rule) for rule in FIELDS}}
    browsers = {role: visit(person) for role, person in people.items()}
    rules = sorted(FIELDS.keys() - SIGNED, key=lambda rule: (rule == "/logout", rule))
    return [(browsers[role_for(rule)], *form_of(rule, people[role_for(rule)])) for rule in rules]


def test_no_form_works_without_a_token(desk):
    before = len(audit_events())
    for browser, url, fields in desk:
        for token in ({}, {"csrf_token": ""}, {"csrf_token": "made-up"}, {"csrf_token": browser.token[:-1]}):
            answer = post(browser, url, {**fields, **token})
            assert answer.status_code == 400, url
            assert "This page was open for too long, or in two windows." in answer.text
    assert len(audit_events()) == before
    assert {browser.get("/").status_code for browser, _, _ in desk} == {200}


def test_no_form_works_with_somebody_elses_token(desk, visit):
    theirs = visit(make_staff()).token
    for browser, url, fields in desk:
        assert post(browser, url, {**fields, "csrf_token": theirs}).status_code == 400, url
    assert {browser.get("/").status_code for browser, _, _ in desk} == {200}


def test_htmx_alone_is_no_token(desk):
    for browser, url, fields in desk:
        answer = post(browser, url, fields, HX_Request="true", X_Requested_With="XMLHttpRequest")
        assert answer.status_code == 400, url
        assert answer.headers["HX-Retarget"] == "#flashes"
    browser = desk[0][0]
    assert post(browser, "/account/renew", {}, HX_Request="true", X_CSRFToken=browser.token).status_code == 204


ELSEWHERE = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"},
    {"Origin": "https://localhost", "Sec_Fetch_Site": "cross-site"},
]


def test_no_form_works_from_another_site_even_with_the_token(desk):
    before = len(audit_events())
    for origin in ELSEWHERE:
        for browser, url, fields in desk:
            answer = post(browser, url, {**fields, "csrf_token": browser.token}, **origin)
            assert answer.status_code == 403, (url, origin)
            assert "This came from another site" in answer.text
            assert "Your role cannot open this" not in answer.text
    assert len(audit_events()) == before
    assert {browser.get("/").status_code for browser, _, _ in desk} == {200}


def test_a_form_works_from_our_own_pages(in_app, visit):
    browser = visit(make_staff())
    for origin in ({}, {"Sec_Fetch_Site": "same-origin", "Origin": "https://localhost"}, {"Sec_Fetch_Site": "none"}):
        assert post(browser, "/account/renew", {"csrf_token": browser.token}, **origin).status_code == 204


def test_a_token_in_the_address_counts_for_nothing(in_app, visit):
    browser = visit(make_staff())
    assert browser.send("POST", f"/account/renew?csrf_token={browser.token}").status_code == 400


def test_other_methods_find_no_way_around_the_token(desk):
    for browser, url, fields in desk:
        for method in ("PUT", "PATCH", "DELETE", "post", "PROPFIND"):
            answer = browser.send(method, url, data=fields)
            assert answer.status_code in {400, 405}, (method, url)


def test_looking_changes_nothing(desk):
    rows = [tuple(row) for row in db.session.execute(db.select(KycCheck.kyc_id, KycCheck.status, KycCheck.version))]
    before = [event.action for event in audit_events()]
    for browser, url, fields in desk:
        answer = browser.send("GET", url, query_string={**fields, "csrf_token": browser.token})
        assert answer.status_code in {200, 404, 405}, url
    db.session.rollback()
    assert rows == [
        tuple(row) for row in db.session.execute(db.select(KycCheck.kyc_id, KycCheck.status, KycCheck.version))
    ]
    assert [event.action for event in audit_events()] == before
    assert db.session.query(AuthSession).filter(AuthSession.revoked_at.is_not(None)).count() == 0


def test_opening_a_check_takes_no_hold_of_it(in_app, visit):
    browser, kyc_id = visit(make_staff()), make_kyc_check()
    assert browser.get(f"/kyc/{kyc_id}").status_code == 200
    check = db.session.get(KycCheck, kyc_id, populate_existing=True)
    assert (check.lease_holder, check.version, check.status) == (None, 1, KycStatus.PENDING)


@pytest.mark.parametrize(("fallbacks", "status"), [("a secret key that was used so far", 204), ("", 400)])
def test_a_page_that_was_open_while_the_key_was_changed_still_sends_its_forms(in_app, environment, fallbacks, status):
    with another_portal({**environment, "SECRET_KEY": "a secret key that was used so far"}) as before:
        page = Browser(before)
        page.sign_in(make_staff().email)
    changed = {"SECRET_KEY": "a secret key from now on, long enough", "SECRET_KEY_FALLBACKS": fallbacks}
    with another_portal({**environment, **changed}) as later:
        old, page.client = page.client, later.test_client()
        for name in ("__Host-session", "__Host-portal"):
            page.client.set_cookie(name, old.get_cookie(name).decoded_value, secure=True)
        assert page.post("/account/renew").status_code == status
