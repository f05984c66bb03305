"""Payments through the pages: posted by support, reversed and rescheduled by credit analysts."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.loans import payments
from portal.loans.models import PaymentStatus
from portal.shared import clock
from portal.shared.database import db
from tests.client import error_at, filled_in
from tests.factories import audit_events
from tests.loans.book import (
    BAD_REFERENCE,
    REASON,
    differences,
    events_of,
    history_of,
    make_approved,
    new_reference,
    payment_of,
    post,
    press,
    said,
    traces,
)

DIGITS = "Write the amount in digits, such as 1500000 or 1666.67."
WHY = "Write why, in at least 10 characters."
A_DATE = "Write the date as year-month-day, such as 2027-03-31."


def make_late(loan_id, days=10):
    """The first installment fell due that many days ago, and the daily job has seen it."""
    db.session.execute(
        text("UPDATE loans_payments SET due_date = :day WHERE loan_id = :id AND sequence_number = 1"),
        {"day": clock.today() - timedelta(days=days), "id": loan_id},
    )
    db.session.commit()
    payments.move_overdue(clock.today())


def meta(entry):
    return {key: entry.new_data["_meta"][key] for key in ("event", "actor_id", "actor_role", "reason_codes", "note")}


# Posting


def test_a_posted_payment_settles_its_installment(mayas, maya, loan_id):
    reference, before = new_reference(), clock.now()
    answer = post(mayas, loan_id, reference=f"  {reference} ")
    assert (answer.status_code, answer.location) == (303, f"/loans/{loan_id}/payments")
    paid, *open_ = (payment_of(loan_id, number) for number in (1, 2, 3))
    assert (paid.status, paid.reference, paid.version) == ("paid", reference, 2)
    assert before <= paid.payment_date <= clock.now()
    assert {(line.status, line.reference) for line in open_} == {("pending", None)}
    entry = history_of(loan_id)[-1]
    assert entry.old_data == {"payments": {"1": {"status": "pending", "payment_date": None, "reference": None}}}
    assert entry.new_data["payments"] == {
        "1": {
            "status": "paid",
            "payment_date": paid.payment_date.isoformat().replace("+00:00", "Z"),
            "reference": reference,
        }
    }
    assert meta(entry) == {
        "event": "payment.posted",
        "actor_id": str(maya.auth_id),
        "actor_role": "support_agent",
        "reason_codes": [],
        "note": None,
    }
    assert entry.status == "approved"
    (event,) = audit_events("payment.posted")
    assert (event.actor_id, event.subject, event.details) == (maya.auth_id, loan_id, {"installment": 1})
    page = mayas.get(answer.location)
    assert "Payment posted." in page.text
    assert reference in page.text


def test_an_overdue_installment_can_be_paid_too(mayas, loan_id):
    payments.move_overdue(payment_of(loan_id).due_date + timedelta(days=1))
    assert payment_of(loan_id).status is PaymentStatus.OVERDUE
    assert post(mayas, loan_id).status_code == 303
    entry = history_of(loan_id)[-1]
    assert entry.old_data["payments"]["1"]["status"] == "overdue"
    assert entry.old_data["payments"]["1"].keys() == entry.new_data["payments"]["1"].keys()
    assert differences() == {}


def test_the_last_installment_takes_its_own_amount_however_it_is_written(mayas, loan_id):
    """Three times 33,333.33 and a rest: the last one is 33,333.35."""
    answer = post(mayas, loan_id, 3, amount="33333.33")
    assert answer.status_code == 422
    assert "The installment is Rp33.333,35. Post exactly that amount." in said(answer)
    for number, amount in ((1, " 33333.33 "), (2, "0033333.33"), (3, "33333.35")):
        assert post(mayas, loan_id, number, amount=amount).status_code == 303


WRONG_AMOUNTS = {
    "33333.34": "The installment is Rp33.333,33. Post exactly that amount.",
    "33333.32": "The installment is Rp33.333,33. Post exactly that amount.",
    "33333": "The installment is Rp33.333,33. Post exactly that amount.",
    "0": "The installment is Rp33.333,33. Post exactly that amount.",
    "99999999.99": "The installment is Rp33.333,33. Post exactly that amount.",
    "100000000.00": "The largest amount the books can hold is Rp99.999.999,99.",
    "": "Enter the amount that was paid.",
    "-1": DIGITS,
    "1e9": DIGITS,
    "12,5": DIGITS,
    "33.333,33": DIGITS,
    "33333.333": DIGITS,
    "NaN": DIGITS,
    "Infinity": DIGITS,
    "٣٣٣٣٣": DIGITS,
    "3_3333.33": DIGITS,
    "9" * 5000: DIGITS,
    "<b>1</b>": DIGITS,
}
WRONG_REFERENCES = {
    "": "Enter the reference of the transfer.",
    "   ": BAD_REFERENCE,
    "abc": BAD_REFERENCE,
    "-abcd": BAD_REFERENCE,
    "abc def": BAD_REFERENCE,
    "transfér": BAD_REFERENCE,
    "a" * 65: BAD_REFERENCE,
    "'; DROP TABLE": BAD_REFERENCE,
    "=cmd()": BAD_REFERENCE,
}


def test_a_wrong_amount_is_refused_with_a_sentence_and_stays_in_its_field(mayas, loan_id, superuser):
    reference, before = new_reference(), traces(superuser)
    for amount, sentence in WRONG_AMOUNTS.items():
        answer = post(mayas, loan_id, amount=amount, reference=reference, htmx=True)
        assert answer.status_code == 422, amount
        assert sentence in said(answer), amount
        assert filled_in(answer.text)["amount"] == [amount]
        assert filled_in(answer.text)["reference"] == [reference]
    before["audit_events"] = traces(superuser)["audit_events"]  # the page's own record of being opened
    assert traces(superuser) == before
    assert post(mayas, loan_id, reference=reference).status_code == 303


def test_a_wrong_reference_is_refused_with_a_sentence_and_stays_in_its_field(mayas, loan_id):
    for reference, sentence in WRONG_REFERENCES.items():
        answer = post(mayas, loan_id, reference=reference, htmx=True)
        assert answer.status_code == 422, reference
        assert sentence in said(answer), reference
        assert filled_in(answer.text)["amount"] == ["33333.33"]
        assert filled_in(answer.text)["reference"] == [reference.strip()]
    assert payment_of(loan_id).status is PaymentStatus.PENDING


def test_a_reference_is_used_once_and_free_again_when_its_payment_is_reversed(mayas, bagass, loan_id):
    reference, other = new_reference(), make_approved()
    assert post(mayas, loan_id, reference=reference).status_code == 303
    for used in (loan_id, other):
        answer = post(mayas, used, 2, reference=reference)
        assert answer.status_code == 422
        assert "This reference was used for another payment. Check the transfer." in said(answer)
        assert filled_in(answer.text)["reference"] == [reference]
    assert press(bagass, "reverse", loan_id).status_code == 303
    assert post(mayas, other, 2, reference=reference).status_code == 303
    assert differences() == {}


# Reversing and rescheduling


def test_a_reversed_payment_leaves_the_installment_open_and_says_why(mayas, bagass, bagas, loan_id):
    post(mayas, loan_id)
    paid = payment_of(loan_id)
    answer = press(bagass, "reverse", loan_id, reason=f" {REASON}\r\nAsk Maya. ")
    assert (answer.status_code, answer.location) == (303, f"/loans/{loan_id}/payments")
    line = payment_of(loan_id)
    assert (line.status, line.payment_date, line.reference, line.version) == ("pending", None, None, 3)
    entry = history_of(loan_id)[-1]
    assert entry.old_data["payments"]["1"] == {
        "status": "paid",
        "payment_date": paid.payment_date.isoformat().replace("+00:00", "Z"),
        "reference": paid.reference,
    }
    assert entry.new_data["payments"] == {"1": {"status": "pending", "payment_date": None, "reference": None}}
    assert meta(entry) == {
        "event": "payment.reversed",
        "actor_id": str(bagas.auth_id),
        "actor_role": "credit_analyst",
        "reason_codes": [],
        "note": f"{REASON}\nAsk Maya.",
    }
    (event,) = audit_events("payment.reversed")
    assert (event.actor_id, event.details) == (bagas.auth_id, {"installment": 1})
    assert post(mayas, loan_id).status_code == 303
    assert differences() == {}


def test_a_reversed_payment_that_was_due_before_today_is_overdue_again(mayas, bagass, loan_id):
    make_late(loan_id)
    post(mayas, loan_id)
    press(bagass, "reverse", loan_id)
    assert payment_of(loan_id).status is PaymentStatus.OVERDUE
    assert history_of(loan_id)[-1].new_data["payments"]["1"]["status"] == "overdue"


def test_a_rescheduled_installment_is_due_on_its_new_day(bagass, bagas, loan_id):
    make_late(loan_id)
    was = payment_of(loan_id)
    answer = press(bagass, "reschedule", loan_id, due_date=clock.today().isoformat())
    assert (answer.status_code, answer.location) == (303, f"/loans/{loan_id}/payments")
    line = payment_of(loan_id)
    assert (line.status, line.due_date, line.version) == ("pending", clock.today(), was.version + 1)
    entry = history_of(loan_id)[-1]
    assert entry.old_data["payments"] == {"1": {"due_date": was.due_date.isoformat(), "status": "overdue"}}
    assert entry.new_data["payments"] == {"1": {"due_date": clock.today().isoformat(), "status": "pending"}}
    assert meta(entry)["event"] == "payment.rescheduled"
    assert meta(entry)["note"] == REASON
    (event,) = audit_events("payment.rescheduled")
    assert (event.actor_id, event.details) == (bagas.auth_id, {"installment": 1})


def test_only_what_changed_is_kept_of_a_pending_one(bagass, loan_id):
    due = payment_of(loan_id, 2).due_date
    press(bagass, "reschedule", loan_id, 2)
    entry = history_of(loan_id)[-1]
    assert entry.old_data == {"payments": {"2": {"due_date": due.isoformat()}}}
    assert entry.new_data["payments"] == {"2": {"due_date": (due + timedelta(days=7)).isoformat()}}
    assert differences() == {}


RANGE = "Choose a due date from today on, at most five years ahead."


def test_a_wrong_due_date_is_refused_with_a_sentence_and_stays_in_its_field(bagass, loan_id):
    due = payment_of(loan_id).due_date
    wrong = {
        "": "Choose the new due date.",
        (clock.today() - timedelta(days=1)).isoformat(): RANGE,
        (clock.today() + timedelta(days=5 * 366 + 1)).isoformat(): RANGE,
        "2199-12-31": RANGE,
        "1900-01-01": RANGE,
        due.isoformat(): "This is the present due date. Choose another.",
        "10000-01-01": A_DATE,
        "9999-12-31": A_DATE,
        "0000-00-00": A_DATE,
        "2027-02-30": A_DATE,
        "31-03-2027": A_DATE,
        "2027-W01-1": A_DATE,
        "20270331": A_DATE,
        "tomorrow": A_DATE,
    }
    for day, sentence in wrong.items():
        answer = press(bagass, "reschedule", loan_id, due_date=day, htmx=True)
        assert answer.status_code == 422, day
        assert sentence in said(answer), day
        assert filled_in(answer.text)["due_date"] == [day]
        assert filled_in(answer.text)["reason"] == [REASON]
    assert payment_of(loan_id).due_date == due
    assert events_of(loan_id) == ["loan.submitted", "loan.approved"]


@pytest.mark.parametrize("act", ["reverse", "reschedule"])
def test_a_reason_is_asked_for(mayas, bagass, loan_id, act):
    if act == "reverse":
        post(mayas, loan_id)
    before = events_of(loan_id)
    for reason in ("", "   ", "too short", " " * 20, "\n" * 20):
        answer = press(bagass, act, loan_id, reason=reason, htmx=True)
        assert answer.status_code == 422
        assert error_at(answer.text, "reason") == WHY
    answer = press(bagass, act, loan_id, reason="x" * 501)
    assert answer.status_code == 422
    assert error_at(answer.text, "reason") == "Use at most 500 characters."
    assert filled_in(answer.text)["reason"] == ["x" * 501]
    assert events_of(loan_id) == before
    assert press(bagass, act, loan_id, reason="ten chars!").status_code == 303


def test_a_reason_comes_back_as_typed_and_does_nothing_else(mayas, bagass, loan_id):
    reason = "<script>alert(1)</script> <p hx-get=/x> {{7*7}} \u202eמה\u202c 👩‍🔧 o\u0308 ' \" & ok"
    post(mayas, loan_id)
    assert press(bagass, "reverse", loan_id, reason=reason).status_code == 303
    page = bagass.get(f"/loans/{loan_id}/history")
    assert history_of(loan_id)[-1].new_data["_meta"]["note"] == reason.replace("o\u0308", "ö")
    assert "<script>alert" not in page.text
    assert "<p hx-get=/x>" not in page.text
    assert "{{7*7}}" in page.text


def test_what_is_not_paid_cannot_be_reversed_and_what_is_paid_not_rescheduled(mayas, maya, bagass, loan_id):
    answer = press(bagass, "reverse", loan_id)
    assert answer.status_code == 409
    assert "This installment is not paid." in said(answer)
    assert filled_in(answer.text)["reason"] == [REASON]
    post(mayas, loan_id)
    answer = press(bagass, "reschedule", loan_id)
    assert answer.status_code == 409
    assert re.search(rf"{maya.name} changed this installment at \d\d:\d\d WIB\.", said(answer))
    assert filled_in(answer.text)["reason"] == [REASON]
    answer = post(mayas, loan_id)
    assert answer.status_code == 409
    assert events_of(loan_id) == ["loan.submitted", "loan.approved", "payment.posted"]
