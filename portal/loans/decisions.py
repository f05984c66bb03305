"""The loan's side of the credit decision: approved, rejected, undone, and what scores came in."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Unpack
from uuid import UUID

from portal import notifications
from portal.loans import history, schedule
from portal.loans.history import Facts, Why
from portal.loans.loan import found
from portal.loans.models import Event, Loan, Payment
from portal.loans.reasons import REASONS
from portal.loans.repository import installments, loans, reviews
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.errors import N_, Conflict
from portal.shared.vocabulary import Decision

UNDO_WINDOW = timedelta(seconds=60)


def apply_decision(
    loan_id: UUID, decision: Decision, *, credit: tuple[Facts, Facts], actor: Actor, **why: Unpack[Why]
) -> UUID:
    """The loan's side of approve or reject, inside the credit decision's transaction; returns the message's id.

    ``credit`` is the credit score's side before and after, for the same history entry.
    """
    loan, now = locked(loan_id), clock.now()
    before, words = history.loan_facts(loan), None
    if decision is Decision.APPROVED:
        today = now.astimezone(clock.WIB).date()
        loan.approve(at=now, first_due=schedule.first_due_date(loan.monthly_installment_due_date, today))
        loans.add(*_installments(loan))
        event = Event.APPROVED
    else:
        codes = why["codes"]
        loan.reject(at=now, reason=", ".join(codes))
        event, words = Event.REJECTED, _customer_words(codes)
    _tell(loan, event, before, credit, actor, **why)
    message, facts = event.replace(".", "-"), {"status": decision}
    return notifications.queue(message, to=loan.user_id, loan_id=loan_id, words=words, context=facts, after=UNDO_WINDOW)


def undo_decision(loan_id: UUID, message_id: UUID, *, credit: tuple[Facts, Facts], actor: Actor) -> None:
    """Back to pending, inside the credit decision's transaction, unless the message left or a payment was settled."""
    loan = locked(loan_id)
    if loan.status is Decision.PENDING or installments.has_paid(loan_id) or not notifications.withdraw(message_id):
        raise Conflict(N_("It is too late to undo this: the message to the customer has been released."))
    before = history.loan_facts(loan)
    installments.remove(loan_id)
    loan.reopen(first_due=_planned_due_date(loan_id))
    _tell(loan, Event.UNDONE, before, credit, actor)


def tell_score(loan_id: UUID, event: str, *, credit: tuple[Facts, Facts], actor: Actor, **why: Unpack[Why]) -> None:
    """Write a score into the review history, inside the credit score's transaction that holds the loan's lock."""
    loan = locked(loan_id)
    _tell(loan, event, history.loan_facts(loan), credit, actor, **why)


def locked(loan_id: UUID) -> Loan:
    """The loan, locked until the transaction ends."""
    return found(loan_id, for_update=True)


def _tell(loan: Loan, event: str, before: Facts, credit: tuple[Facts, Facts], actor: Actor, **why: Unpack[Why]) -> None:
    """One entry for both sides, the loan's and the credit score's."""
    old = {"loan": before, "credit_score": credit[0]}
    new = {"loan": history.loan_facts(loan), "credit_score": credit[1]}
    loans.add(history.history_entry(loan, event, before=old, after=new, actor=actor, **why))


def _installments(loan: Loan) -> list[Payment]:
    lines = schedule.installments(loan.loan_amount, loan.tenor_month, loan.monthly_installment_due_date)
    return [
        Payment(
            loan_id=loan.loan_id,
            sequence_number=line.sequence_number,
            due_date=line.due_date,
            payment_amount=line.amount,
        )
        for line in lines
    ]


def _planned_due_date(loan_id: UUID) -> date:
    """The first due date as it was submitted: an approval may have moved it."""
    submitted = reviews.of_loan(loan_id)[0].new_data["loan"]
    return date.fromisoformat(submitted["monthly_installment_due_date"])


def _customer_words(codes: Sequence[str]) -> Mapping[str, str]:
    reasons = [REASONS[code] for code in codes]
    return {
        "id": "; ".join(dict.fromkeys(reason.indonesian for reason in reasons)),
        "en": "; ".join(dict.fromkeys(reason.english for reason in reasons)),
    }
