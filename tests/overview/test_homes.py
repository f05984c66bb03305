"""Each role's home: every number on it leads to exactly what it counts, and what cannot be read costs nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.audit import chain
from portal.kyc.models import DocumentType
from portal.notifications import Channel
from portal.permissions import Role
from portal.shared import clock
from tests.client import Browser
from tests.credit_scores import book as scores
from tests.factories import make_customer, make_kyc_check, make_score, make_staff
from tests.kyc.desk import reject, undo, verify
from tests.loans.book import make_approved, make_many, sql
from tests.loans.test_budgets import counted
from tests.overview.crowd import make_checks, make_decisions, make_messages
from tests.portals import settings

HOUR = timedelta(hours=1)
NUMBER = re.compile(r"<a ([^>]*) data-counted>(.*?)</a>", re.DOTALL)
FURTHER = re.compile(r'<a class="btn btn--s" href="([^"]+)"[^>]*>(?:Next|Older)')
MOST_STATEMENTS = 10
HTMX = {"HX-Request": "true"}


def numbers_of(page: TestResponse) -> dict[str, str]:
    """Every number of a home by the address it leads to, as it is written."""
    found: dict[str, str] = {}
    for attributes, inside in NUMBER.findall(page.text):
        href = re.search(r'href="([^"]+)"', attributes)
        number = re.search(r'class="stat__n">([^<]+)<|</span>([^<]+)$', inside)
        assert href, attributes
        assert number, inside
        shown = number[1] or number[2]
        assert found.setdefault(unescape(href[1]), shown) == shown, "one list, counted differently"
    return found


def rows_behind(browser: Browser, href: str) -> int:
    """How many rows a list has on all its pages."""
    count = 0
    while href:
        page = browser.send("GET", href)
        assert page.status_code == 200, href
        count += page.text.count(" data-row=")
        further = FURTHER.search(page.text)
        href = unescape(further[1]) if further else ""
    return count


def check_every_number(browser: Browser) -> dict[str, str]:
    """Follow every number of this person's home to the rows it counts; returns them by address."""
    page = browser.get("/")
    assert page.status_code == 200
    shown = numbers_of(page)
    counts = {href: rows_behind(browser, href) for href in shown}
    as_written = {
        href: "1.000+" if count > 1000 else f"{count}".replace("1000", "1.000") for href, count in counts.items()
    }
    assert as_written == shown
    return shown


def test_every_number_of_a_reviewer_leads_to_what_it_counts(in_app, visit, superuser):
    rina, dian = make_staff(display_name="Rina Wulandari"), make_staff(display_name="Dian Kurnia")
    browser = visit(rina)
    make_checks(superuser, 300)
    make_decisions(superuser, dian.auth_id, 60)
    for codes in (["BLURRY"], ["BLURRY", "GLARE"], ["FORGED"]):
        reject(browser, make_kyc_check(held_by=rina), *codes)
    withdrawn = make_kyc_check(held_by=rina)
    reject(browser, withdrawn, "UNDER_AGE")
    undo(browser, withdrawn)
    verify(browser, make_kyc_check(held_by=rina))
    shown = check_every_number(browser)
    today = clock.today()
    assert shown[f"/kyc/decisions?by={rina.auth_id}&from={today}"] == "4", "what was undone does not count"
    assert shown[f"/kyc/decisions?by={dian.auth_id}&from={today}"] == "60"
    assert shown["/kyc?held=me"] == "1"
    week = today - timedelta(days=6)
    reasons = {href: number for href, number in shown.items() if "reason=" in href}
    assert reasons == {f"/kyc/decisions?reason={code}&from={week}": n for code, n in (
        ("BLURRY", "2"), ("FORGED", "1"), ("GLARE", "1"))}  # fmt: skip
    ages = {href: int(number) for href, number in shown.items() if "age=" in href}
    assert [*ages] == [f"/kyc?age={age}" for age in ("late", "0-1", "1-4", "4-8", "8-16", "16-24")]
    assert sum(ages.values()) == int(shown["/kyc"])


def test_beyond_a_thousand_a_home_says_so(in_app, visit, superuser):
    rina = make_staff()
    make_checks(superuser, 1100, created_at="now() - interval '2 days' - i * interval '1 second'")
    make_decisions(
        superuser, rina.auth_id, 1100, verdict="'rejected'", reason_codes="ARRAY['BLURRY'] || (ARRAY['GLARE'])[i:i]",
        decided_at="now() - i * interval '1 millisecond'",
    )  # fmt: skip
    browser = visit(rina)
    shown = check_every_number(browser)
    assert [shown["/kyc"], shown["/kyc?age=late"], shown["/kyc?age=0-1"]] == ["1.000+", "1.000+", "0"]
    assert shown[f"/kyc/decisions?by={rina.auth_id}&from={clock.today()}"] == "1.000+"
    blurry = next(number for href, number in shown.items() if "reason=BLURRY" in href)
    assert blurry == "1.000", "reasons are looked for in the newest thousand rejections"


def test_another_target_has_other_spans(in_app, visit, superuser):
    make_checks(superuser, 100)
    browser = visit(make_staff())
    for hours, spans in (
        (6, ["0-1", "1-4", "4-6"]),
        (1, ["0-1"]),
        (0, []),
        (48, ["0-1", "1-4", "4-8", "8-16", "16-48"]),
    ):
        with settings(kyc_target=timedelta(hours=hours)):
            shown = check_every_number(browser)
            assert [href[9:] for href in shown if href.startswith("/kyc?age=")] == ["late", *spans]


def test_every_number_of_an_analyst_leads_to_what_it_counts(in_app, visit, superuser):
    bagas, sari = make_staff(Role.CREDIT_ANALYST), make_staff(Role.CREDIT_ANALYST, display_name="Sari Lestari")
    everything = frozenset({"internal", "external", "manual"})
    for place, age in enumerate((0.5, 2, 5, 9, 17, 30, 49)):
        make_score(age=age * HOUR, internal=500 + 60 * place)
        make_score(age=age * HOUR, mandatory=everything)
        make_score(age=age * HOUR, external=None)
        make_score(age=age * HOUR, external=None, mandatory=everything)
    scores.approve(make_score(), by=bagas)
    for _ in range(2):
        scores.reject(make_score(), "INCOME_INSUFFICIENT", by=sari)
    make_approved()
    late = "status = 'overdue', due_date = current_date - sequence_number * 9"
    sql(superuser, f"UPDATE loans_payments SET {late} WHERE sequence_number < 9")
    make_many(superuser, 40)
    shown = check_every_number(visit(bagas))
    assert [shown[f"/credit-scores?{query}"] for query in ("missing=none", "missing=manual", "turn=services")] == [
        "7", "14", "14"]  # fmt: skip
    today = clock.today()
    assert shown[f"/credit-scores?by={bagas.auth_id}&from={today}"] == "1"
    assert shown[f"/credit-scores?by={sari.auth_id}&from={today}"] == "2"
    assert int(shown["/loans/overdue"]) % 8 == 0
    assert int(shown["/loans/overdue"]) >= 16
    assert {href for href in shown if "risk_level=" in href} == {
        f"/credit-scores?risk_level={level}" for level in ("low", "medium", "high")
    }


def test_every_number_of_support_leads_to_what_it_counts(in_app, visit):
    for place, channel in enumerate(Channel):
        make_messages(40 + 30 * place, status="failed", channel=channel, every=3 * HOUR)
        make_messages(5 + place, status="pending", channel=channel)
        make_messages(20, status="sent", channel=channel)
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    shown = check_every_number(browser)
    assert shown["/notifications?status=pending"] == "18"
    week = clock.today() - timedelta(days=6)
    assert int(shown[f"/notifications?status=failed&from={week}"]) < 40 + 70 + 100, "older ones do not count"
    assert len([href for href in shown if "&to=" in href]) == 7
    make_messages(1100, status="failed", channel="sms", every=timedelta(seconds=0))
    assert check_every_number(browser)[f"/notifications?status=failed&type=sms&from={week}"] == "1.000+"


def test_every_number_of_an_administrator_leads_to_what_it_counts(in_app, visit, superuser):
    make_many(superuser, 1200)
    make_messages(30, status="failed", channel="push")
    adi, maya = make_staff(Role.ADMIN), make_staff(Role.SUPPORT_AGENT)
    make_staff(password_hash=None)
    make_staff(deactivated_at=clock.now())
    make_staff(status="inactive")
    refused = visit(maya)
    for _ in range(3):
        assert refused.send("GET", "/kyc").status_code == 403
    visit().post("/login", email=adi.email, password="wrong")
    shown = check_every_number(visit(adi))
    access = {kind: shown[f"/staff?access={kind}"] for kind in ("active", "invited", "signed-in")}
    assert access == {"active": "3", "invited": "1", "signed-in": "2"}
    today = clock.today()
    for action, number in (("access.refused", "3"), ("auth.sign-in-failed", "1"), ("auth.signed-in", "2")):
        assert shown[f"/audit?action={action}&from={today}"] == number
    assert shown["/loans?status=pending"] == "1.000+"


def test_an_administrator_hears_that_the_trail_is_not_sealed_or_does_not_hold(in_app, visit, superuser):
    browser = visit(make_staff(Role.ADMIN))
    assert "has not been sealed" not in browser.get("/").text
    sql(superuser, "UPDATE audit_events SET at = at - interval '6 minutes'")
    assert "has not been sealed since" in browser.get("/").text
    chain.seal()
    chain.check()
    assert "The audit trail holds" in browser.get("/").text
    sql(superuser, "UPDATE audit_events SET action = 'auth.signed-out' WHERE action = 'auth.signed-in'")
    chain.check()
    assert "The chain is broken at link 1" in browser.get("/").text


@pytest.mark.parametrize("role", [*Role])
def test_a_home_of_nothing_is_a_page_too(in_app, visit, role):
    browser = visit(make_staff(role))
    shown = check_every_number(browser)
    about_oneself = {"/staff?access=active": "1", "/staff?access=signed-in": "1",
                     f"/audit?action=auth.signed-in&from={clock.today()}": "1"}  # fmt: skip
    assert {href: number for href, number in shown.items() if number != "0"} == (
        about_oneself if role is Role.ADMIN else {}
    )


@pytest.mark.parametrize("role", [*Role])
def test_a_home_asks_ten_times_at_most_and_its_counters_three(in_app, visit, superuser, role):
    """Seven for the reviewers' seven panels: session, numbers, queue, customers, names, team, reasons."""
    me = make_staff(role)
    browser = visit(me)
    make_checks(superuser, 30)
    make_kyc_check(held_by=make_staff())
    make_decisions(superuser, me.auth_id, 30)
    for _ in range(8):
        make_score()
    for url, most in (("/", MOST_STATEMENTS), ("/counters", 3)):
        with counted() as sent:
            assert browser.send("GET", url).status_code == 200
        assert len(sent) <= most, sent


def test_the_counters_come_only_when_they_have_changed(in_app, visit, superuser):
    browser = visit(make_staff())
    page = browser.get("/")
    poll = unescape(re.search(r'hx-get="(/counters\?[^"]+)" hx-trigger="every 30s"', page.text)[1])
    answer = browser.send("GET", poll, headers=HTMX)
    assert (answer.status_code, answer.text) == (204, "")
    make_kyc_check(has_images=False)
    answer = browser.send("GET", poll, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert numbers_of(answer)["/kyc"] == "1"
    assert answer.text.count('hx-swap-oob="true"') == 2
    further = unescape(re.search(r'hx-get="(/counters\?[^"]+)"', answer.text)[1])
    assert further != poll
    assert browser.send("GET", further, headers=HTMX).status_code == 204


def test_watching_the_counters_keeps_nobody_signed_in(in_app, visit, superuser):
    browser = visit(make_staff())
    sql(superuser, "UPDATE auth_sessions SET used_at = now() - interval '14 minutes'")
    assert browser.send("GET", "/counters").status_code == 200
    sql(superuser, "UPDATE auth_sessions SET used_at = used_at - interval '2 minutes'")
    answer = browser.send("GET", "/counters", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"][:12]) == (401, "/login?next=")


@contextmanager
def locked(superuser: Any, table: str) -> Iterator[None]:
    """Nobody can read this table meanwhile."""
    with superuser.begin() as connection:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()


@pytest.mark.slow
def test_what_cannot_be_read_costs_only_its_panel(in_app, visit, superuser):
    make_kyc_check(user_id=make_customer(fullname="Siti Rahmawati"), document_type=DocumentType.SIM)
    bagas = make_staff(Role.CREDIT_ANALYST)
    browser = visit(bagas)
    make_score(user_id=make_customer(fullname="Budi Santoso"))
    with locked(superuser, "loans_payments"):
        page = browser.get("/")
    assert page.status_code == 200
    assert page.text.count("Not to be read since") == 1
    assert re.search(r"Not to be read since \d\d:\d\d WIB", page.text)
    assert "Budi Santoso" in page.text
    assert "Not to be read since" not in browser.get("/").text


@pytest.mark.slow
def test_without_mongo_supports_home_says_what_it_cannot_read(in_app, visit, servers, superuser):
    make_messages(3, status="failed", channel="sms")
    make_approved()
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    before = numbers_of(browser.get("/"))
    servers.stop_mongo()
    try:
        page = browser.get("/")
        poll = browser.send("GET", "/counters", headers=HTMX)
    finally:
        servers.start_mongo()
    assert (page.status_code, poll.status_code) == (200, 200)
    assert page.text.count("Not to be read since") == 3
    assert "Try again" in page.text
    assert numbers_of(page) == {"/loans/overdue": "0"}, "what Postgres knows is there"
    assert poll.text.count("did not load") >= 3
    assert numbers_of(browser.get("/")) == before
    seen = re.search(r"seen=(\w+)", poll.text)
    assert browser.send("GET", f"/counters?seen={seen[1]}", headers=HTMX).status_code == 200, "it is back"
