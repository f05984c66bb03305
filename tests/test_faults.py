"""Stores that are gone: what still works, what is said of the rest, and that all is well once they are back."""

import re
import time
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import text

from portal.kyc.models import KycStatus
from portal.permissions import Role
from portal.shared.database import db
from tests.client import at_once
from tests.factories import audit_events, make_customer, make_kyc_check, make_staff
from tests.kyc.desk import check_of, decisions, verify
from tests.notifications.working import release_all, waiting, work_off, written
from tests.web.test_headers import POLICY, SECURITY

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}
SECONDS = 8


@pytest.fixture
def no_mongo(servers):
    @contextmanager
    def no_mongo():
        servers.stop_mongo()
        try:
            yield
        finally:
            servers.start_mongo()

    return no_mongo


@pytest.fixture
def no_postgres(servers, superuser):
    @contextmanager
    def no_postgres():
        db.session.remove()
        servers.stop_postgres()
        try:
            yield
        finally:
            servers.start_postgres()
            superuser.dispose()

    return no_postgres


def pages(portal):
    """The address of every page that reads from Postgres, filled in."""
    ids = {
        "side": "front",
        "token": "no-such-token",
        "kyc_id": str(make_kyc_check()),
        "user_id": str(make_customer()),
    }
    anything = "6f0775ea-5f67-4c2a-9d90-cb7a10d60340"
    machines = {"static", "health.healthz", "health.readyz", "metrics.show"}  # the last is not there without a token
    for rule in portal.url_map.iter_rules():
        if "GET" in rule.methods and rule.endpoint not in machines:
            yield re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda match: ids.get(match[1], anything), rule.rule)


def timed(browser, url, method="GET", **options):
    start = time.monotonic()
    answer = browser.send(method, url, **options)
    assert time.monotonic() - start < SECONDS, url
    return answer


def test_without_mongo_the_queue_works_and_what_is_decided_is_told_later(in_app, visit, no_mongo):
    rina = make_staff()
    browser, kyc_id, customer = visit(rina), make_kyc_check(held_by=rina), make_customer()
    with no_mongo():
        for url in ("/", "/kyc", f"/kyc/{kyc_id}", f"/kyc/{kyc_id}/images/front", f"/kyc/of-customer/{customer}"):
            assert timed(browser, url).status_code == 200, url
        assert timed(browser, "/healthz").status_code == 200
        ready = timed(browser, "/readyz")
        assert (ready.status_code, ready.json) == (503, {"postgres": True, "mongo": False})
        assert verify(browser, kyc_id).status_code == 303
        assert check_of(kyc_id).status is KycStatus.VERIFIED
        release_all()
        work_off(in_app)
        assert [job["status"] for job in waiting()] == ["todo"], "tried, and to be tried again"
    assert browser.send("GET", "/readyz").status_code == 200
    release_all()
    work_off(in_app)
    assert waiting() == []
    assert [message["_id"] for message in written()] == [decisions(kyc_id)[0].message_id]


def test_without_postgres_every_page_says_so_within_seconds(in_app, visit, no_postgres):
    addresses = list(pages(in_app))
    signed_in, stranger = visit(make_staff()), visit()
    with no_postgres():
        for url in addresses:
            for browser in (signed_in, stranger):
                page, fragment = timed(browser, url), timed(browser, url, headers=HTMX)
                if browser is stranger and page.status_code == 303:
                    assert page.location.startswith("/login?next=/"), url
                    assert fragment.status_code == 401
                    continue
                for answer in (page, fragment):
                    assert answer.status_code == 503, url
                    assert answer.headers["Retry-After"] == "15"
                    assert dict(answer.headers).items() >= {**SECURITY, "Content-Security-Policy": POLICY}.items()
                    assert answer.headers["Cache-Control"] == "no-store"
                    assert "The portal cannot reach its data" in answer.text
                    assert "Nothing was changed. Try again in a minute" in answer.text
                assert "<html" not in fragment.text
                assert fragment.headers["HX-Retarget"] == "#flashes"
            page = signed_in.get(url)
            assert "<title>The portal cannot reach its data" in page.text
        assert stranger.get("/login").status_code == 503, "nobody types a password in vain"
        assert stranger.send("HEAD", "/login").status_code == 503
    assert [signed_in.get("/kyc").status_code, stranger.get("/login").status_code] == [200, 200]


def test_without_postgres_the_process_still_says_that_it_lives(in_app, visit, no_postgres):
    browser = visit(make_staff())
    with no_postgres():
        assert timed(browser, "/healthz").json == {"status": "up"}
        assert timed(browser, "/static/portal.css").status_code == 200
        ready = timed(browser, "/readyz")
        assert (ready.status_code, ready.json) == (503, {"postgres": False, "mongo": True})
    assert browser.send("GET", "/readyz").json == {"postgres": True, "mongo": True}


def test_without_postgres_nothing_is_done_and_afterwards_everything_works(in_app, visit, no_postgres):
    rina, maya = make_staff(), make_staff(Role.SUPPORT_AGENT)
    browser, stranger, kyc_id = visit(rina), visit(), make_kyc_check(held_by=rina)
    stranger.get("/login")
    fields = {"version": 1, "lease_token": check_of(kyc_id).lease_token, "reason_codes": "BLURRY"}
    events = len(audit_events())
    with no_postgres():
        assert browser.post(f"/kyc/{kyc_id}/reject", **fields).status_code == 503
        assert browser.post("/logout").status_code == 503
        assert stranger.post("/login", email=maya.email, password="correct-horse-battery").status_code == 503
        assert stranger.cookie("__Host-session") is None
    assert browser.get(f"/kyc/{kyc_id}").status_code == 200, "the session has survived"
    assert check_of(kyc_id).status is KycStatus.PENDING
    assert browser.post(f"/kyc/{kyc_id}/reject", **fields).status_code == 303
    assert stranger.sign_in(maya.email).status_code == 303
    assert [event.action for event in audit_events()[events:]] == ["kyc.opened", "kyc.rejected", "auth.signed-in"]


def test_many_at_once_without_postgres_leave_room_for_all_afterwards(in_app, visit, no_postgres):
    browsers = [visit(make_staff()) for _ in range(12)]

    def all_look():
        return {answer.status_code for answer in at_once(*(partial(timed, browser, "/kyc") for browser in browsers))}

    assert all_look() == {200}
    with no_postgres():
        assert all_look() == {503}
        assert all_look() == {503}
    assert all_look() == {200}


def test_connections_that_were_cut_are_replaced_unnoticed(in_app, visit, superuser):
    browser = visit(make_staff())
    for _ in range(3):
        db.session.remove()
        with superuser.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal' AND pid <> 1")
            )
        assert [timed(browser, url).status_code for url in ("/", "/kyc", "/kyc/live")] == [200, 200, 200]
