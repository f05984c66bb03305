"""The loan's side of approving, rejecting and undoing: columns, installments, history, message."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.loans.decisions import UNDO_WINDOW, apply_decision
from portal.loans.history import Score
from portal.loans.models import Payment
from portal.loans.schedule import first_due_date
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db, transaction
from portal.shared.errors import Conflict, NotFound
from portal.shared.vocabulary import Decision, ScoreSource
from tests.factories import make_customer, make_loan, make_staff
from tests.loans.book import (
    approve,
    credit,
    differences,
    events_of,
    history_of,
    loan_of,
    make_approved,
    payment_of,
    payments_of,
    post,
    press,
    reject,
    traces,
    undo,
)
from tests.notifications.working import release_all, waiting, work_off, written

TOO_LATE = "It is too late to undo this: the message to the customer has been released."


def at(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_an_approval_sets_its_columns_and_makes_the_installments(in_app):
    due = clock.today() + timedelta(days=20)
    loan_id = make_loan(loan_amount="10000000.01", tenor_month=7, first_due_date=due)
    before = clock.now()
    approve(loan_id)
    loan = loan_of(loan_id)
    assert (loan.status, loan.rejected_at, loan.rejected_reason) == ("approved", None, None)
    assert before <= loan.approved_at <= clock.now()
    assert (loan.monthly_installment_due_date, loan.version) == (due, 2)
    lines = payments_of(loan_id)
    assert [line.sequence_number for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert {(line.status, line.payment_date, line.reference, line.version) for line in lines} == {
        ("pending", None, None, 1)
    }
    assert sum(line.payment_amount for line in lines) == Decimal("10000000.01")
    assert lines[0].payment_amount == loan.monthly_installment_amount == Decimal("1428571.43")
    assert lines[0].due_date == due
    assert differences() == {}


def test_a_first_due_date_that_has_passed_is_moved_and_the_history_says_so(in_app):
    planned = clock.today() - timedelta(days=50)
    loan_id = make_loan(first_due_date=planned)
    approve(loan_id)
    moved = first_due_date(planned, clock.today())
    assert moved >= clock.today() + timedelta(days=14)
    assert loan_of(loan_id).monthly_installment_due_date == payment_of(loan_id).due_date == moved
    entry = history_of(loan_id)[-1]
    assert entry.old_data["loan"]["monthly_installment_due_date"] == planned.isoformat()
    assert entry.new_data["loan"]["monthly_installment_due_date"] == moved.isoformat()
    assert differences() == {}


def test_an_approval_keeps_what_changed_in_the_same_keys_of_old_and_new(in_app):
    bagas, loan_id = make_staff(Role.CREDIT_ANALYST), make_loan()
    score = Score(742, "Regular income", ScoreSource.INTERNAL, datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC))
    approve(loan_id, bagas, note="Checked by phone", score=score)
    entry, approved_at = history_of(loan_id)[-1], loan_of(loan_id).approved_at
    assert entry.old_data == {
        "loan": {"status": "pending", "approved_at": None},
        "credit_score": {"decision": "pending"},
    }
    assert entry.new_data == {
        "loan": {"status": "approved", "approved_at": at(approved_at)},
        "credit_score": {"decision": "approved"},
        "_meta": {
            "event": "loan.approved",
            "actor_id": str(bagas.auth_id),
            "actor_role": "credit_analyst",
            "reason_codes": [],
            "note": "Checked by phone",
        },
    }
    assert entry.status == "approved"
    assert (entry.credit_score, entry.credit_score_reason) == (742, "Regular income")
    assert (entry.credit_score_source, entry.credit_score_updated_at) == ("internal", score.updated_at)


def test_a_rejection_keeps_its_codes_and_makes_no_installments(in_app):
    loan_id = make_loan()
    reject(loan_id, "DEBT_RATIO_TOO_HIGH", "FRAUD", note="Two employers deny it")
    loan = loan_of(loan_id)
    assert (loan.status, loan.approved_at, loan.version) == ("rejected", None, 2)
    assert loan.rejected_reason == "DEBT_RATIO_TOO_HIGH, FRAUD"
    assert payments_of(loan_id) == []
    entry = history_of(loan_id)[-1]
    assert entry.old_data == {
        "loan": {"status": "pending", "rejected_at": None, "rejected_reason": None},
        "credit_score": {"decision": "pending"},
    }
    assert entry.new_data["loan"] == {
        "status": "rejected",
        "rejected_at": at(loan.rejected_at),
        "rejected_reason": "DEBT_RATIO_TOO_HIGH, FRAUD",
    }
    assert entry.new_data["_meta"]["reason_codes"] == ["DEBT_RATIO_TOO_HIGH", "FRAUD"]
    assert entry.new_data["_meta"]["note"] == "Two employers deny it"
    assert entry.status == "rejected"
    assert differences() == {}


@pytest.mark.parametrize("decide", [approve, reject])
def test_a_decision_holds_its_message_for_a_minute(in_app, decide):
    loan_id, before = make_loan(), clock.now()
    message_id = decide(loan_id)
    (job,) = waiting()
    assert job["args"]["message_id"] == str(message_id)
    assert job["args"]["loan_id"] == str(loan_id)
    assert job["args"]["message"] == ("loan-approved" if decide is approve else "loan-rejected")
    assert timedelta(seconds=59) < job["scheduled_at"] - before < UNDO_WINDOW + timedelta(seconds=5)
    work_off(in_app)
    assert written() == []
    release_all()
    work_off(in_app)
    assert [message["_id"] for message in written()] == [message_id]


def test_the_customer_reads_the_reasons_in_his_words_and_never_the_note(in_app):
    customer = make_customer(fullname="Siti", preferences={"language": "en"})
    loan_id = make_loan(user_id=customer)
    reject(loan_id, "INCOME_INSUFFICIENT", "FRAUD", "OTHER", note="Forged payslip")
    release_all()
    work_off(in_app)
    (message,) = written()
    assert message["notification_content"] == (
        "Hello Siti, we could not approve your loan: the income does not cover the installments;"
        " the application does not meet our terms."
    )
    assert message["context"] == {"message": "loan-rejected", "status": "rejected"}


@pytest.mark.parametrize("decide", [approve, reject])
def test_a_loan_is_decided_once(in_app, superuser, decide):
    loan_id, other = make_loan(), make_loan()
    approve(loan_id)
    reject(other)
    before = traces(superuser)
    with pytest.raises(Conflict, match="already been approved"):
        decide(loan_id)
    with pytest.raises(Conflict, match="already been rejected"):
        decide(other)
    assert traces(superuser) == before


def test_a_decision_that_breaks_later_in_its_transaction_leaves_nothing(in_app, superuser):
    loan_id, bagas = make_loan(), make_staff(Role.CREDIT_ANALYST)
    before = traces(superuser)

    def approve_and_break():
        with transaction():
            apply_decision(loan_id, Decision.APPROVED, credit=credit("approved"), actor=bagas.actor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        approve_and_break()
    assert traces(superuser) == before


def test_there_is_no_deciding_outside_a_transaction_nor_about_nothing(in_app, superuser):
    loan_id, bagas = make_loan(), make_staff(Role.CREDIT_ANALYST)
    before = traces(superuser)
    with pytest.raises(RuntimeError, match="transaction"):
        apply_decision(loan_id, Decision.APPROVED, credit=credit("approved"), actor=bagas.actor)
    db.session.rollback()
    assert traces(superuser) == before
    with pytest.raises(NotFound):
        approve(uuid4())


# Undoing


@pytest.mark.parametrize("planned", [timedelta(days=20), timedelta(days=-50)], ids=["ahead", "past"])
def test_undoing_an_approval_leaves_the_loan_as_it_was_submitted(in_app, planned):
    due = clock.today() + planned
    loan_id, maker = make_loan(first_due_date=due), make_staff(Role.CREDIT_ANALYST)
    undo(loan_id, approve(loan_id), maker)
    loan = loan_of(loan_id)
    assert (loan.status, loan.approved_at, loan.rejected_at, loan.rejected_reason) == ("pending", None, None, None)
    assert (loan.monthly_installment_due_date, loan.version) == (due, 3)
    assert payments_of(loan_id) == []
    assert waiting() == []
    _, approved, undone = history_of(loan_id)
    assert undone.status == "pending"
    assert undone.new_data["_meta"]["event"] == "loan.decision_undone"
    assert undone.new_data["_meta"]["actor_id"] == str(maker.auth_id)
    assert undone.old_data == {key: value for key, value in approved.new_data.items() if key != "_meta"}
    assert {key: value for key, value in undone.new_data.items() if key != "_meta"} == approved.old_data
    assert differences() == {}


def test_undoing_a_rejection_leaves_the_loan_as_it_was_submitted(in_app):
    loan_id = make_loan()
    undo(loan_id, reject(loan_id))
    loan = loan_of(loan_id)
    assert (loan.status, loan.approved_at, loan.rejected_at, loan.rejected_reason) == ("pending", None, None, None)
    assert waiting() == []
    assert events_of(loan_id) == ["loan.submitted", "loan.rejected", "loan.decision_undone"]
    assert differences() == {}


def test_an_undone_loan_can_be_decided_anew(in_app):
    loan_id = make_loan(first_due_date=clock.today() - timedelta(days=1), tenor_month=3)
    undo(loan_id, approve(loan_id))
    undo(loan_id, reject(loan_id))
    approve(loan_id)
    assert len(payments_of(loan_id)) == 3
    assert len(waiting()) == 1
    assert differences() == {}


def test_a_pending_loan_has_nothing_to_undo(in_app):
    loan_id = make_loan()
    with pytest.raises(Conflict):
        undo(loan_id, uuid4())
    assert events_of(loan_id) == ["loan.submitted"]


@pytest.mark.parametrize("how", ["taken by a worker", "written"])
def test_it_is_too_late_once_the_message_is_released(in_app, superuser, how):
    loan_id = make_loan()
    message_id = approve(loan_id)
    if how == "written":
        release_all()
        work_off(in_app)
    else:
        db.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        db.session.commit()
    before = traces(superuser)
    with pytest.raises(Conflict, match=TOO_LATE):
        undo(loan_id, message_id)
    assert traces(superuser) == before


def test_it_is_too_late_once_a_payment_is_settled_and_no_longer_when_that_is_reversed(in_app, superuser, visit):
    loan_id = make_loan()
    message_id = approve(loan_id)
    maya, bagas = visit(make_staff(Role.SUPPORT_AGENT)), visit(make_staff(Role.CREDIT_ANALYST))
    assert post(maya, loan_id).status_code == 303
    before = traces(superuser)
    with pytest.raises(Conflict):
        undo(loan_id, message_id)
    assert traces(superuser) == before
    assert len(waiting()) == 1, "the message still goes out"
    assert press(bagas, "reverse", loan_id).status_code == 303
    undo(loan_id, message_id)
    assert loan_of(loan_id).status is Decision.PENDING
    assert differences() == {}


# What the database itself refuses


CONTRADICTIONS = [
    "status = 'approved'",
    "status = 'rejected'",
    "approved_at = now()",
    "rejected_at = now()",
    "rejected_reason = 'FRAUD'",
    "status = 'approved', approved_at = now(), rejected_reason = 'FRAUD'",
    "status = 'approved', approved_at = now(), rejected_at = now()",
    "status = 'rejected', rejected_at = now()",
    "status = 'rejected', rejected_at = now(), rejected_reason = ''",
    "status = 'rejected', rejected_at = now(), rejected_reason = '   '",
    "status = 'rejected', rejected_reason = 'FRAUD'",
    "loan_amount = 0",
    "loan_amount = 'NaN'",
    "monthly_installment_amount = -1",
    "monthly_installment_amount = 'NaN'",
    "tenor_month = 0",
    "tenor_month = 61",
]


def test_columns_that_contradict_each_other_are_refused(in_app):
    loan_id = make_loan()
    for change in CONTRADICTIONS:
        with pytest.raises(IntegrityError, match="violates check constraint"):
            db.session.execute(text(f"UPDATE loans SET {change} WHERE loan_id = :id"), {"id": loan_id})
        assert loan_of(loan_id).status is Decision.PENDING, change


def test_a_rejection_without_a_reason_is_refused(in_app, superuser):
    loan_id, bagas = make_loan(), make_staff(Role.CREDIT_ANALYST)
    before = traces(superuser)
    with pytest.raises(IntegrityError, match="ck_loans_status"), transaction():
        apply_decision(loan_id, Decision.REJECTED, codes=(), credit=credit("rejected"), actor=bagas.actor)
    assert traces(superuser) == before


OF_INSTALLMENTS = [
    "status = 'paid'",
    "payment_date = now()",
    "reference = 'BCA-1'",
    "status = 'paid', payment_date = now()",
    "status = 'paid', reference = 'BCA-1'",
    "status = 'overdue', payment_date = now(), reference = 'BCA-1'",
    "payment_amount = 0",
    "payment_amount = 'NaN'",
    "sequence_number = 0",
    "sequence_number = 2",
]


def test_an_installment_that_contradicts_itself_is_refused(in_app):
    loan_id = make_approved(tenor_month=2)
    statement = "UPDATE loans_payments SET {} WHERE loan_id = :id AND sequence_number = 1"
    for change in OF_INSTALLMENTS:
        with pytest.raises(IntegrityError, match=r"violates (check|unique) constraint"):
            db.session.execute(text(statement.format(change)), {"id": loan_id})
        assert payment_of(loan_id).status == "pending", change


def test_every_installment_belongs_to_a_loan(in_app):
    db.session.add(
        Payment(
            loan_id=uuid4(), payment_amount=Decimal(1), sequence_number=1, due_date=date(2027, 1, 1), reference=None
        )
    )
    with pytest.raises(IntegrityError, match="foreign key"):
        db.session.commit()
    db.session.rollback()
