"""Payments through the pages: posted by support, reversed and rescheduled by credit analysts."""

import re
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.loans import payments
from portal.loans.models import PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from tests.client import error_at, filled_in
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import (
    REASON,
    approve,
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
REFERENCE = "Use 4 to 64 letters, digits, points, slashes or hyphens for the reference."
WHY = "Write why, in at least 10 characters."
A_DATE = "Write the date as year-month-day, such as 2027-03-31."
ACTS = ("post", "reverse", "reschedule")


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wijaya")


@pytest.fixture
def mayas(maya, visit):
    return visit(maya)


@pytest.fixture
def bagass(bagas, visit):
    return visit(bagas)


@pytest.fixture
def loan_id(in_app):
    return make_approved(loan_amount="100000.01", tenor_month=3)


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
    "   ": REFERENCE,
    "abc": REFERENCE,
    "-abcd": REFERENCE,
    "abc def": REFERENCE,
    "transfér": REFERENCE,
    "a" * 65: REFERENCE,
    "'; DROP TABLE": REFERENCE,
    "=cmd()": REFERENCE,
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


# Who may, and whether it still is what he saw


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.SUPPORT_AGENT, {"post"}),
        (Role.CREDIT_ANALYST, {"reverse", "reschedule"}),
        (Role.ADMIN, set()),
        (Role.KYC_REVIEWER, set()),
    ],
)
def test_each_act_is_its_roles_and_no_others(visit, loan_id, mayas, superuser, role, may):
    post(mayas, loan_id, 2)
    browser = visit(make_staff(role))
    for act in set(ACTS) - may:
        before = traces(superuser)
        answer = press(browser, act, loan_id, 2 if act == "reverse" else 1)
        assert answer.status_code == 403, act
        assert "Your role cannot open this" in answer.text
        before["audit_events"] = traces(superuser)["audit_events"]
        assert traces(superuser) == before
    assert len(audit_events("access.refused")) == 3 - len(may)
    if role is not Role.KYC_REVIEWER:
        page = browser.get(f"/loans/{loan_id}/payments").text
        assert {act for act in ACTS if f"act={act}" in page} == may


def test_nobody_moves_the_payments_of_his_own_loan(visit, mayas):
    for act in ACTS:
        clerk = make_staff(Role.SUPPORT_AGENT if act == "post" else Role.CREDIT_ANALYST)
        loan_id = make_approved(user_id=make_customer(auth_id=clerk.auth_id), tenor_month=1)
        if act == "reverse":
            post(mayas, loan_id)
        browser, before = visit(clerk), events_of(loan_id)
        for fields in ({}, {"amount": "x", "reason": ""}):
            answer = press(browser, act, loan_id, **fields)
            assert answer.status_code == 403
            assert "This is your own loan. A colleague has to do this." in said(answer)
        assert events_of(loan_id) == before


def test_a_page_that_is_out_of_date_is_told_who_was_faster_and_keeps_what_was_typed(mayas, bagass, bagas, loan_id):
    old, reference = payment_of(loan_id).version, new_reference()
    press(bagass, "reschedule", loan_id)
    answer = post(mayas, loan_id, version=old, reference=reference)
    assert answer.status_code == 409
    assert re.search(rf"{bagas.name} changed this installment at \d\d:\d\d WIB\.", said(answer))
    assert filled_in(answer.text)["reference"] == [reference]
    assert filled_in(answer.text)["amount"] == ["33333.33"]
    assert payment_of(loan_id).status is PaymentStatus.PENDING
    old = payment_of(loan_id).version
    post(mayas, loan_id)
    press(bagass, "reverse", loan_id)
    day = (clock.today() + timedelta(days=3)).isoformat()
    answer = press(bagass, "reschedule", loan_id, version=old, due_date=day)
    assert answer.status_code == 409
    assert filled_in(answer.text)["due_date"] == [day]
    assert filled_in(answer.text)["reason"] == [REASON]


def test_that_somebody_was_faster_counts_before_what_is_wrong_with_the_form(mayas, bagass, bagas, loan_id):
    old = payment_of(loan_id).version
    press(bagass, "reschedule", loan_id)
    answer = post(mayas, loan_id, version=old, amount="12,5", reference="x")
    assert answer.status_code == 409
    assert bagas.name in said(answer)
    assert filled_in(answer.text)["amount"] == ["12,5"]
    assert filled_in(answer.text)["reference"] == ["x"]
    answer = press(bagass, "reschedule", loan_id, version=old, due_date="", reason="short")
    assert answer.status_code == 409
    assert filled_in(answer.text)["reason"] == ["short"]


def test_when_the_daily_job_was_faster_nobody_is_blamed(mayas, bagass, bagas, loan_id):
    press(bagass, "reschedule", loan_id, due_date=clock.today().isoformat())
    old = payment_of(loan_id).version
    payments.move_overdue(clock.today() + timedelta(days=1))
    answer = post(mayas, loan_id, version=old)
    assert answer.status_code == 409
    assert "This installment was changed meanwhile." in said(answer)
    assert bagas.name not in said(answer)


def test_a_form_without_its_version_or_command_is_refused(mayas, loan_id):
    for name in ("version", "command_id"):
        for value in ("", "x", "-1", "1.5", "９", "99999999999", None):
            answer = post(mayas, loan_id, htmx=True, **{name: value})
            assert answer.status_code == 422, (name, value)
            assert "This form is not complete. Open the page again." in said(answer)
    assert payment_of(loan_id).status is PaymentStatus.PENDING


def test_there_is_nothing_at_an_address_that_does_not_fit(mayas, bagass, loan_id):
    other = make_approved(tenor_month=1)
    form = {
        "version": 1,
        "amount": "33333.33",
        "reference": new_reference(),
        "reason": REASON,
        "due_date": "2027-01-31",
    }
    for browser, act in ((mayas, "post"), (bagass, "reverse"), (bagass, "reschedule")):
        for loan, payment in ((uuid4(), uuid4()), (loan_id, uuid4()), (loan_id, payment_of(other).id)):
            for typed in (form, {**form, "reason": "", "amount": ""}):
                answer = browser.post(f"/loans/{loan}/payments/{payment}/{act}", **typed)
                assert answer.status_code == 404
                assert "There is nothing here" in answer.text


def test_fields_that_are_not_on_the_form_change_nothing(mayas, loan_id):
    other = make_customer()
    post(mayas, loan_id, status="approved", payment_date="2020-01-01", user_id=str(other), loan_amount="1", note="x")
    entry = history_of(loan_id)[-1]
    assert entry.new_data["payments"]["1"].keys() == {"status", "payment_date", "reference"}
    assert entry.new_data["_meta"]["note"] is None
    assert differences() == {}


# Whatever is sent


def test_a_note_of_a_megabyte_gets_a_sentence_and_comes_back_whole(mayas, bagass, loan_id):
    post(mayas, loan_id)
    note = "Long story. " * (1024 * 1024 // 12)
    for act in ("reverse", "reschedule"):
        number = 1 if act == "reverse" else 2
        answer = press(bagass, act, loan_id, number, reason=note, htmx=act == "reverse")
        assert answer.status_code == 422
        assert error_at(answer.text, "reason") == "Use at most 500 characters."
        assert filled_in(answer.text)["reason"] == [note.strip()]
    answer = press(bagass, "reverse", loan_id, reason=note * 2)
    assert answer.status_code == 413
    assert "Send less than 1 MB at a time." in said(answer)
    answer = post(mayas, loan_id, 2, reference="r" * 1024 * 1024, htmx=True)
    assert answer.status_code == 422
    assert REFERENCE in said(answer)
    assert events_of(loan_id)[-1] == "payment.posted"


def test_nul_is_refused_wherever_it_stands(mayas, bagass, loan_id):
    for browser, act in ((mayas, "post"), (bagass, "reschedule")):
        for field in ("amount", "reference", "reason", "due_date", "version", "command_id"):
            answer = press(browser, act, loan_id, htmx=True, **{field: "12\x003"})
            assert answer.status_code == 422
            assert "The text holds characters that cannot be kept. Remove them and send it again." in said(answer)
    assert events_of(loan_id) == ["loan.submitted", "loan.approved"]


def test_the_largest_loan_is_paid_to_the_cent(mayas):
    loan_id = make_loan(loan_amount="99999999.99", tenor_month=2)
    approve(loan_id)
    assert [payment_of(loan_id, n).payment_amount for n in (1, 2)] == [Decimal("49999999.99"), Decimal("50000000.00")]
    assert post(mayas, loan_id, 1).status_code == 303
    assert post(mayas, loan_id, 2, amount="50000000").status_code == 303
    page = mayas.get(f"/loans/{loan_id}")
    assert "Paid off" in said(page)
    assert differences() == {}


def test_the_form_of_an_installment_opens_from_its_address(mayas, bagass, loan_id):
    line = payment_of(loan_id, 2)
    page = mayas.get(f"/loans/{loan_id}/payments?open={line.id}&act=post")
    assert filled_in(page.text)["version"] == ["1"]
    assert f'action="/loans/{loan_id}/payments/{line.id}/post"' in page.text
    for query in (f"open={line.id}&act=reverse", f"open={line.id}&act=nothing", "open=x&act=post", f"open={uuid4()}"):
        assert mayas.get(f"/loans/{loan_id}/payments?{query}").status_code == 200
        assert bagass.get(f"/loans/{loan_id}/payments?{query}").status_code == 200


def test_a_pending_loan_has_no_payments_yet(mayas):
    page = mayas.get(f"/loans/{make_loan(first_due_date=date(2027, 1, 31))}/payments")
    assert page.status_code == 200
    assert "No schedule yet" in page.text
