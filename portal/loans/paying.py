"""Posting, reversing and rescheduling payments, and the daily moves."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from portal import audit, auth, notifications, users
from portal.loans import history
from portal.loans.models import Loan, Payment, PaymentStatus
from portal.loans.service import loans, locked
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.commands import earlier_answer, remember
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused
from portal.shared.jobs import queue
from portal.shared.money import rupiah

AT_ONCE = 500
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{3,63}")
FURTHEST = timedelta(days=366 * 5)


def post(
    loan_id: UUID, payment_id: UUID, *, amount: Decimal, reference: str, version: int, command: UUID, actor: Actor
) -> None:
    """Settle an installment: ``amount`` is exactly what is due, ``reference`` was used for no other."""
    with transaction():
        if earlier_answer(command, "payment.posted", actor=actor):
            return
        loan, payment = _locked(loan_id, payment_id, version, actor)
        if payment.status is PaymentStatus.PAID:
            raise _faster(payment)
        if amount != payment.payment_amount:
            raise Refused(
                N_("The installment is %(due)s. Post exactly that amount."), due=rupiah(payment.payment_amount)
            )
        if not REFERENCE.fullmatch(reference):
            raise Refused(N_("Use 4 to 64 letters, digits, points, slashes or hyphens for the reference."))
        loans.lock_new(reference)
        if loans.is_reference_used(reference):
            raise Refused(N_("This reference was used for another payment. Check the transfer."))
        before = _facts(payment)
        payment.post(at=clock.now(), reference=reference)
        _keep(loan, payment, "payment.posted", before, actor=actor)
        remember(command, payment_id)


def reverse(loan_id: UUID, payment_id: UUID, *, reason: str, version: int, command: UUID, actor: Actor) -> None:
    """Take a posted payment back, with a reason."""
    with transaction():
        if earlier_answer(command, "payment.reversed", actor=actor):
            return
        loan, payment = _locked(loan_id, payment_id, version, actor)
        if payment.status is not PaymentStatus.PAID:
            raise Conflict(N_("This installment is not paid. Reload the page to see how it stands."))
        before = _facts(payment)
        payment.reverse(today=clock.today())
        _keep(loan, payment, "payment.reversed", before, note=reason, actor=actor)
        remember(command, payment_id)


def reschedule(
    loan_id: UUID, payment_id: UUID, *, due_date: date, reason: str, version: int, command: UUID, actor: Actor
) -> None:
    """Give an open installment another due date, today or later, with a reason."""
    with transaction():
        if earlier_answer(command, "payment.rescheduled", actor=actor):
            return
        loan, payment = _locked(loan_id, payment_id, version, actor)
        if payment.status is PaymentStatus.PAID:
            raise _faster(payment)
        if not clock.today() <= due_date <= clock.today() + FURTHEST:
            raise Refused(N_("Choose a due date from today on, at most five years ahead."))
        if due_date == payment.due_date:
            raise Refused(N_("This is the present due date. Choose another."))
        before = _facts(payment)
        payment.reschedule(due_date, today=clock.today())
        _keep(loan, payment, "payment.rescheduled", before, note=reason, actor=actor)
        remember(command, payment_id)


def require_current(loan_id: UUID, payment_id: UUID, *, version: int | None, actor: Actor) -> None:
    """Raise unless this person may move the installment and it still has this version; None stands for any."""
    with transaction():
        _locked(loan_id, payment_id, version, actor)


def move_overdue(today: date) -> int:
    """Mark every installment that was due before ``today`` (WIB) as overdue and tell its customer; returns how many."""
    moved = 0
    while True:
        with transaction():
            due = loans.overdue(today, AT_ONCE)
            if due:
                _remind(loans.mark_overdue(due), "payment-overdue", today)
        moved += len(due)
        if len(due) < AT_ONCE:
            return moved


def remind_of_tomorrow(today: date) -> int:
    """Tell everybody whose installment is due the day after ``today`` (WIB), once; returns how many."""
    told = 0
    while True:
        with transaction():
            due = loans.due_on(today + timedelta(days=1), today=today, limit=AT_ONCE)
            told += _remind(due, "payment-due-tomorrow", today) if due else 0
        if len(due) < AT_ONCE:
            return told


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="loans.daily", queueing_lock="loans.daily")
def daily_job(timestamp: int) -> None:
    """Runs four times an hour rather than at midnight WIB, so that it catches up by itself after downtime."""
    move_overdue(clock.today())
    remind_of_tomorrow(clock.today())


def _locked(loan_id: UUID, payment_id: UUID, version: int | None, actor: Actor) -> tuple[Loan, Payment]:
    loan = locked(loan_id)
    if loan.user_id in users.profiles_of(actor.id):
        raise Forbidden(N_("This is your own loan. A colleague has to do this."))
    payment = loans.payment(payment_id, loan_id)
    if payment is None:
        raise NotFound(N_("There is no such installment. Open the loan again."))
    if version not in (None, payment.version):
        raise _faster(payment)
    return loan, payment


def _faster(payment: Payment) -> Conflict:
    """Who changed the installment meanwhile, and when."""
    newest = loans.newest_review_of(payment.loan_id, payment.sequence_number)
    if newest is None or newest.created_at < payment.updated_at:  # the daily job: it leaves no entry
        return Conflict(N_("This installment was changed meanwhile. Reload the page to see how it stands."))
    actor_id = newest.new_data["_meta"]["actor_id"]
    name = auth.names_of({UUID(actor_id)}).get(UUID(actor_id)) if actor_id else None
    return Conflict(
        N_("%(name)s changed this installment at %(time)s WIB. Reload the page to see how it stands."),
        name=name or "–",
        time=newest.created_at.astimezone(clock.WIB).strftime("%H:%M"),
    )


def _facts(payment: Payment) -> dict[str, history.Facts]:
    return {"payments": {str(payment.sequence_number): history.payment_facts(payment)}}


def _keep(
    loan: Loan,
    payment: Payment,
    event: str,
    before: dict[str, history.Facts],
    *,
    note: str | None = None,
    actor: Actor,
) -> None:
    db.session.flush()
    loans.add(history.history_entry(loan, event, before=before, after=_facts(payment), actor=actor, note=note))
    audit.record(event, loan.loan_id, of=loan.user_id, actor=actor, installment=payment.sequence_number)


def _remind(loan_ids: Sequence[UUID], message: str, today: date) -> int:
    """Queue the message for each of these loans that got none today."""
    fresh = loans.take_reminder(list(set(loan_ids)), today)
    for row in fresh:
        notifications.queue(message, to=row.user_id, loan_id=row.loan_id, context={"on": today.isoformat()})
    if fresh:
        audit.record("loan.reminded", None, actor=PORTAL, message=message, count=len(fresh))
    return len(fresh)
