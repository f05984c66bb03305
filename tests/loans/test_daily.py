"""What time does to installments: overdue by the WIB calendar, and a message a day at the most."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.loans import payments
from portal.loans.models import PaymentStatus
from portal.loans.payments import daily_job, move_overdue, remind_of_tomorrow
from portal.permissions import Role
from portal.shared import clock, jobs
from portal.shared.clock import WIB
from portal.shared.database import db, transaction
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import (
    approve,
    differences,
    events_of,
    loan_of,
    make_approved,
    payment_of,
    payments_of,
    post,
    press,
    reject,
    sql,
)
from tests.notifications.working import release_all, waiting, work_off, written

DAY = timedelta(days=1)


def told(loan_id):
    """The payment messages queued for a loan, oldest first."""
    args = [job["args"] for job in waiting() if job["args"]["loan_id"] == str(loan_id)]
    return [given["message"] for given in args if given["message"].startswith("payment-")]


def statuses(loan_id):
    return [str(line.status) for line in payments_of(loan_id)]


def wib_day(day, hour, minute):
    """The business day at this UTC time."""
    return datetime.combine(day, time(hour, minute), UTC).astimezone(WIB).date()


def test_the_day_ends_at_midnight_in_jakarta_not_in_utc(in_app):
    loan_id = make_approved(tenor_month=1)
    due = payment_of(loan_id).due_date
    assert wib_day(due, 16, 59) == due
    assert move_overdue(wib_day(due, 16, 59)) == 0
    assert statuses(loan_id) == ["pending"]
    assert wib_day(due, 17, 0) == due + DAY
    assert move_overdue(wib_day(due, 17, 0)) == 1
    assert statuses(loan_id) == ["overdue"]


def test_tomorrow_too_begins_at_midnight_in_jakarta(in_app):
    loan_id = make_approved(tenor_month=1)
    due = payment_of(loan_id).due_date
    assert remind_of_tomorrow(wib_day(due - 2 * DAY, 16, 59)) == 0
    assert remind_of_tomorrow(wib_day(due - 2 * DAY, 17, 0)) == 1
    assert told(loan_id) == ["payment-due-tomorrow"]


def test_an_overdue_installment_has_a_new_version_no_entry_and_its_customer_a_message(in_app):
    customer = make_customer(fullname="Siti", preferences={"language": "en"})
    loan_id = make_approved(tenor_month=2, user_id=customer)
    due, before = payment_of(loan_id).due_date, loan_of(loan_id)
    move_overdue(due + DAY)
    line = payment_of(loan_id)
    assert (line.status, line.payment_date, line.version) == ("overdue", None, 2)
    assert statuses(loan_id) == ["overdue", "pending"]
    assert events_of(loan_id) == ["loan.submitted", "loan.approved"]
    after = loan_of(loan_id)
    assert (after.status, after.version, after.updated_at) == ("approved", before.version, before.updated_at)
    (event,) = audit_events("loan.reminded")
    assert (event.actor_id, event.details) == (None, {"message": "payment-overdue", "count": 1})
    assert differences() == {}
    release_all()
    work_off(in_app)
    (message,) = [one for one in written() if one["notification_category"] == "payment"]
    assert (message["user_id"], message["loan_id"]) == (customer, loan_id)
    assert message["notification_title"] == "An installment is overdue"
    assert message["context"] == {"message": "payment-overdue", "on": (due + DAY).isoformat()}


def test_days_of_downtime_are_caught_up_with_one_message(in_app):
    loan_id = make_approved(tenor_month=4)
    third = payment_of(loan_id, 3).due_date
    assert move_overdue(third + DAY) == 3
    assert statuses(loan_id) == ["overdue", "overdue", "overdue", "pending"]
    assert told(loan_id) == ["payment-overdue"]


def test_run_often_a_day_it_moves_and_tells_once(in_app):
    loan_id = make_approved(tenor_month=2)
    due = payment_of(loan_id).due_date
    for today in (due - DAY, due, due + DAY):
        for _ in range(4):
            move_overdue(today)
            remind_of_tomorrow(today)
    assert told(loan_id) == ["payment-due-tomorrow", "payment-overdue"]


def test_there_is_one_message_a_day_when_one_is_overdue_and_another_due_tomorrow(in_app, visit):
    loan_id, other = make_approved(tenor_month=2), make_approved(tenor_month=2)
    first = payment_of(loan_id).due_date
    analyst = visit(make_staff(Role.CREDIT_ANALYST))
    near = (first + 2 * DAY).isoformat()
    for one in (loan_id, other):
        assert press(analyst, "reschedule", one, 2, due_date=near).status_code == 303
    move_overdue(first + DAY)
    remind_of_tomorrow(first + DAY)
    assert (told(loan_id), told(other)) == (["payment-overdue"], ["payment-overdue"])
    remind_of_tomorrow(first + 2 * DAY)
    move_overdue(first + 3 * DAY)
    assert told(loan_id) == ["payment-overdue"] * 2
    assert statuses(loan_id) == ["overdue", "overdue"]


def test_two_installments_of_a_loan_due_tomorrow_are_one_message(in_app, visit):
    loan_id = make_approved(tenor_month=2)
    first = payment_of(loan_id).due_date
    press(visit(make_staff(Role.CREDIT_ANALYST)), "reschedule", loan_id, 2, due_date=first.isoformat())
    assert remind_of_tomorrow(first - DAY) == 1
    assert told(loan_id) == ["payment-due-tomorrow"]


def test_what_is_paid_stays_as_it_is_and_nobody_hears_of_it(in_app, visit):
    loan_id = make_approved(tenor_month=2)
    due = payment_of(loan_id).due_date
    post(visit(make_staff(Role.SUPPORT_AGENT)), loan_id)
    paid = payment_of(loan_id)
    assert remind_of_tomorrow(due - DAY) == 0
    assert move_overdue(due + DAY) == 0
    after = payment_of(loan_id)
    assert (after.status, after.version, after.updated_at) == ("paid", paid.version, paid.updated_at)
    assert told(loan_id) == []


def test_what_has_no_schedule_is_never_due(in_app):
    pending, rejected = make_loan(), make_loan()
    reject(rejected)
    far = clock.today() + timedelta(days=4000)
    assert (move_overdue(far), remind_of_tomorrow(far)) == (0, 0)
    assert (told(pending), told(rejected)) == ([], [])


def test_a_rescheduled_one_is_overdue_again_after_its_new_day(in_app, visit):
    loan_id = make_approved(tenor_month=1)
    due = payment_of(loan_id).due_date
    move_overdue(due + DAY)
    later = due + 10 * DAY
    press(visit(make_staff(Role.CREDIT_ANALYST)), "reschedule", loan_id, due_date=later.isoformat())
    assert statuses(loan_id) == ["pending"]
    assert move_overdue(later) == 0
    assert move_overdue(later + DAY) == 1
    assert told(loan_id) == ["payment-overdue"] * 2


def test_everything_moves_however_much_it_is(in_app, monkeypatch):
    monkeypatch.setattr(payments, "BATCH_SIZE", 4)
    loans = [make_approved(tenor_month=3) for _ in range(3)]
    last = payment_of(loans[0], 3).due_date
    assert remind_of_tomorrow(last - DAY) == 3
    assert move_overdue(last + DAY) == 9
    assert [told(loan_id) for loan_id in loans] == [["payment-due-tomorrow", "payment-overdue"]] * 3


@pytest.mark.parametrize("breaks", ["queue", "record"])
def test_a_job_that_breaks_leaves_what_it_did_not_tell_for_the_next_time(in_app, monkeypatch, breaks):
    loan_id = make_approved(tenor_month=1)
    day = payment_of(loan_id).due_date + DAY
    owner = payments.notifications if breaks == "queue" else payments.audit
    with monkeypatch.context() as broken:
        broken.setattr(owner, breaks, lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            move_overdue(day)
    assert statuses(loan_id) == ["pending"]
    assert told(loan_id) == []
    assert move_overdue(day) == 1
    assert told(loan_id) == ["payment-overdue"]


def test_the_job_that_runs_by_itself_does_both_by_todays_date_in_jakarta(in_app):
    late, tomorrow, far = (make_approved(tenor_month=1) for _ in range(3))
    for loan_id, days in ((late, -1), (tomorrow, 1)):
        db.session.execute(
            text("UPDATE loans_payments SET due_date = :day WHERE loan_id = :id"),
            {"day": clock.today() + timedelta(days=days), "id": loan_id},
        )
        db.session.commit()
    for timestamp in (1, 2):
        daily_job(timestamp=timestamp)
    assert payment_of(late).status is PaymentStatus.OVERDUE
    assert [told(loan_id) for loan_id in (late, tomorrow, far)] == [["payment-overdue"], ["payment-due-tomorrow"], []]


def test_eighty_days_tell_each_loan_once_a_day_at_most(in_app):
    loans = [make_loan(tenor_month=3, first_due_date=clock.today() + timedelta(days=n)) for n in (2, 3, 14)]
    for loan_id in loans:
        approve(loan_id)
    for today in (clock.today() + timedelta(days=n) for n in range(80)):
        move_overdue(today)
        remind_of_tomorrow(today)
    for loan_id in loans:
        kinds = told(loan_id)
        assert kinds == ["payment-due-tomorrow", "payment-overdue"] * 3
        assert set(statuses(loan_id)) == {"overdue"}
    by_day = [(job["args"]["loan_id"], job["args"]["context"].get("on")) for job in waiting()]
    reminders = sorted(one for one in by_day if one[1])
    assert all(one != other for one, other in pairwise(reminders))


def test_a_running_worker_moves_them_and_its_customers_hear_of_it(in_app, superuser):
    loan_id = make_approved(tenor_month=1)
    sql(superuser, "UPDATE loans_payments SET due_date = :day WHERE loan_id = :id", day=clock.today() - DAY, id=loan_id)
    with transaction():
        jobs.defer(daily_job, key=uuid4(), timestamp=0)
    work_off(in_app)
    assert statuses(loan_id) == ["overdue"]
    assert [message["context"]["message"] for message in written()] == ["payment-overdue"]
