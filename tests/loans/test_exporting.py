"""Lists as CSV files: for those who may, after a sign-in of late, audited, streamed, and harmless in a spreadsheet."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.permissions import Role
from portal.shared.database import db
from portal.users.models import Profile
from tests.client import PASSWORD
from tests.factories import audit_events, make_customer, make_kyc_check, make_loan, make_staff
from tests.loans.book import approve, loan_of, make_many, reject, sql

LISTS = {"/loans": Role.CREDIT_ANALYST, "/kyc": Role.KYC_REVIEWER}
ACTIONS = {"/loans": "loans.exported", "/kyc": "kyc.exported"}
READERS = [("/loans", role) for role in (Role.CREDIT_ANALYST, Role.SUPPORT_AGENT, Role.ADMIN)] + [
    ("/kyc", Role.KYC_REVIEWER)
]
LOANS_HEAD = ["loan_id", "customer", "phone", "loan_amount", "tenor_month", "status", "created_at", "decided_at"]


def table(answer):
    """What a program that reads RFC 4180 makes of it."""
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline=""), strict=True))


def rows(answer, column):
    head, *lines = table(answer)
    return [line[head.index(column)] for line in lines]


def minutes_since_sign_in(minutes):
    db.session.rollback()
    db.session.execute(text(f"UPDATE auth_sessions SET verified_at = now() - interval '{minutes} minutes'"))
    db.session.commit()


def make_one_of(url, **customer):
    user_id = make_customer(**customer)
    return make_loan(user_id=user_id) if url == "/loans" else make_kyc_check(user_id=user_id, has_images=False)


@pytest.mark.parametrize(("url", "role"), READERS)
def test_who_reads_a_list_may_export_it_masked(in_app, visit, url, role):
    one = make_one_of(url, fullname="Siti", phone_number="+628123456789", email="siti.rahma@example.com")
    browser = visit(make_staff(role))
    assert f'href="{url}/export.csv"' in browser.get(url).text
    answer = browser.send("GET", f"{url}/export.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{url[1:]}.csv"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert rows(answer, f"{'loan' if url == '/loans' else 'kyc'}_id") == [str(one)]
    assert rows(answer, "phone") == ["'+62812••••789"]
    assert "siti.rahma" not in answer.text
    assert "8123456789" not in answer.text


@pytest.mark.parametrize("url", LISTS)
def test_nobody_else_gets_a_line(in_app, visit, url):
    make_one_of(url, fullname="Siti")
    stranger = visit().send("GET", f"{url}/export.csv?status=pending")
    assert (stranger.status_code, stranger.location) == (303, f"/login?next={url}/export.csv?status%3Dpending")
    for role in {*Role} - {reader for page, reader in READERS if page == url}:
        answer = visit(make_staff(role)).send("GET", f"{url}/export.csv")
        assert answer.status_code == 403
        assert "Siti" not in answer.text
    assert audit_events(ACTIONS[url]) == []
    assert visit(make_staff(LISTS[url])).send("POST", f"{url}/export.csv").status_code in {400, 405}


@pytest.mark.parametrize("url", LISTS)
def test_a_sign_in_of_late_is_asked_for_and_leads_back_to_the_file(in_app, visit, url):
    make_one_of(url, fullname="Siti")
    browser = visit(make_staff(LISTS[url]))
    minutes_since_sign_in(10.1)
    answer = browser.send("GET", f"{url}/export.csv?status=pending")
    assert (answer.status_code, answer.location) == (303, f"/login/again?next={url}/export.csv?status%3Dpending")
    assert audit_events(ACTIONS[url]) == []
    assert browser.get(url).status_code == 200
    browser.get(answer.location)
    answer = browser.post("/login/again", password=PASSWORD, next=f"{url}/export.csv?status=pending")
    assert (answer.status_code, answer.location) == (303, f"{url}/export.csv?status=pending")
    assert rows(browser.send("GET", answer.location), "customer") == ["Siti"]


@pytest.mark.parametrize("url", LISTS)
def test_an_export_is_recorded_once_with_its_filters_and_without_names(in_app, visit, url):
    make_one_of(url, fullname="Siti")
    staff = make_staff(LISTS[url])
    visit(staff).send("GET", f"{url}/export.csv?status=pending")
    (event,) = audit_events(ACTIONS[url])
    assert (event.actor_id, event.actor_role, event.of_user) == (staff.auth_id, staff.role, None)
    assert event.details["filters"]["status"] == "pending"
    assert "Siti" not in str(event.details)
    assert event.session_id is not None


def test_the_file_holds_what_the_filters_leave_newest_first(in_app, visit):
    siti = make_customer(fullname="Siti")
    loans = [make_loan(user_id=siti, tenor_month=n, age=timedelta(hours=n)) for n in (1, 2, 3, 4)]
    other = make_loan(age=timedelta(days=9), loan_amount="100000.50")
    approve(loans[1])
    reject(loans[2])
    browser = visit(make_staff(Role.CREDIT_ANALYST))

    def found(query):
        return rows(browser.send("GET", f"/loans/export.csv?{query}"), "loan_id")

    assert found("") == [*map(str, loans), str(other)]
    assert found("status=approved") == [str(loans[1])]
    assert found("status=pending&tenor=4") == [str(loans[3])]
    assert found(f"user={siti}&max_amount=99999999") == [*map(str, loans)]
    assert found("max_amount=100000.50") == [str(other)]
    assert found("to=2020-01-01") == []
    assert len(audit_events("loans.exported")) == 6
    head, first, second, *_ = table(browser.send("GET", "/loans/export.csv"))
    assert head == LOANS_HEAD
    assert first[3:6] == ["24000000.00", "1", "pending"]
    assert first[7] == ""
    assert second[5:] == [
        "approved",
        loan_of(loans[1]).created_at.isoformat(),
        loan_of(loans[1]).approved_at.isoformat(),
    ]
    kyc = visit(make_staff())
    checks = [make_kyc_check(document_type=kind, has_images=False) for kind in ("ktp", "sim")]
    answer = kyc.send("GET", "/kyc/export.csv?document_type=sim")
    assert rows(answer, "kyc_id") == [str(checks[1])]


def test_a_filter_that_is_none_exports_nothing_and_says_so(in_app, visit):
    make_loan()
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    for query in ("min_amount=-1", "tenor=61", "from=10000-01-01", "status=paid", "user=x"):
        answer = browser.send("GET", f"/loans/export.csv?{query}")
        assert (answer.status_code, answer.location) == (303, f"/loans?{query}")
        assert browser.get(answer.location).status_code == 422
    assert audit_events("loans.exported") == []


NAMES = [
    "=cmd()", "+62", "-1+1", "@x", "\tx", "\rx", "\nx", "  =1+1", " \t=1", "＝1+1", "＋1", "－1", "＠x",
    "Siti, S.E.", 'Siti "Ti" R', "two\nlines", "two\r\nlines", "Siti;Budi", "O'Neil", "", "👩‍🔧 שרה", "'=1",
]  # fmt: skip
HARMLESS = {"Siti, S.E.", 'Siti "Ti" R', "two\nlines", "two\r\nlines", "Siti;Budi", "O'Neil", "", "👩‍🔧 שרה", "'=1"}


@pytest.mark.parametrize("url", LISTS)
def test_no_cell_is_a_formula_and_every_one_comes_back_as_it_was(in_app, visit, url):
    for name in NAMES:
        make_one_of(url, fullname=name)
    answer = visit(make_staff(LISTS[url])).send("GET", f"{url}/export.csv")
    named = rows(answer, "customer")
    assert sorted(named) == sorted(name if name in HARMLESS else f"'{name}" for name in NAMES)
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in named)
    assert answer.get_data(as_text=True).endswith("\r\n")
    assert {len(line) for line in table(answer)} == {8}


def test_a_deleted_customer_is_no_longer_named(in_app, visit):
    loan_id = make_loan(user_id=(user_id := make_customer(fullname="Siti Rahmawati")))
    db.session.get(Profile, user_id).deleted_at = db.func.now()
    db.session.commit()
    answer = visit(make_staff(Role.ADMIN)).send("GET", "/loans/export.csv")
    assert "Siti" not in answer.text
    assert rows(answer, "loan_id") == [str(loan_id)]


@pytest.mark.parametrize("url", LISTS)
def test_the_file_is_written_while_it_is_read(in_app, visit, superuser, url):
    if url == "/loans":
        make_many(superuser, 3000)
    else:
        sql(
            superuser,
            "INSERT INTO user_kyc (kyc_id, user_id, document_type, document_number_hash, document_front_image_path,"
            " document_selfie_image_path) SELECT gen_random_uuid(), gen_random_uuid(), 'ktp', 'v1:' || i, 'f', 's'"
            " FROM generate_series(1, 3000) i",
        )
    browser = visit(make_staff(LISTS[url]))
    pieces = browser.pieces(f"{url}/export.csv")
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 70_000
    whole = browser.send("GET", f"{url}/export.csv")
    assert whole.data == b"".join(pieces)
    assert len(set(map(tuple, table(whole)))) == 3001


def test_a_reader_who_hangs_up_leaves_no_connection_behind(in_app, visit, superuser):
    make_many(superuser, 1000)
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    before = db.engine.pool.checkedout()
    for _ in range(13):  # one more than the pool has
        assert len(browser.pieces("/loans/export.csv", most=1)) == 1
    assert db.engine.pool.checkedout() <= before
    assert browser.get("/loans").status_code == 200
