"""The loan's side of the credit decision: approved, rejected, undone, and what scores came in."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from portal import notifications
from portal.loans import history, schedule
from portal.loans.history import Facts, Score
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
    loan_id: UUID,
    decision: Decision,
    *,
    codes: Sequence[str] = (),
    note: str | None = None,
    credit: tuple[Facts, Facts],
    score: Score | None = None,
    policy: str | None = None,
    actor: Actor,
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
        loan.reject(at=now, reason=", ".join(codes))
        event, words = Event.REJECTED, _customer_words(codes)
    _tell(loan, event, before, credit, codes=codes, note=note, score=score, policy=policy, actor=actor)
    return notifications.queue(
        event.replace(".", "-"),
        to=loan.user_id,
        loan_id=loan_id,
        words=words,
        context={"status": decision},
        after=UNDO_WINDOW,
    )


def undo_decision(loan_id: UUID, message_id: UUID, *, credit: tuple[Facts, Facts], actor: Actor) -> None:
    """Back to pending, inside the credit decision's transaction, unless the message left or a payment was settled."""
    loan = locked(loan_id)
    if loan.status is Decision.PENDING or installments.has_paid(loan_id) or not notifications.withdraw(message_id):
        raise Conflict(N_("It is too late to undo this: the message to the customer has been released."))
    before = history.loan_facts(loan)
    installments.remove(loan_id)
    loan.reopen(first_due=_planned_due_date(loan_id))
    _tell(loan, Event.UNDONE, before, credit, actor=actor)


def tell_score(
    loan_id: UUID,
    event: str,
    *,
    credit: tuple[Facts, Facts],
    score: Score,
    policy: str,
    codes: Sequence[str] = (),
    note: str | None = None,
    actor: Actor,
) -> None:
    """Write a score into the review history, inside the credit score's transaction that holds the loan's lock."""
    loan = locked(loan_id)
    before = history.loan_facts(loan)
    _tell(loan, event, before, credit, codes=codes, note=note, score=score, policy=policy, actor=actor)


def locked(loan_id: UUID) -> Loan:
    """The loan, locked until the transaction ends."""
    return found(loan_id, for_update=True)


def _tell(loan: Loan, event: str, before: Facts, credit: tuple[Facts, Facts], **told: Any) -> None:
    """One entry for both sides, the loan's and the credit score's."""
    old, new = (
        {"loan": before, "credit_score": credit[0]},
        {"loan": history.loan_facts(loan), "credit_score": credit[1]},
    )
    loans.add(history.history_entry(loan, event, before=old, after=new, **told))


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
