"""Posting, reversing and rescheduling payments, and the daily moves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from portal import audit, auth, notifications, users
from portal.loans import history
from portal.loans.decisions import locked
from portal.loans.models import Event, Loan, Payment, PaymentStatus
from portal.loans.repository import installments, loans, reviews
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Problems
from portal.shared.jobs import queue
from portal.shared.money import rupiah

BATCH_SIZE = 500
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{3,63}")
MAX_AHEAD = timedelta(days=366 * 5)
MIN_REASON, MAX_REASON = 10, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswers(Answers):
    """A payment as the bank reports it; ``reference`` is None when nothing was typed."""

    version: int | None = None
    amount: Decimal | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseAnswers(Answers):
    """Why a payment is taken back."""

    version: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleAnswers(Answers):
    """Another due date, and why."""

    version: int | None = None
    due_date: date | None = None
    reason: str = ""


def post(loan_id: UUID, payment_id: UUID, answers: PostAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Settle an installment: the amount is exactly what is due, the reference was used for no other."""
    with transaction(), once(by, "payment.posted", actor) as earlier:
        if earlier:
            return
        loan, payment = _locked(loan_id, payment_id, answers.version, actor)
        _require_open(payment)
        reference = answers.reference or ""
        with answers.judged() as wrong:
            wrong.unless(answers.amount is not None, "amount", N_("Enter the amount that was paid."))
            exactly = N_("The installment is %(due)s. Post exactly that amount.")
            due = payment.payment_amount
            wrong.unless(answers.amount == due, "amount", exactly, due=rupiah(due))
            wrong.unless(answers.reference is not None, "reference", N_("Enter the reference of the transfer."))
            of_letters = N_("Use 4 to 64 letters, digits, points, slashes or hyphens for the reference.")
            wrong.unless(REFERENCE.fullmatch(reference), "reference", of_letters)
            used = N_("This reference was used for another payment. Check the transfer.")
            wrong.unless("reference" in wrong.sentences or _is_free(reference), "reference", used)
        before = _facts(payment)
        payment.post(at=clock.now(), reference=reference)
        _keep(loan, payment, Event.POSTED, before, actor=actor)
        remember(by, payment_id)


def reverse(loan_id: UUID, payment_id: UUID, answers: ReverseAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Take a posted payment back, with a reason."""
    with transaction(), once(by, "payment.reversed", actor) as earlier:
        if earlier:
            return
        loan, payment = _locked(loan_id, payment_id, answers.version, actor)
        if payment.status is not PaymentStatus.PAID:
            raise Conflict(N_("This installment is not paid. Reload the page to see how it stands."))
        with answers.judged() as wrong:
            _judge(answers.reason, wrong)
        before = _facts(payment)
        payment.reverse(today=clock.today())
        _keep(loan, payment, Event.REVERSED, before, note=answers.reason, actor=actor)
        remember(by, payment_id)


def reschedule(loan_id: UUID, payment_id: UUID, answers: RescheduleAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Give an open installment another due date, today or later, with a reason."""
    with transaction(), once(by, "payment.rescheduled", actor) as earlier:
        if earlier:
            return
        loan, payment = _locked(loan_id, payment_id, answers.version, actor)
        _require_open(payment)
        today, day = clock.today(), answers.due_date or payment.due_date
        with answers.judged() as wrong:
            wrong.unless(answers.due_date, "due_date", N_("Choose the new due date."))
            far = N_("Choose a due date from today on, at most five years ahead.")
            wrong.unless(today <= day <= today + MAX_AHEAD, "due_date", far)
            wrong.unless(day != payment.due_date, "due_date", N_("This is the present due date. Choose another."))
            _judge(answers.reason, wrong)
        before = _facts(payment)
        payment.reschedule(day, today=today)
        _keep(loan, payment, Event.RESCHEDULED, before, note=answers.reason, actor=actor)
        remember(by, payment_id)


def move_overdue(today: date) -> int:
    """Mark every installment that was due before ``today`` (WIB) as overdue and tell its customer; returns how many."""
    moved = 0
    while True:
        with transaction():
            due = installments.overdue(today, BATCH_SIZE)
            if due:
                _remind(installments.mark_overdue(due), "payment-overdue", today)
        moved += len(due)
        if len(due) < BATCH_SIZE:
            return moved


def remind_of_tomorrow(today: date) -> int:
    """Tell everybody whose installment is due the day after ``today`` (WIB), once; returns how many."""
    told = 0
    while True:
        with transaction():
            due = installments.due_on(today + timedelta(days=1), today=today, limit=BATCH_SIZE)
            told += _remind(due, "payment-due-tomorrow", today) if due else 0
        if len(due) < BATCH_SIZE:
            return told


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="loans.daily", queueing_lock="loans.daily")
def daily_job(timestamp: int) -> None:
    """Runs four times an hour rather than at midnight WIB, so that it catches up by itself after downtime."""
    move_overdue(clock.today())
    remind_of_tomorrow(clock.today())


def _locked(loan_id: UUID, payment_id: UUID, version: int | None, actor: Actor) -> tuple[Loan, Payment]:
    """Both, the loan first, unless somebody changed the installment since ``version``; None stands for any."""
    loan = locked(loan_id)
    if loan.user_id in users.profiles_of(actor.id):
        raise Forbidden(N_("This is your own loan. A colleague has to do this."))
    payment = installments.get(payment_id, loan_id)
    if payment is None:
        raise NotFound(N_("There is no such installment. Open the loan again."))
    if version not in (None, payment.version):
        raise _faster(payment)
    return loan, payment


def _require_open(payment: Payment) -> None:
    if payment.status is PaymentStatus.PAID:
        raise _faster(payment)


def _faster(payment: Payment) -> Conflict:
    """Who changed the installment meanwhile, and when."""
    newest = reviews.newest_about(payment.loan_id, payment.sequence_number)
    if newest is None or newest.created_at < payment.updated_at:  # the daily job: it leaves no entry
        return Conflict(N_("This installment was changed meanwhile. Reload the page to see how it stands."))
    actor_id = newest.new_data["_meta"]["actor_id"]
    name = auth.names_of({UUID(actor_id)}).get(UUID(actor_id)) if actor_id else None
    return Conflict(
        N_("%(name)s changed this installment at %(time)s WIB. Reload the page to see how it stands."),
        name=name or "–",
        time=newest.created_at.astimezone(clock.WIB).strftime("%H:%M"),
    )


def _is_free(reference: str) -> bool:
    """Whether no payment has it, and until the transaction ends none gets it."""
    loans.lock_new(reference)
    return not installments.is_used(reference)


def _judge(reason: str, wrong: Problems) -> None:
    why = N_("Write why, in at least 10 characters.")
    wrong.unless_fits(reason, "reason", least=MIN_REASON, most=MAX_REASON, message=why)


def _facts(payment: Payment) -> dict[str, history.Facts]:
    return {"payments": {str(payment.sequence_number): history.payment_facts(payment)}}


def _keep(
    loan: Loan,
    payment: Payment,
    event: Event,
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
