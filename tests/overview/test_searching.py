"""Searching from anywhere: posted, so that nothing personal stands in an address or in a log."""

import logging
import re
from html import unescape
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest

from portal.permissions import Role
from portal.shared import clock
from tests.client import error_at, filled_in
from tests.credit_scores.book import score_of
from tests.factories import audit_events, make_customer, make_kyc_check, make_loan, make_score, make_staff
from tests.notifications.messages import make_message

PHONE = "+6281234567890"
EMAIL = "siti.rahma@example.com"
NAME = "Siti Rahmawati"
SPELLINGS = ["081234567890", "6281234567890", "+62 812-3456-7890", "81234567890", EMAIL, EMAIL.upper(), f" {EMAIL}\t"]
READERS = [Role.CREDIT_ANALYST, Role.SUPPORT_AGENT, Role.ADMIN]


@pytest.fixture
def siti(in_app):
    make_customer()
    return make_customer(fullname=NAME, phone_number=PHONE, email=EMAIL)


def hits(answer):
    return [UUID(found) for found in re.findall(r'data-row="([0-9a-f-]{36})"', answer.text)]


def test_a_customer_is_found_however_the_term_is_written(siti, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for term in SPELLINGS:
        answer = browser.post("/search", term=term)
        assert answer.status_code == 200
        assert hits(answer) == [siti], term
        assert hits(browser.post("/search", term=term, htmx=True)) == [siti], term
        assert f'href="/loans?user={siti}"' in answer.text
        assert filled_in(answer.text)["term"] == [term.strip()]


@pytest.mark.parametrize("role", [*Role])
def test_everybody_finds_customers_and_only_who_reads_loans_finds_those(siti, visit, role):
    make_loan(user_id=siti)
    browser = visit(make_staff(role))
    answer = browser.post("/search", term=PHONE)
    assert hits(answer) == [siti]
    assert "+62812••••890" in answer.text
    assert "s***@e***.com" in answer.text
    assert (f"/loans?user={siti}" in answer.text) == (role in READERS)


def test_an_id_leads_straight_to_what_it_belongs_to_for_whoever_may_read_that(siti, visit):
    kyc_id = make_kyc_check(user_id=siti, has_images=False)
    score_id = make_score(user_id=siti, is_identified=False)
    pages = {
        f"/customers/{siti}": set(Role),
        f"/loans/{score_of(score_id).loan_id}": set(READERS),
        f"/kyc/{kyc_id}": {Role.KYC_REVIEWER},
        f"/credit-scores/{score_id}": {Role.CREDIT_ANALYST},
        f"/notifications/{make_message(user_id=siti)}": {Role.SUPPORT_AGENT, Role.ADMIN},
    }
    for role in Role:
        browser = visit(make_staff(role))
        for page, readers in pages.items():
            whole = page.rpartition("/")[2]
            for term in (whole, f" {whole.upper()} ", whole[:8], whole[:15]):
                answer = browser.post("/search", term=term)
                if role in readers:
                    assert (answer.status_code, answer.location) == (303, page), (role, term)
                else:
                    assert "Nothing found" in answer.text, (role, term)


def test_what_several_ids_begin_with_is_listed(in_app, visit):
    beginning = "abcdef12"
    customer = make_customer(id=UUID(f"{beginning}-0000-4000-8000-000000000001"))
    loan_id = make_loan(loan_id=UUID(f"{beginning}-0000-4000-8000-000000000002"))
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    answer = browser.post("/search", term=beginning)
    assert answer.status_code == 200
    assert set(hits(answer)) == {customer, loan_id}
    assert f'href="/loans/{loan_id}"' in answer.text
    assert browser.post("/search", term=beginning[:7]).text.count("Nothing found") == 1


def test_more_than_fifty_are_cut_and_said_to_be(in_app, visit):
    for number in range(51):
        make_customer(fullname=f"Agus Wijaya {number}")
    answer = visit(make_staff(Role.ADMIN)).post("/search", term="agus")
    assert len(hits(answer)) == 50
    assert "narrow it" in answer.text


def test_what_is_not_there_says_so(siti, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    gone = make_customer(fullname="Budi", phone_number="+6285555555555", deleted_at=clock.now())
    for term in ("0899", "nobody@example.com", str(uuid4()), "+6285555555555", str(gone), "%", "*", "budi", "{}"):
        answer = browser.post("/search", term=term)
        assert answer.status_code == 200, term
        assert hits(answer) == [], term
        assert "Nothing found" in answer.text
        assert "Budi" not in answer.text


def test_a_term_is_asked_for_and_has_an_end(siti, visit):
    browser = visit(make_staff(Role.KYC_REVIEWER))
    for term in ("", "   ", None):
        answer = browser.post("/search", term=term)
        assert answer.status_code == 422
        assert error_at(answer.text, "term") == "Enter a name, a phone number, an email or an ID."
    for term in ("9" * 256, "a@" + "x" * 100_000):
        answer = browser.post("/search", term=term, htmx=len(term) > 1000)
        assert answer.status_code == 422
        assert error_at(answer.text, "term") == "Use at most 255 characters."
        assert filled_in(answer.text)["term"] == [term]
    assert "The text holds characters that cannot be kept." in browser.post("/search", term="0812\x00").text


def test_whatever_is_typed_comes_back_as_text(siti, visit):
    browser = visit(make_staff(Role.ADMIN))
    for term in ["<script>alert(1)</script>@x", "{{7*191}}@", "' OR '1'='1", "\u202e0812", "𝟘𝟠𝟙𝟚", "👩‍🔧@x"]:
        answer = browser.post("/search", term=term)
        assert answer.status_code == 200, term
        assert hits(answer) == []
        assert filled_in(answer.text)["term"] == [term]
        assert "<script>alert" not in answer.text
        assert "1337" not in answer.text


def test_there_is_no_searching_by_address_nor_without_the_pages_token(siti, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert browser.send(method, f"/search?term={PHONE}").status_code == 405
    assert browser.send("POST", "/search", data={"term": PHONE}).status_code == 400
    answer = browser.send("POST", f"/search?term={PHONE}", data={"csrf_token": browser.token})
    assert answer.status_code == 422
    stranger = visit()
    stranger.get("/login")
    answer = stranger.post("/search", term=PHONE)
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")
    assert PHONE not in unquote(answer.location)


@pytest.mark.parametrize("term", [PHONE, "0812 3456 7890", EMAIL])
def test_nothing_personal_stands_in_an_address_or_a_log_line(siti, visit, caplog, capfd, term):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    with caplog.at_level(logging.DEBUG):
        answer = browser.post("/search", term=term)
        followed = browser.get(f"/loans?user={siti}")
        browser.post("/search", term="")
    for page in (answer, followed):
        addresses = " ".join(re.findall(r'(?:href|action|src|hx-\w+)="([^"]*)"', unescape(page.text)))
        for personal in (PHONE, "81234567890", "3456", EMAIL, "siti.rahma", "Siti", "Rahmawati"):
            assert personal.lower() not in unquote(addresses).lower()
        assert not answer.headers.get("Location")
    assert "no-store" in answer.headers["Cache-Control"]
    assert any("request" in str(record.msg) for record in caplog.records), "the requests were logged"
    out, err = capfd.readouterr()
    logged = " ".join(f"{r.msg} {r.args} {r.getMessage()} {r.__dict__}" for r in caplog.records) + out + err
    for personal in ("81234567890", "3456 7890", "siti.rahma", "Rahmawati"):
        assert personal not in logged
    assert personal_in_trail() == []


def personal_in_trail():
    found = " ".join(f"{event.action} {event.details}" for event in audit_events())
    return [word for word in ("8123456", "siti.rahma", "Rahmawati") if word in found]


def test_every_page_has_the_field_but_for_the_one_that_shows_what_was_found(siti, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for url in ("/", "/loans"):
        assert browser.get(url).text.count('action="/search"') == 1
    assert browser.post("/search", term=PHONE).text.count('action="/search"') == 1
