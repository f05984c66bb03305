"""The history adds up to the loan, whatever is done to it; and `flask loans reconcile` names what does not."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from portal.loans import history, payments, reconciliation
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.errors import Refusal
from tests.factories import make_customer, make_loan, make_staff
from tests.loans.book import (
    REASON,
    approve,
    differences,
    history_of,
    loan_of,
    make_approved,
    new_reference,
    payments_of,
    post,
    reject,
    sql,
    undo,
)

MOVES = ("approve", "reject", "undo", "release", "post", "reverse", "reschedule", "overdue", "remind")


class Desk:
    """Somebody who tries to do everything to one loan, whether or not it may be done."""

    def __init__(self, loan_id, maya, bagas):
        self.loan_id, self.maya, self.bagas = loan_id, maya, bagas
        self.message = uuid4()

    def try_to(self, move, number):
        with suppress(Refusal):
            getattr(self, move)(number)

    def approve(self, number):
        self.message = approve(self.loan_id, self.bagas, note="Fine" if number % 2 else None)

    def reject(self, number):
        self.message = reject(self.loan_id, *["OTHER", "FRAUD", "UNDER_AGE"][: number % 3 + 1], by=self.bagas)

    def undo(self, number):
        undo(self.loan_id, self.message, self.bagas)

    def release(self, number):
        if number % 3 == 0:
            db.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
            db.session.commit()

    def post(self, number):
        if line := self._line(number):
            self._pay("post", line, self.maya, amount=line.payment_amount, reference=new_reference())

    def reverse(self, number):
        if line := self._line(number):
            self._pay("reverse", line, self.bagas, reason=REASON)

    def reschedule(self, number):
        if line := self._line(number):
            self._pay("reschedule", line, self.bagas, reason=REASON, due_date=clock.today() + number * DAY)

    def overdue(self, number):
        payments.move_overdue(clock.today() + 20 * number * DAY)

    def remind(self, number):
        payments.remind_of_tomorrow(clock.today() + 20 * number * DAY)

    def _line(self, number):
        lines = payments_of(self.loan_id)
        return lines[number % len(lines)] if lines else None

    def _pay(self, act, line, who, **fields):
        answers = getattr(payments, f"{act.capitalize()}Answers")(version=line.version, **fields)
        getattr(payments, act)(self.loan_id, line.id, answers, by=uuid4(), actor=who.actor)


DAY = timedelta(days=1)


@pytest.fixture
def clerks(in_app):
    return make_staff(Role.SUPPORT_AGENT), make_staff(Role.CREDIT_ANALYST), make_customer()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    amount=st.decimals("100000.00", "99999999.99", places=2),
    tenor=st.integers(1, 4),
    days=st.integers(-400, 90),
    moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 9)), min_size=6, max_size=18),
)
def test_whatever_is_done_to_a_loan_its_history_adds_up_to_it(clerks, amount, tenor, days, moves):
    maya, bagas, customer = clerks
    first_due = clock.today() + timedelta(days=days)
    loan_id = make_loan(user_id=customer, loan_amount=amount, tenor_month=tenor, first_due_date=first_due)
    desk = Desk(loan_id, maya, bagas)
    for move, number in moves:
        desk.try_to(move, number)
    assert differences() == {}
    entries = history_of(loan_id)
    for place, entry in enumerate(entries, start=1):
        state = history.fold(one.new_data for one in entries[:place])
        assert state["loan"]["status"] == entry.status
        assert len(state["payments"]) == (tenor if entry.status == "approved" else 0)
        assert keys(entry.old_data) == (set() if place == 1 else keys(entry.new_data))
        assert all(old != new for old, new in pairs(entry.old_data, entry.new_data))
    if lines := payments_of(loan_id):
        assert sum(line.payment_amount for line in lines) == Decimal(amount)


def keys(data, path=()):
    """Every place in an entry's data, but for who did it."""
    if not isinstance(data, dict):
        return {path}
    return {one for key, value in data.items() if key != "_meta" for one in keys(value, (*path, key))}


def pairs(old, new):
    for key, value in old.items():
        yield from pairs(value, new[key]) if isinstance(value, dict) else [(value, new[key])]


# `flask loans reconcile`


@pytest.fixture
def run(in_app):
    """Run the command; its exit code and its own lines."""

    def run():
        db.session.rollback()
        result = in_app.test_cli_runner().invoke(args=["loans", "reconcile"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output.splitlines()

    return run


def test_an_empty_book_and_a_sound_one_have_nothing_to_report(run, visit):
    assert run() == (0, ["Loans", "Every loan is what its history says."])
    pending, rejected, approved = make_loan(), make_loan(), make_approved(tenor_month=3)
    reject(rejected)
    post(visit(make_staff(Role.SUPPORT_AGENT)), approved, 2)
    payments.move_overdue(clock.today() + timedelta(days=400))
    assert loan_of(pending).status == "pending"
    assert run() == (0, ["Loans", "Every loan is what its history says."])


OF_LOAN = "UPDATE loans SET {} WHERE loan_id = :id"
OF_PAYMENT = "UPDATE loans_payments SET {} WHERE loan_id = :id AND sequence_number = 2"
PLANTED = {
    OF_LOAN.format("loan_amount = 12.34"): ["loan.loan_amount: history 24000000.00, row 12.34"],
    OF_LOAN.format("tenor_month = 4"): ["loan.tenor_month: history 3, row 4"],
    OF_LOAN.format("monthly_installment_amount = 1"): ["loan.monthly_installment_amount: history 8000000.00, row 1.00"],
    OF_LOAN.format("monthly_installment_due_date = '2031-05-05'"): [
        "loan.monthly_installment_due_date: history {due}, row 2031-05-05"
    ],
    OF_LOAN.format("user_id = '00000000-0000-4000-8000-000000000001'"): [
        "loan.user_id: history {user}, row 00000000-0000-4000-8000-000000000001"
    ],
    OF_LOAN.format("approved_at = '2026-01-05T03:12:45Z'"): [
        "loan.approved_at: history {approved}, row 2026-01-05T03:12:45Z"
    ],
    OF_PAYMENT.format("payment_amount = 8000000.01"): [
        "installment 2.payment_amount: history 8000000.00, row 8000000.01"
    ],
    OF_PAYMENT.format("due_date = '2031-05-05'"): ["installment 2.due_date: history {second}, row 2031-05-05"],
    OF_PAYMENT.format("status = 'paid', payment_date = '2026-01-05T03:12:45Z', reference = 'BCA-1'"): [
        "installment 2.status: history False, row True",
        "installment 2.payment_date: history None, row 2026-01-05T03:12:45Z",
        "installment 2.reference: history None, row BCA-1",
    ],
    OF_PAYMENT.format("sequence_number = 9"): ["installment 2: missing", "installment 9: not in the history"],
    "DELETE FROM loans_payments WHERE loan_id = :id AND sequence_number = 3": ["installment 3: missing"],
    "DELETE FROM loans_review_history WHERE loan_id = :id": ["has no history"],
    OF_LOAN.format("status = 'pending', approved_at = NULL"): [
        "the last entry says status approved, the row pending",
        "loan.status: history approved, row pending",
        "loan.approved_at: history {approved}, row None",
    ],
}


def test_each_planted_difference_is_named(run, superuser):
    sound, customer = [make_loan(), make_approved(tenor_month=3)], make_customer()
    expected = {}
    for statement, words in PLANTED.items():
        loan_id = make_approved(tenor_month=3, user_id=customer)
        loan, lines = loan_of(loan_id), payments_of(loan_id)
        facts = {
            "due": loan.monthly_installment_due_date,
            "user": loan.user_id,
            "approved": loan.approved_at.isoformat().replace("+00:00", "Z"),
            "second": lines[1].due_date,
        }
        sql(superuser, statement, id=loan_id)
        expected[loan_id] = [word.format(**facts) for word in words]
    rejected = make_loan()
    reject(rejected, "FRAUD")
    sql(superuser, OF_LOAN.format("rejected_reason = 'OTHER'"), id=rejected)
    expected[rejected] = ["loan.rejected_reason: history FRAUD, row OTHER"]
    assert differences() == expected
    code, said = run()
    assert code == 1
    assert said[0] == "Loans"
    assert sorted(said[1:-1]) == sorted(f"{loan_id}: {word}" for loan_id, words in expected.items() for word in words)
    assert said[-1] == f"{len(expected)} loans differ from their history."
    assert not any(str(loan_id) in line for loan_id in sound for line in said)


def test_one_difference_among_many_loans_is_found_and_is_one(run, superuser, monkeypatch):
    monkeypatch.setattr(reconciliation, "BATCH_SIZE", 3)
    customer = make_customer()
    loans = [make_loan(user_id=customer) for _ in range(10)]
    sql(superuser, OF_LOAN.format("tenor_month = 11"), id=loans[6])
    assert run() == (
        1,
        ["Loans", f"{loans[6]}: loan.tenor_month: history 12, row 11", "1 loan differs from its history."],
    )


def test_loans_that_are_decided_while_it_runs_are_no_differences(in_app, monkeypatch):
    """It takes minutes on a large book, and people go on working."""
    monkeypatch.setattr(reconciliation, "BATCH_SIZE", 2)
    customer, bagas = make_customer(), make_staff(Role.CREDIT_ANALYST)
    loans = sorted(make_loan(user_id=customer) for _ in range(6))
    found = reconciliation.differences()
    seen = [next(found)]

    def decide():
        with in_app.app_context():
            approve(loans[-1], bagas)

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(decide).result()
    seen += found
    assert [loan_id for loan_id, _ in seen] == loans
    assert [words for _, words in seen] == [[]] * 6
