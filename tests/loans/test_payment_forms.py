"""Who may move payments, whether they are still what was seen, and whatever else a form may hold."""

import re
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from portal.loans import payments
from portal.loans.models import PaymentStatus
from portal.permissions import Role
from portal.shared import clock
from tests.client import error_at, filled_in
from tests.factories import audit_events, make_customer, make_loan, make_staff
from tests.loans.book import (
    ACTS,
    BAD_REFERENCE,
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
    assert BAD_REFERENCE in said(answer)
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
