"""The review history: complete, in words, as of any entry, and silent to those who may not see scores."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest

from portal.loans.history import Score
from portal.loans.loan import as_of, show
from portal.permissions import Role
from portal.shared import clock
from portal.shared.errors import NotFound
from portal.shared.vocabulary import ScoreSource
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import (
    REASON,
    approve,
    history_of,
    loan_of,
    make_approved,
    payment_of,
    post,
    press,
    reject,
    rows_of,
    said,
    undo,
)

NOTE = "Called the employer, 14:30"
SCORE = Score(641, "Thin file, two late bills", ScoreSource.EXTERNAL, datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC))
PAGES = ("", "/history", "/payments")


@pytest.fixture
def loan_id(in_app):
    """Approved with a note and a score, then its first installment posted and reversed."""
    loan_id = make_loan(loan_amount="12000000.00", tenor_month=12, user_id=make_customer(fullname="Siti Rahmawati"))
    approve(loan_id, make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wijaya"), note=NOTE, score=SCORE)
    return loan_id


def page_of(loan_id):
    return show(loan_id, actor=make_staff(Role.CREDIT_ANALYST).actor, sees_scores=True)


def raw_of(answer):
    """The raw JSON behind the entries, newest first."""
    return [json.loads(unescape(found)) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", answer.text, re.DOTALL)]


def test_entries_of_one_transaction_keep_their_order(in_app):
    """The time of an entry is its own, not its transaction's: folding depends on it."""
    loan_id = make_loan()
    undo(loan_id, approve(loan_id))
    times = [entry.created_at for entry in history_of(loan_id)]
    assert times == sorted(set(times))


def test_an_analyst_reads_every_change_in_words(loan_id, visit):
    analyst = visit(make_staff(Role.CREDIT_ANALYST, display_name="Sari Dewi"))
    post(visit(make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")), loan_id, reference="BCA/2027-0001")
    press(analyst, "reverse", loan_id)
    page = analyst.get(f"/loans/{loan_id}/history")
    assert rows_of(page) == [entry.id for entry in reversed(history_of(loan_id))]
    words = said(page)
    for told in (
        "Submitted", "Rp12.000.000", "Approved", "Payment posted", "Payment reversed", "Bagas Wijaya, Credit analyst",
        "Maya Putri, Support agent", "Sari Dewi, Credit analyst", "The portal", "Installment 1: Status",
        "Installment 1: Reference", "BCA/2027-0001", REASON, NOTE, "641", "Thin file, two late bills", "WIB",
    ):  # fmt: skip
        assert told in words, told
    assert len(raw_of(page)) == 4
    assert raw_of(page)[-1]["old_data"] == {}
    assert raw_of(page)[0]["new_data"]["_meta"]["note"] == REASON
    for name in ("loan_amount", "tenor_month", "payment_date"):
        assert name not in re.sub(r"<pre.*?</pre>", "", page.text, flags=re.DOTALL), "a column's name is no word"


def test_who_may_not_see_scores_sees_neither_them_nor_notes_even_in_the_raw_json(loan_id, visit):
    maya = visit(make_staff(Role.SUPPORT_AGENT))
    post(maya, loan_id)
    press(visit(make_staff(Role.CREDIT_ANALYST)), "reverse", loan_id)
    entries = history_of(loan_id)
    for browser in (maya, visit(make_staff(Role.ADMIN))):
        for url in (*PAGES, *(f"/history?as_of={entry.id}" for entry in entries)):
            page = browser.get(f"/loans/{loan_id}{url}", htmx="as_of" in url)
            assert page.status_code == 200
            assert not re.search(r"\b641\b", page.text), url
            for hidden in ("Thin file", NOTE, "credit_score", "external", '"_meta"', "reason_codes"):
                assert hidden not in unescape(page.text), (url, hidden)
        page = browser.get(f"/loans/{loan_id}/history")
        assert "Bagas Wijaya" in page.text
        assert REASON in unescape(page.text), "why a payment was reversed is told to who explains it"
        assert [set(raw["new_data"]) for raw in raw_of(page)] == [{"payments"}, {"payments"}, {"loan"}, {"loan"}]


def test_a_rejection_is_told_with_its_reasons_in_words(in_app, visit):
    loan_id = make_loan()
    reject(loan_id, "DEBT_RATIO_TOO_HIGH", "UNDER_AGE", note=NOTE)
    page = visit(make_staff(Role.CREDIT_ANALYST)).get(f"/loans/{loan_id}/history")
    assert "Debt ratio too high, Under age" in said(page)
    assert "DEBT_RATIO_TOO_HIGH" not in re.sub(r"<pre.*?</pre>", "", page.text, flags=re.DOTALL)


# As of


def test_as_of_each_entry_the_loan_is_as_it_then_was(in_app, visit):
    planned = clock.today() - timedelta(days=3)
    loan_id = make_loan(loan_amount="100000.01", tenor_month=3, first_due_date=planned)
    undo(loan_id, reject(loan_id, "OTHER"))
    approve(loan_id)
    moved, third = loan_of(loan_id).monthly_installment_due_date, payment_of(loan_id, 3).due_date
    post(visit(make_staff(Role.SUPPORT_AGENT)), loan_id, 2, reference="BCA-42")
    analyst = visit(make_staff(Role.CREDIT_ANALYST))
    day = (clock.today() + timedelta(days=90)).isoformat()
    press(analyst, "reschedule", loan_id, 3, due_date=day)
    entries = history_of(loan_id)
    submitted, rejected, undone, approved, posted, rescheduled = (
        as_of(page_of(loan_id), entry.id) for entry in entries
    )
    for then in (submitted, undone):
        assert (then.loan["status"], then.loan["rejected_reason"], then.payments) == ("pending", None, {})
        assert then.loan["monthly_installment_due_date"] == planned.isoformat()
    assert (rejected.loan["status"], rejected.loan["rejected_reason"]) == ("rejected", "OTHER")
    assert approved.loan["monthly_installment_due_date"] == moved.isoformat()
    assert [line["payment_amount"] for line in approved.payments.values()] == ["33333.33", "33333.33", "33333.35"]
    assert {line["status"] for line in approved.payments.values()} == {"pending"}
    assert (posted.payments["2"]["status"], posted.payments["2"]["reference"]) == ("paid", "BCA-42")
    assert posted.payments["3"]["due_date"] == third.isoformat()
    assert rescheduled.payments["3"]["due_date"] == day
    present = analyst.get(f"/loans/{loan_id}/history")
    assert "The loan then" not in present.text
    page = analyst.get(f"/loans/{loan_id}/history?as_of={entries[1].id}")
    assert "As of Rejected" in said(page)
    then = page.text[page.text.index("The loan then") :]
    assert 'data-status="rejected"' in then[:400]
    assert "There was no schedule then." in page.text
    assert "BCA-42" in analyst.get(f"/loans/{loan_id}/history?as_of={entries[4].id}").text


def test_an_entry_of_another_loan_is_not_there(loan_id, visit):
    other = make_approved()
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for entry in (history_of(other)[0].id, uuid4()):
        answer = browser.get(f"/loans/{loan_id}/history?as_of={entry}")
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
        with pytest.raises(NotFound):
            as_of(page_of(loan_id), entry)
    for entry in ("x", str(history_of(loan_id)[0].id).upper(), "' OR 1=1", ""):
        assert browser.get(f"/loans/{loan_id}/history", query_string={"as_of": entry}).status_code == 200


# Who looked


def test_opening_a_loan_is_one_event_per_person_and_hour(loan_id, visit):
    maya, bagas = make_staff(Role.SUPPORT_AGENT), make_staff(Role.CREDIT_ANALYST)
    for browser in (visit(maya), visit(bagas)):
        for url in PAGES:
            browser.send("GET", f"/loans/{loan_id}{url}")
            browser.get(f"/loans/{loan_id}{url}", htmx=True)
    events = audit_events("loan.opened")
    assert [(e.actor_id, e.subject, e.of_user) for e in events] == [
        (who.auth_id, loan_id, loan_of(loan_id).user_id) for who in (maya, bagas)
    ]
    assert {str(e.details) for e in events} == {"{}"}


def test_a_loan_that_is_not_there_is_not_opened(in_app, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for url in PAGES:
        answer = browser.get(f"/loans/{uuid4()}{url}")
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
    assert audit_events("loan.opened") == []


def test_contact_data_is_masked_and_free_text_is_text(in_app, visit):
    customer = make_customer(
        fullname="<b>Siti</b> & {{7*7}}", email="siti.rahma@gmail.com", phone_number="+628123456789"
    )
    loan_id = make_approved(user_id=customer)
    for role in (Role.SUPPORT_AGENT, Role.CREDIT_ANALYST, Role.ADMIN):
        browser = visit(make_staff(role))
        for url in (f"/loans/{loan_id}", "/loans", f"/loans/of-customer/{customer}", f"/loans?user={customer}"):
            page = browser.send("GET", url)
            assert "siti.rahma" not in page.text
            assert "8123456789" not in page.text
            assert "<b>Siti" not in page.text
            if url != f"/loans/of-customer/{customer}":
                assert "<b>Siti</b> & {{7*7}}" in unescape(page.text)
        assert "+62812••••789" in browser.get(f"/loans/{loan_id}", htmx=True).text


def test_a_customers_loans_are_shown_on_other_pages_newest_first(in_app, visit):
    customer = make_customer()
    older, newer = (make_loan(user_id=customer, age=timedelta(days=days)) for days in (9, 2))
    make_loan()
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for is_fragment in (False, True):
        assert rows_of(browser.get(f"/loans/of-customer/{customer}", htmx=is_fragment)) == [newer, older]
    assert rows_of(browser.get(f"/loans/of-customer/{make_customer()}")) == []
    assert audit_events("loan.opened") == []
