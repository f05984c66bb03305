"""A loan's life: submitted, decided by the credit decision, undone."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from portal import audit, config, notifications, users
from portal.loans import history, schedule
from portal.loans.history import Facts, Score
from portal.loans.models import LONGEST_TENOR, Loan, Payment
from portal.loans.reasons import REASONS
from portal.loans.repository import LoanRepository
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.crypto import new_id
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.money import LARGEST, rupiah
from portal.shared.vocabulary import Activity, Decision

UNDO_WINDOW = timedelta(seconds=60)

loans = LoanRepository(db.session)


def submit(
    *, user_id: UUID, loan_amount: Decimal, tenor_month: int, first_due_date: date, loan_id: UUID | None = None
) -> UUID:
    """Take in an application; ``loan_amount`` is rupiah. Handing over the same ``loan_id`` again changes nothing."""
    require_sound(loan_amount, tenor_month, first_due_date)
    loan = Loan(
        loan_id=loan_id or new_id(),
        user_id=user_id,
        loan_amount=loan_amount,
        tenor_month=tenor_month,
        status=Decision.PENDING,
        monthly_installment_amount=schedule.monthly_amount(loan_amount, tenor_month),
        monthly_installment_due_date=first_due_date,
    )
    with transaction():
        loans.lock_new(loan.loan_id)
        if _is_there(loan):
            return loan.loan_id
        if users.names_of([user_id])[user_id].status is not Activity.ACTIVE:
            raise Refused(N_("There is no active customer with this id. Check the id."))
        users.lock(user_id)
        loans.add(loan)
        loans.add(
            history.history_entry(
                loan, "loan.submitted", before={}, after={"loan": history.loan_facts(loan)}, actor=PORTAL
            )
        )
        audit.record("loan.submitted", loan.loan_id, of=user_id, actor=PORTAL)
    return loan.loan_id


def require_sound(loan_amount: Decimal, tenor_month: int, first_due_date: date) -> None:
    """Raise :class:`Refused` with what to change."""
    least = config.current().smallest_loan
    if loan_amount.is_finite() and loan_amount > LARGEST:
        raise Refused(N_("The largest amount the books can hold is %(most)s. Enter less."), most=rupiah(LARGEST))
    if loan_amount.is_finite() and loan_amount < least:
        raise Refused(N_("The smallest loan is %(least)s. Enter more."), least=rupiah(least))
    if not loan_amount.is_finite() or loan_amount != round(loan_amount, 2):
        raise Refused(N_("Write the amount in rupiah with at most two decimals."))
    if not 1 <= tenor_month <= LONGEST_TENOR:
        raise Refused(N_("The tenor is a whole number of months from 1 to %(most)s."), most=LONGEST_TENOR)
    if not 1900 <= first_due_date.year <= 2200:
        raise Refused(N_("Enter a first due date between the years 1900 and 2200."))


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
    """The loan's side of approve or reject, inside the credit decision's transaction; returns the held message's id.

    ``credit`` is the credit score's side before and after, for the same history entry.
    """
    loan = locked(loan_id)
    before = {"loan": history.loan_facts(loan), "credit_score": credit[0]}
    now = clock.now()
    if decision is Decision.APPROVED:
        today = now.astimezone(clock.WIB).date()
        loan.approve(at=now, first_due=schedule.first_due_date(loan.monthly_installment_due_date, today))
        loans.add(*_installments(loan))
        event, words = "loan.approved", None
    else:
        loan.reject(at=now, reason=", ".join(codes))
        event, words = "loan.rejected", _customer_words(codes)
    after = {"loan": history.loan_facts(loan), "credit_score": credit[1]}
    loans.add(
        history.history_entry(
            loan, event, before=before, after=after, actor=actor, codes=codes, note=note, score=score, policy=policy
        )
    )
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
    if loan.status is Decision.PENDING or loans.has_settled(loan_id) or not notifications.withdraw(message_id):
        raise Conflict(N_("It is too late to undo this: the message to the customer has been released."))
    before = {"loan": history.loan_facts(loan), "credit_score": credit[0]}
    loans.remove_schedule(loan_id)
    loan.reopen(first_due=_planned_due_date(loan_id))
    after = {"loan": history.loan_facts(loan), "credit_score": credit[1]}
    loans.add(history.history_entry(loan, "loan.decision_undone", before=before, after=after, actor=actor))


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
    before, after = ({"credit_score": facts} for facts in credit)
    loan = locked(loan_id)
    loans.add(
        history.history_entry(
            loan, event, before=before, after=after, actor=actor, codes=codes, note=note, score=score, policy=policy
        )
    )


def locked(loan_id: UUID) -> Loan:
    """The loan, locked until the transaction ends."""
    loan = loans.locked(loan_id)
    if loan is None:
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    return loan


def _is_there(loan: Loan) -> bool:
    """Whether this application was taken in before; raises :class:`Conflict` when its id is another one's."""
    found = loans.get(loan.loan_id)
    if found is None:
        return False
    if (found.user_id, found.loan_amount, found.tenor_month) != (loan.user_id, loan.loan_amount, loan.tenor_month):
        raise Conflict(N_("Another application has this id already."))
    return True


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
    submitted = loans.reviews(loan_id)[0].new_data["loan"]
    return date.fromisoformat(submitted["monthly_installment_due_date"])


def _customer_words(codes: Sequence[str]) -> Mapping[str, str]:
    reasons = [REASONS[code] for code in codes]
    return {
        "id": "; ".join(dict.fromkeys(reason.indonesian for reason in reasons)),
        "en": "; ".join(dict.fromkeys(reason.english for reason in reasons)),
    }
