"""How many statements a page costs: the same few, however much there is on it."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from portal.loans.history import Score
from portal.permissions import Role
from portal.shared.database import db
from portal.shared.vocabulary import ScoreSource
from tests.factories import make_customer, make_loan, make_staff
from tests.loans.book import approve, history_of, make_many, payment_of, post, press, rows_of

OF_A_LIST = 6
OF_A_PAGE = 10


@contextmanager
def counted():
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(connection, cursor, statement, *_):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def cost(browser, url, **options):
    with counted() as sent:
        answer = browser.get(url, **options) if options else browser.send("GET", url)
    assert answer.status_code == 200, url
    return answer, sent


@pytest.mark.parametrize("is_fragment", [False, True], ids=["page", "fragment"])
def test_the_list_costs_at_most_six(in_app, visit, superuser, is_fragment):
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    customer = make_customer()
    for _ in range(3):
        make_loan(user_id=customer)
    make_many(superuser, 1200)
    for query in ("", "status=pending", "tenor=12&from=2026-01-01", "min_amount=1", "max_amount=1", f"user={customer}",
                  f"user={customer}&min_amount=1", "tenor=61"):  # fmt: skip
        if query == "tenor=61":
            with counted() as sent:
                assert browser.get(f"/loans?{query}", htmx=is_fragment).status_code == 422
        else:
            page, sent = cost(browser, f"/loans?{query}", htmx=is_fragment)
            assert (len(rows_of(page)) > 0) == (query != "max_amount=1")
        assert len(sent) <= OF_A_LIST, (query, sent)


@pytest.mark.parametrize("role", [Role.CREDIT_ANALYST, Role.SUPPORT_AGENT])
def test_a_loans_pages_cost_at_most_ten(in_app, visit, role):
    loan_id = make_loan(tenor_month=60)
    score = Score(700, "Fine", ScoreSource.MANUAL, datetime(2026, 1, 1, tzinfo=UTC))
    approve(loan_id, score=score)
    maya, bagas = visit(make_staff(Role.SUPPORT_AGENT)), visit(make_staff(Role.CREDIT_ANALYST))
    for number in (1, 2):
        post(maya, loan_id, number)
        press(bagas, "reverse", loan_id, number)
    browser, entry = visit(make_staff(role)), history_of(loan_id)[-1]
    line, act = payment_of(loan_id), "post" if role is Role.SUPPORT_AGENT else "reschedule"
    for url in ("", "", "/history", f"/history?as_of={entry.id}", "/payments", f"/payments?open={line.id}&act={act}"):
        _, sent = cost(browser, f"/loans/{loan_id}{url}")
        assert len(sent) <= OF_A_PAGE, (url, sent)
    _, sent = cost(browser, f"/loans/of-customer/{make_customer()}")
    assert len(sent) <= OF_A_LIST


def test_an_export_costs_two_a_thousand_rows(in_app, visit, superuser):
    browser = visit(make_staff(Role.CREDIT_ANALYST))
    make_many(superuser, 2500)
    with counted() as sent:
        assert browser.send("GET", "/loans/export.csv").text.count("\r\n") == 2501
    assert len(sent) <= 3 + 2 * 3, sent
