"""The list: newest first, page by page, narrowed by what somebody looks for, with counters that stay fast."""

import re
from datetime import datetime, timedelta
from html import unescape
from itertools import chain
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.loans.book import Count, count
from portal.permissions import Role
from portal.shared import clock
from tests.client import error_at, filled_in
from tests.factories import make_customer, make_loan, make_staff
from tests.loans.book import approve, make_approved, make_many, reject, rows_of, said, sql


@pytest.fixture
def maya(in_app, visit):
    return visit(make_staff(Role.SUPPORT_AGENT))


def address_of(page, label):
    """Where the link with this label leads; None when there is none."""
    for attributes, inside in re.findall(r"<a\b([^>]*)>(.*?)</a>", page.text, re.DOTALL):
        if re.sub(r"<[^>]*>", "", inside).strip() == label:
            address = re.search(r'href="([^"]*)"', attributes)
            return unescape(address[1]) if address else None
    return None


def walk(browser, url, label):
    """The rows of this page and of all that follow by the links with this label."""
    pages = []
    while url:
        page = browser.get(url, htmx=len(pages) % 2 == 1)
        assert page.status_code == 200
        pages.append(rows_of(page))
        url, last = address_of(page, label), url
    return pages, last


# Pages


@pytest.mark.parametrize("query", ["", "status=pending", "tenor=12", "status=pending&tenor=12", "min_amount=1"])
def test_pages_lead_forth_and_back_without_a_loss_or_a_repeat(maya, superuser, query):
    """Seven loans came in at the same microsecond, each time."""
    make_many(superuser, 60, created_at="date_trunc('hour', now()) - (i / 7) * interval '1 minute'")
    with superuser.connect() as connection:
        expected = list(connection.scalars(text("SELECT loan_id FROM loans ORDER BY created_at DESC, loan_id DESC")))
    forth, last = walk(maya, f"/loans?{query}", "Older")
    assert [len(rows) for rows in forth] == [25, 25, 10]
    assert [*chain(*forth)] == expected
    back, _ = walk(maya, last, "Newer")
    assert [*chain(*reversed(back))] == expected
    assert address_of(maya.get(f"/loans?{query}"), "Newer") is None


def test_a_loan_that_comes_in_meanwhile_moves_nothing(maya, superuser):
    make_many(superuser, 30)
    first = maya.get("/loans")
    newest = make_loan()
    second = maya.get(address_of(first, "Older"))
    assert not set(rows_of(first)) & set(rows_of(second))
    assert len(rows_of(second)) == 5
    assert rows_of(maya.get(address_of(second, "Newer"))) == rows_of(first)
    assert rows_of(maya.get("/loans"))[0] == newest


def test_a_broken_page_address_gets_a_sentence(maya):
    for cursor in ("garbage", "MjAyNC0wMS0wMQ", "=" * 50, "ä"):
        for name in ("after", "before"):
            answer = maya.get(f"/loans?{urlencode({name: cursor})}", htmx=name == "after")
            assert answer.status_code == 422
            assert "This page address is not complete. Start again from the first page." in said(answer)


def test_a_row_says_who_how_much_and_how_it_stands(maya):
    customer = make_customer(fullname="Siti Rahmawati", phone_number="+628123456789")
    loan_id = make_loan(user_id=customer, loan_amount="12345678.90", tenor_month=7)
    page = maya.get("/loans")
    assert rows_of(page) == [loan_id]
    for told in ("Siti Rahmawati", "+62812••••789", "12.345.678,90", "1.763.668,41", "7"):
        assert told in said(page)
    assert 'data-status="pending"' in page.text
    assert f'href="/loans/{loan_id}"' in page.text


@pytest.mark.parametrize("role", [Role.SUPPORT_AGENT, Role.CREDIT_ANALYST, Role.ADMIN])
def test_every_role_that_may_read_loans_sees_the_same_list(in_app, visit, role):
    loans = [make_loan(age=timedelta(hours=n)) for n in range(3)]
    assert rows_of(visit(make_staff(role)).get("/loans")) == loans


# Filters


@pytest.fixture
def book(in_app):
    """Four loans that differ in everything; the newest first."""
    siti, budi = make_customer(), make_customer()
    small = make_loan(user_id=siti, loan_amount="100000", tenor_month=1, age=timedelta(hours=1))
    approved = make_loan(user_id=siti, loan_amount="5000000", tenor_month=12, age=timedelta(hours=2))
    rejected = make_loan(user_id=budi, loan_amount="5000000.01", tenor_month=12, age=timedelta(hours=3))
    large = make_loan(user_id=budi, loan_amount="99999999.99", tenor_month=60, age=timedelta(hours=4))
    approve(approved)
    reject(rejected)
    return {"siti": siti, "budi": budi, "small": small, "approved": approved, "rejected": rejected, "large": large}


FOUND = [
    ("", "small approved rejected large"),
    ("status=pending", "small large"),
    ("status=approved", "approved"),
    ("status=rejected", "rejected"),
    ("tenor=12", "approved rejected"),
    ("tenor=60", "large"),
    ("tenor=2", ""),
    ("user={siti}", "small approved"),
    ("user={budi}&status=rejected&tenor=12", "rejected"),
    ("user=00000000-0000-4000-8000-000000000001", ""),
    ("min_amount=5000000", "approved rejected large"),
    ("max_amount=5000000", "small approved"),
    ("min_amount=5000000&max_amount=5000000", "approved"),
    ("min_amount=5000000.01&max_amount=99999999.98", "rejected"),
    ("min_amount=0&max_amount=99999999.99&status=pending", "small large"),
    ("min_amount=5000001&user={siti}", ""),
    ("unknown=1&status=&tenor=&user=&from=&to=&min_amount=&max_amount=", "small approved rejected large"),
]


def test_filters_narrow_the_list(book, visit):
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    for query, found in FOUND:
        page = browser.get("/loans?" + query.format(**book), htmx=bool(found))
        assert page.status_code == 200, query
        assert rows_of(page) == [book[name] for name in found.split()], query
        if not found:
            assert "Nothing matches these filters" in said(page)


def test_days_are_days_in_jakarta_and_the_last_one_counts(maya, superuser):
    moments = {
        "the last second of March": "2026-03-31T16:59:59.999999+00:00",
        "the first of April": "2026-03-31T17:00:00+00:00",
        "noon": "2026-04-01T05:00:00+00:00",
        "the last of the first": "2026-04-01T16:59:59.999999+00:00",
        "the second of April": "2026-04-01T17:00:00+00:00",
    }
    ids = {name: make_loan() for name in moments}
    for name, moment in moments.items():
        values = {"at": datetime.fromisoformat(moment), "id": ids[name]}
        sql(superuser, "UPDATE loans SET created_at = :at WHERE loan_id = :id", **values)

    def found(query):
        names = {loan_id: name for name, loan_id in ids.items()}
        return [names[loan_id] for loan_id in reversed(rows_of(maya.get(f"/loans?{query}")))]

    in_order = [*moments]
    assert found("from=2026-04-01&to=2026-04-01") == in_order[1:4]
    assert found("from=2026-04-01") == in_order[1:]
    assert found("to=2026-03-31") == in_order[:1]
    assert found("to=2026-04-01") == in_order[:4]
    assert found("from=2026-04-02&to=2026-12-31") == in_order[4:]
    assert found("from=1900-01-01&to=2199-12-31") == in_order


DIGITS = "Write the amount in digits, such as 1500000 or 1666.67."
TOO_MUCH = "The largest amount the books can hold is Rp99.999.999,99."
A_DATE = "Write the date as year-month-day, such as 2027-03-31."
TENOR = "Enter a whole number of months from 1 to 60."
INVALID = [
    ("tenor", "0", TENOR),
    ("tenor", "61", TENOR),
    ("tenor", "60.5", TENOR),
    ("tenor", "-1", TENOR),
    ("tenor", "١٢", TENOR),
    ("tenor", "1e1", TENOR),
    ("tenor", "9" * 400, TENOR),
    ("from", "10000-01-01", A_DATE),
    ("from", "2026-02-30", A_DATE),
    ("from", "2026-W01-1", A_DATE),
    ("to", "yesterday", A_DATE),
    ("to", "0000-00-00", A_DATE),
    ("min_amount", "-1", DIGITS),
    ("min_amount", "1e9", DIGITS),
    ("min_amount", "12,5", DIGITS),
    ("min_amount", "NaN", DIGITS),
    ("max_amount", "1.000.000", DIGITS),
    ("max_amount", "100000000.00", TOO_MUCH),
    ("max_amount", "9" * 5000, DIGITS),
    ("min_amount", "'; DROP TABLE loans; --", DIGITS),
    ("max_amount", "<script>alert(1)</script>", DIGITS),
]


def test_an_invalid_filter_finds_nothing_says_why_and_stays_as_typed(book, visit):
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    for name, value, sentence in INVALID:
        answer = browser.get("/loans", query_string={name: value, "status": "pending"}, htmx=value != "0")
        assert answer.status_code == 422, (name, value)
        assert rows_of(answer) == [], (name, value)
        assert error_at(answer.text, name) == sentence, (name, value)
        assert filled_in(answer.text)[name] == [value]
        assert filled_in(answer.text)["status"] == ["pending"]
        assert "<script>alert" not in answer.text
    for name, value in (("status", "paid"), ("user", "x"), ("user", str(book["siti"]).upper())):
        answer = browser.get("/loans", query_string={name: value})
        assert answer.status_code == 422
        assert rows_of(answer) == []
    assert "This is no customer id. Look the customer up by phone or email." in said(answer)
    answer = browser.get("/loans?from=2026-04-02&to=2026-04-01&min_amount=5&max_amount=4.99")
    assert answer.status_code == 422
    assert error_at(answer.text, "to") == "Choose a day on or after the first."
    assert error_at(answer.text, "max_amount") == "Enter an amount at least as large as the first."
    assert filled_in(answer.text)["to"] == ["2026-04-01"]


def test_filters_stay_when_one_goes_on(maya, superuser):
    make_many(superuser, 60, tenor_month="CASE WHEN i % 2 = 0 THEN 6 ELSE 12 END")
    page = maya.get("/loans?tenor=6&status=pending&from=2026-01-01")
    older = address_of(page, "Older")
    for kept in ("tenor=6", "status=pending", "from=2026-01-01"):
        assert kept in older
    assert len(rows_of(maya.get(older))) == 5
    assert filled_in(page.text)["tenor"] == ["6"]
    assert "tenor=6" in address_of(page, "Export CSV")


def test_the_customer_the_list_is_narrowed_to_is_named(book, maya):
    page = maya.get(f"/loans?user={book['siti']}")
    assert "Customer: Siti Rahmawati" in said(page)
    assert maya.get(f"/loans?user={uuid4()}").status_code == 200


# An amount among very many


def test_an_amount_is_looked_for_in_20000_loans_at_a_time(maya, superuser):
    """Of 20,100 loans the 5th and the 20,050th newest match."""
    make_many(superuser, 20_100, loan_amount="CASE WHEN i IN (5, 20050) THEN 777777.77 ELSE 24000000 END")
    with superuser.connect() as connection:
        matching = text("SELECT loan_id FROM loans WHERE loan_amount = 777777.77 ORDER BY created_at DESC")
        near, far = connection.scalars(matching)
    url = "/loans?min_amount=777777.77&max_amount=777777.77"
    page = maya.get(url)
    assert rows_of(page) == [near]
    assert "Nothing more among the 20.000 loans looked at." in said(page)
    assert address_of(page, "Older") is None
    older = address_of(page, "Search older ones")
    assert "min_amount=777777.77" in older
    page = maya.get(older)
    assert rows_of(page) == [far]
    assert address_of(page, "Search older ones") is None
    assert rows_of(maya.get(address_of(page, "Newer"))) == [near], "and back again"
    page = maya.get("/loans?max_amount=1")
    assert "Nothing among the 20.000 loans looked at" in said(page)
    page = maya.get(address_of(page, "Search older ones"))
    assert "Nothing matches these filters" in said(page)
    page = maya.get("/loans?min_amount=24000000")
    assert len(rows_of(page)) == 25
    assert address_of(page, "Search older ones") is None
    assert len(rows_of(maya.get(address_of(page, "Older")))) == 25


# Counters


def test_counters_are_exact_up_to_a_thousand(maya, superuser):
    approve(make_loan())
    make_many(superuser, 1000)
    assert count() == {"pending": Count(1000, False), "approved": Count(1, False), "rejected": Count(0, False)}
    page = maya.get("/loans")
    assert re.search(r"Pending\s*1\.000", said(page))
    assert "about" not in said(page)


def test_beyond_a_thousand_they_are_what_the_statistics_say(maya, superuser):
    make_many(superuser, 3000, status="CASE WHEN i % 3 = 0 THEN 'rejected' ELSE 'pending' END::loan_status",
              rejected_at="CASE WHEN i % 3 = 0 THEN now() END", rejected_reason="CASE WHEN i % 3 = 0 THEN 'OTHER' END",
    )  # fmt: skip
    sql(superuser, "ANALYZE loans")
    counts = count()
    assert counts["pending"] == Count(2000, True)
    assert counts["rejected"] == Count(1000, False)
    assert re.search(r"Pending\s*about 2\.000", said(maya.get("/loans")))


def test_statistics_that_are_out_of_date_never_say_less_than_was_counted(in_app, superuser):
    make_many(superuser, 10)
    sql(superuser, "ANALYZE loans")
    make_many(superuser, 1200)
    pending = count()["pending"]
    assert pending.is_estimate
    assert pending.number >= 1001


def test_what_is_due_next_is_the_oldest_that_is_not_paid(in_app, superuser, visit):
    loan_id, late = make_approved(), clock.today() - timedelta(days=4)
    sql(superuser, f"UPDATE loans_payments SET due_date = '{late}', status = 'overdue'"
                   f" WHERE loan_id = '{loan_id}' AND sequence_number = 2")  # fmt: skip
    page = visit(make_staff(Role.SUPPORT_AGENT)).get(f"/loans/{loan_id}")
    assert f'<dt>Next due</dt><dd class="bad">{late.day} {late:%b %Y}</dd>' in page.text
