"""The loan book as tests speak of it: what the credit decision and the people do to a loan, and what it leaves."""

import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from portal.loans import reconciliation
from portal.loans.decisions import apply_decision, undo_decision
from portal.loans.models import Loan, Payment, Review
from portal.permissions import Role
from portal.shared.database import db, transaction
from portal.shared.vocabulary import Decision
from tests.client import Browser
from tests.factories import Staff, make_loan, make_staff

UNDECIDED = {"decision": "pending"}
REASON = "The transfer was meant for another loan"
BAD_REFERENCE = "Use 4 to 64 letters, digits, points, slashes or hyphens for the reference."
ACTS = ("post", "reverse", "reschedule")
TABLES = ("loans", "loans_payments", "loans_review_history", "audit_events", "commands", "procrastinate_jobs")

_references = count(1)


def credit(decision: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The credit score's side of a decision, before and after."""
    return UNDECIDED, {"decision": decision}


def approve(loan_id: UUID, by: Staff | None = None, **given: Any) -> UUID:
    """Approve a loan as the credit decision does; returns the held message's id."""
    return _decide(loan_id, Decision.APPROVED, by, given)


def reject(loan_id: UUID, *codes: str, by: Staff | None = None, **given: Any) -> UUID:
    return _decide(loan_id, Decision.REJECTED, by, {"codes": codes or ("INCOME_INSUFFICIENT",), **given})


def undo(loan_id: UUID, message_id: UUID, by: Staff | None = None) -> None:
    actor = (by or make_staff(Role.CREDIT_ANALYST)).actor
    before = {"decision": str(loan_of(loan_id).status)}
    with transaction():
        undo_decision(loan_id, message_id, credit=(before, UNDECIDED), actor=actor)


def _decide(loan_id: UUID, decision: Decision, by: Staff | None, given: dict[str, Any]) -> UUID:
    actor = (by or make_staff(Role.CREDIT_ANALYST)).actor
    with transaction():
        return apply_decision(loan_id, decision, credit=credit(decision), actor=actor, **given)


def make_approved(**given: Any) -> UUID:
    """A loan that was approved."""
    loan_id = make_loan(**given)
    approve(loan_id)
    return loan_id


def loan_of(loan_id: UUID) -> Loan:
    """The loan as it stands now; what was read earlier keeps the values it had."""
    (loan,) = _read(db.select(Loan).where(Loan.loan_id == loan_id))
    return loan


def payments_of(loan_id: UUID) -> Sequence[Payment]:
    """Its installments as they stand now, in order."""
    return _read(db.select(Payment).where(Payment.loan_id == loan_id).order_by(Payment.sequence_number))


def payment_of(loan_id: UUID, number: int = 1) -> Payment:
    return payments_of(loan_id)[number - 1]


def history_of(loan_id: UUID) -> Sequence[Review]:
    """Its review history, oldest first."""
    return _read(db.select(Review).where(Review.loan_id == loan_id).order_by(Review.created_at, Review.id))


def _read(statement: Any) -> Sequence[Any]:
    db.session.rollback()
    found = db.session.scalars(statement, execution_options={"populate_existing": True}).all()
    for row in found:
        db.session.expunge(row)
    db.session.rollback()
    return found


def events_of(loan_id: UUID) -> list[str]:
    return [entry.new_data["_meta"]["event"] for entry in history_of(loan_id)]


def differences() -> dict[UUID, list[str]]:
    """What reconciling finds, by loan."""
    db.session.rollback()
    return {loan_id: words for loan_id, words in reconciliation.differences() if words}


def new_reference() -> str:
    return f"BCA-{next(_references):08d}"


def form_of(act: str, loan_id: UUID, number: int = 1, /, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Where the form of an installment goes, and what stands in it: what should, unless said otherwise."""
    payment = payment_of(loan_id, number)
    usual: dict[str, dict[str, Any]] = {
        "post": {"amount": f"{payment.payment_amount}", "reference": new_reference()},
        "reverse": {"reason": REASON},
        "reschedule": {"reason": REASON, "due_date": (payment.due_date + timedelta(days=7)).isoformat()},
    }
    form = {"version": payment.version, **usual[act], **fields}
    return f"/loans/{loan_id}/payments/{payment.id}/{act}", form


def press(browser: Browser, act: str, loan_id: UUID, number: int = 1, /, **fields: Any) -> TestResponse:
    """Send the form of an installment."""
    url, form = form_of(act, loan_id, number, **fields)
    return browser.post(url, **form)


def post(browser: Browser, loan_id: UUID, number: int = 1, /, **fields: Any) -> TestResponse:
    return press(browser, "post", loan_id, number, **fields)


def said(answer: TestResponse) -> str:
    """What a page says, as a person reads it: no tags, no entities, single blanks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", answer.text)))


def rows_of(answer: TestResponse) -> list[UUID]:
    """The rows of a list, in their order."""
    return [UUID(found) for found in re.findall(r'data-row="([0-9a-f-]{36})"', answer.text)]


def traces(superuser: Engine) -> dict[str, list[Any]]:
    """Every row that a change of a loan could leave anywhere, to compare before with after."""
    with superuser.connect() as connection:
        return {
            table: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY t::text")))
            for table in TABLES
        }


def sql(superuser: Engine, statement: str, **values: Any) -> None:
    """Change what nobody may change, or many rows at once."""
    db.session.rollback()
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement), values)


def make_many(superuser: Engine, number: int, **columns: str) -> None:
    """So many loans at once, without a history; each column is an SQL expression over ``i``, from 1 to ``number``."""
    values = {
        "loan_id": "gen_random_uuid()",
        "user_id": f"'{UUID(int=0)}'",
        "loan_amount": "24000000",
        "tenor_month": "12",
        "status": "'pending'",
        "monthly_installment_amount": "2000000",
        "monthly_installment_due_date": "current_date + 30",
        "created_at": "now() - i * interval '1 minute'",
        **columns,
    }
    statement = f"INSERT INTO loans ({', '.join(values)}) SELECT {', '.join(values.values())} FROM generate_series(1, "
    sql(superuser, f"{statement}{number}) i")
