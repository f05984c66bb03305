"""Several people, or several clicks, or the daily job, at the same installment at the same moment."""

from datetime import timedelta
from functools import partial
from threading import Event
from time import monotonic
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.loans import payments
from portal.loans.models import PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from tests.client import at_once, filled_in
from tests.factories import audit_events, make_staff
from tests.loans.book import (
    approve,
    differences,
    events_of,
    form_of,
    history_of,
    loan_of,
    make_approved,
    make_loan,
    new_reference,
    payment_of,
    payments_of,
    post,
    said,
    undo,
)
from tests.notifications.working import waiting


def pressing(browser, act, loan_id, number=1, **fields):
    """The same as :func:`press`, prepared for a thread: its page was opened before."""
    url, form = form_of(act, loan_id, number, **fields)
    return partial(browser.post, url, **form)


def test_two_people_post_the_same_installment_and_the_second_is_told_who_was_faster(in_app, visit):
    loan_id = make_approved(tenor_month=2)
    people = [make_staff(Role.SUPPORT_AGENT, display_name=name) for name in ("Maya Putri", "Tono Halim")]
    references = [new_reference(), new_reference()]
    answers = at_once(
        *(pressing(visit(p), "post", loan_id, reference=r) for p, r in zip(people, references, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    winner, loser = sorted((0, 1), key=lambda n: answers[n].status_code)
    line = payment_of(loan_id)
    assert (line.status, line.reference, line.version) == ("paid", references[winner], 2)
    told = said(answers[loser])
    at = history_of(loan_id)[-1].created_at.astimezone(clock.WIB)
    assert f"{people[winner].name} changed this installment at {at:%H:%M} WIB." in told
    assert f'value="{references[loser]}"' in answers[loser].text, "what was typed is still there"
    assert events_of(loan_id) == ["loan.submitted", "loan.approved", "payment.posted"]
    (event,) = audit_events("payment.posted")
    assert event.actor_id == people[winner].auth_id
    assert differences() == {}


def test_twenty_times_the_same_post_acts_once_and_answers_the_same(in_app, visit):
    loan_id = make_approved(tenor_month=2)
    browser, command, reference = visit(make_staff(Role.SUPPORT_AGENT)), str(uuid4()), new_reference()
    form = {"version": 1, "command_id": command, "reference": reference}
    answers = at_once(*(pressing(browser.tab(), "post", loan_id, **form) for _ in range(20)))
    assert {(a.status_code, a.location) for a in answers} == {(303, f"/loans/{loan_id}/payments")}
    assert post(browser, loan_id, **form).status_code == 303, "and an hour later too"
    assert len(audit_events("payment.posted")) == 1
    assert events_of(loan_id).count("payment.posted") == 1
    assert payment_of(loan_id).version == 2


@pytest.mark.parametrize("act", ["reverse", "reschedule"])
def test_a_correction_sent_again_acts_once(in_app, visit, act):
    loan_id, command = make_approved(tenor_month=2), str(uuid4())
    if act == "reverse":
        post(visit(make_staff(Role.SUPPORT_AGENT)), loan_id)
    browser, line = visit(make_staff(Role.CREDIT_ANALYST)), payment_of(loan_id)
    day = (line.due_date + timedelta(days=9)).isoformat()
    form = {"version": line.version, "command_id": command} | ({"due_date": day} if act == "reschedule" else {})
    answers = at_once(*(pressing(browser.tab(), act, loan_id, **form) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert payment_of(loan_id).version == line.version + 1
    assert len(audit_events(f"payment.{act}d" if act == "reverse" else "payment.rescheduled")) == 1


def test_a_form_used_for_one_thing_does_nothing_else(in_app, visit):
    loan_id, command = make_approved(tenor_month=2), str(uuid4())
    browser, other = visit(make_staff(Role.SUPPORT_AGENT)), visit(make_staff(Role.SUPPORT_AGENT))
    assert post(browser, loan_id, command_id=command).status_code == 303
    answer = post(other, loan_id, 2, command_id=command)
    assert answer.status_code == 422
    assert "This form was already used for something else. Open the page again." in said(answer)
    assert payment_of(loan_id, 2).status is PaymentStatus.PENDING


def test_one_transfer_posted_to_two_loans_at_once_pays_one_of_them(in_app, visit):
    loans, reference = [make_approved(tenor_month=2) for _ in range(2)], new_reference()
    browsers = [visit(make_staff(Role.SUPPORT_AGENT)) for _ in loans]
    answers = at_once(
        *(pressing(b, "post", loan_id, reference=reference) for b, loan_id in zip(browsers, loans, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    (refused,) = (answer for answer in answers if answer.status_code == 422)
    assert "This reference was used for another payment. Check the transfer." in said(refused)
    assert f'value="{reference}"' in refused.text
    assert sorted(payment_of(loan_id).status for loan_id in loans) == ["paid", "pending"]


def test_a_post_and_a_reschedule_at_once_leave_one_of_them(in_app, visit):
    loan_id = make_approved(tenor_month=2)
    answers = at_once(
        pressing(visit(make_staff(Role.SUPPORT_AGENT)), "post", loan_id),
        pressing(visit(make_staff(Role.CREDIT_ANALYST)), "reschedule", loan_id),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len(events_of(loan_id)) == 3
    assert differences() == {}


def test_an_undo_and_a_payment_at_once_leave_one_of_them(in_app, visit):
    loan_id = make_loan(tenor_month=2)
    message_id, browser, bagas = (
        approve(loan_id),
        visit(make_staff(Role.SUPPORT_AGENT)),
        make_staff(Role.CREDIT_ANALYST),
    )

    def undo_in_app():
        with in_app.app_context():
            try:
                return undo(loan_id, message_id, bagas)
            except Exception as error:
                return error

    refusal, answer = at_once(undo_in_app, pressing(browser, "post", loan_id))
    is_undone = refusal is None
    assert answer.status_code == (404 if is_undone else 303)
    assert loan_of(loan_id).status == ("pending" if is_undone else "approved")
    assert len(payments_of(loan_id)) == (0 if is_undone else 2)
    assert differences() == {}


def test_who_waits_too_long_for_a_colleague_is_told_so(in_app, visit, superuser):
    loan_id = make_approved(tenor_month=2)
    browser = visit(make_staff(Role.SUPPORT_AGENT))
    with superuser.begin() as other:
        other.execute(text("SELECT 1 FROM loans WHERE loan_id = :id FOR UPDATE"), {"id": loan_id})
        started = monotonic()
        answer = post(browser, loan_id, reference="BCA-77-typed")
        assert monotonic() - started < 8
    assert answer.status_code == 409
    assert filled_in(answer.text)["reference"] == ["BCA-77-typed"]
    assert "Somebody else is changing this at this moment." in said(answer)
    assert post(browser, loan_id).status_code == 303


# The daily job among people


def test_the_daily_job_passes_over_a_loan_that_somebody_is_changing_and_takes_it_the_next_time(in_app, superuser):
    """It must not wait for a loan while it holds one of its installments: whoever posts locks in the other order."""
    held, free = (make_approved(tenor_month=2) for _ in range(2))
    tomorrow = payment_of(held).due_date + timedelta(days=1)
    with superuser.begin() as other:
        other.execute(text("SELECT 1 FROM loans WHERE loan_id = :id FOR UPDATE"), {"id": held})
        assert payments.move_overdue(tomorrow) == 1
        other.execute(text("SELECT 1 FROM loans_payments WHERE loan_id = :id FOR UPDATE"), {"id": held})
    assert (payment_of(held).status, payment_of(free).status) == ("pending", "overdue")
    assert payments.move_overdue(tomorrow) == 1
    assert payment_of(held).status is PaymentStatus.OVERDUE
    assert len([job for job in waiting() if job["args"]["message"] == "payment-overdue"]) == 2


def test_several_daily_jobs_at_once_move_everything_once_and_send_each_loan_one_message(in_app, monkeypatch):
    monkeypatch.setattr(payments, "BATCH_SIZE", 3)
    loans = [make_approved(tenor_month=1) for _ in range(10)]
    day = payment_of(loans[0]).due_date

    def run(job, today):
        with in_app.app_context():
            return job(today)

    told = at_once(*[partial(run, payments.remind_of_tomorrow, day - timedelta(days=1))] * 4)
    moved = at_once(*[partial(run, payments.move_overdue, day + timedelta(days=1))] * 4)
    assert (sum(told), sum(moved)) == (10, 10)
    messages = sorted((job["args"]["loan_id"], job["args"]["message"]) for job in waiting())
    assert messages == sorted(
        (str(loan_id), message)
        for loan_id in loans
        for message in ("loan-approved", "payment-due-tomorrow", "payment-overdue")
    )
    assert {payment_of(loan_id).status for loan_id in loans} == {PaymentStatus.OVERDUE}


def test_people_and_the_daily_job_together_end_without_an_error(in_app, visit):
    loans = [make_approved(tenor_month=1) for _ in range(12)]
    tomorrow = payment_of(loans[0]).due_date + timedelta(days=1)
    browser, done = visit(make_staff(Role.SUPPORT_AGENT)), Event()
    forms = [form_of("post", loan_id) for loan_id in loans]

    def pay(part, tab):
        statuses = [tab.post(url, **form, htmx=True).status_code for url, form in forms[part::2]]
        done.set()
        return statuses

    def move():
        with in_app.app_context():
            moved = 0
            while not done.is_set():
                moved += payments.move_overdue(tomorrow)
            return moved

    *paid, moved = at_once(partial(pay, 0, browser.tab()), partial(pay, 1, browser.tab()), move)
    statuses = [status for answers in paid for status in answers]
    assert set(statuses) <= {303, 409}
    after = [payment_of(loan_id).status for loan_id in loans]
    assert after.count("paid") == statuses.count(303)
    assert after.count("overdue") <= moved
    assert differences() == {}
