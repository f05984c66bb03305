"""The demo's messages: what its decisions and loans led to, and what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.demo.checks import Check
from portal.demo.identity import id_of
from portal.demo.loans import DemoLoan
from portal.demo.people import Customer
from portal.kyc.models import UNDO_WINDOW
from portal.loans.models import Payment, PaymentStatus
from portal.notifications import MESSAGES
from portal.notifications.models import ErrorClass, Notification, Outcome
from portal.shared.crypto import address_hash
from portal.shared.vocabulary import Decision
from portal.users import mask

Document = dict[str, Any]
Written = tuple[Notification, Customer]

STILL_PENDING = timedelta(hours=6)
REMINDED = timedelta(days=1)
FAILS_EVERY, TWICE_EVERY, WAITS_EVERY = 9, 7, 2
FAILURES = ("permanent", "unavailable", "unknown", "rejected", "timeout", "permanent", "broken_answer", "throttled")
ANSWERS = {  # by HTTP and by SMTP, to a message that failed in that way or in none
    "permanent": ("HTTP 422 invalid_recipient", "SMTP 550"),
    "rejected": ("HTTP 400", "SMTP 554"),
    "unavailable": ("HTTP 503", "SMTP 451"),
    "throttled": ("HTTP 429", "SMTP 421"),
    "": ("HTTP 200", "SMTP 250"),
}
TRIED_AGAIN = {"unavailable", "timeout", "broken_answer", "throttled"}


def messages(
    checks: Iterable[Check], loans: Iterable[DemoLoan], at: datetime
) -> Iterator[tuple[Notification, list[Document]]]:
    """Each message as it stands at that moment, with its attempts; every fact follows from its place in time."""
    written = sorted([*_of_checks(checks, at), *_of_loans(loans, at)], key=lambda w: (w[0].created_at, w[0].id))
    for number, (message, customer) in enumerate(written):
        yield _life(number, message, customer, at)


def _of_checks(checks: Iterable[Check], at: datetime) -> Iterator[Written]:
    """One for every decision."""
    for check in checks:
        for place, decided in enumerate(check.decisions):
            kind, context = f"kyc-{decided.verdict.value}", {"kyc_id": str(check.kyc_id)}
            words = decided.words(check.customer.language) or ""
            message = _message(check.message_id(place), kind, check.customer, decided.decided_at, at, context, words)
            sent_at = message.notification_sent_at
            if sent_at and check.customer.number % 3 == 0:
                message = replace(message, notification_read_at=sent_at + timedelta(hours=2))
            yield message, check.customer


def _of_loans(loans: Iterable[DemoLoan], at: datetime) -> Iterator[Written]:
    """One for each approved loan, and one for each installment that became overdue of late."""
    for one in loans:
        events: list[tuple[str, datetime, dict[str, str]]] = []
        if one.loan.status is Decision.APPROVED and one.loan.approved_at:
            events.append(("loan-approved", one.loan.approved_at, {"status": "approved"}))
        for payment in one.rows:
            if isinstance(payment, Payment) and payment.status is PaymentStatus.OVERDUE:
                day = datetime.combine(payment.due_date, at.timetz()) + REMINDED
                written = day.replace(hour=2, minute=payment.sequence_number, second=0, microsecond=0)
                events.append(("payment-overdue", written, {"on": written.date().isoformat()}))
        for kind, written, context in events:
            if written < at:
                id_ = id_of("message", f"{kind}:{one.loan.loan_id}:{written.date()}")
                message = _message(id_, kind, one.customer, written, at, context)
                yield replace(message, loan_id=one.loan.loan_id), one.customer


def _message(
    id_: UUID, kind: str, customer: Customer, written: datetime, at: datetime, context: dict[str, str], words: str = ""
) -> Notification:
    """What was written then; those of the last hours are not sent yet."""
    wording = MESSAGES[kind].wording[customer.language]
    sent_at = written + UNDO_WINDOW if written < at - STILL_PENDING else None
    return Notification(
        id=id_,
        user_id=customer.user_id,
        loan_id=None,
        notification_category=MESSAGES[kind].category,
        notification_type=customer.channel,
        notification_title=wording.title,
        notification_content=wording.content.format(name=customer.person.fullname, words=words),
        created_at=written,
        notification_status="sent" if sent_at else "pending",
        notification_sent_at=sent_at,
        context={"message": kind, **context},
    )


def _life(number: int, message: Notification, customer: Customer, at: datetime) -> tuple[Notification, list[Document]]:
    start = message.notification_sent_at or message.created_at + UNDO_WINDOW
    is_pending = message.notification_status == "pending"
    due_at = at + timedelta(minutes=25 + 3 * (number % 30)) if is_pending else None
    errors = _errors_of_pending(number, start, at) if is_pending else _errors(number)
    minutes = (0, 1.15) if "" in errors else (0, 1, 6, 37, 161)
    times = [start + timedelta(minutes=after) for after, _ in zip(minutes, errors, strict=False)]
    tries = zip(times, errors, [*times[1:], due_at], strict=False)
    attempts = [_attempt(message, customer, place, *tried) for place, tried in enumerate(tries, start=1)]
    error_class = errors[-1] if errors else ""
    facts: dict[str, Any] = {"due_at": due_at, "tries": len(errors), "error_class": error_class or None}
    if error_class and not is_pending:
        facts |= {"notification_status": "failed", "notification_sent_at": None, "notification_read_at": None}
        facts |= {"notification_failed_at": attempts[-1]["ended_at"]}
    elif not is_pending:
        facts |= {"notification_sent_at": times[-1]}
    return replace(message, **facts), attempts


def _errors_of_pending(number: int, start: datetime, at: datetime) -> list[str]:
    return [] if number % WAITS_EVERY or start > at else ["unavailable"]


def _errors(number: int) -> list[str]:
    """The error class of each try to send a message; an empty one is that it was sent."""
    if number % FAILS_EVERY == 4:
        error_class = FAILURES[number // FAILS_EVERY % len(FAILURES)]
        return [error_class] * (5 if error_class in TRIED_AGAIN else 1)
    return ["unavailable", ""] if number % TWICE_EVERY == 2 else [""]


def _attempt(
    message: Notification, customer: Customer, number: int, at: datetime, error_class: str, retry_at: datetime | None
) -> Document:
    channel = message.notification_type
    is_mail = channel == "email"
    address = {"email": customer.email, "sms": customer.phone}.get(channel, str(customer.auth_id))
    took = timedelta(seconds=5 if error_class == "timeout" else 0, milliseconds=180 + 7 * number)
    return {
        "_id": id_of("attempt", f"{message.id}:{number}"),
        "notification_id": message.id,
        "number": number,
        "started_at": at,
        "ended_at": at + took,
        "outcome": (ErrorClass(error_class).outcome if error_class else Outcome.SENT).value,
        "error_class": error_class or None,
        "channel": channel,
        "provider": "smtp" if is_mail else "gateway",
        "provider_id": None if error_class else f"demo-{message.id.hex[:12]}",
        "provider_answer": ANSWERS.get(error_class, ("", ""))[is_mail],
        "recipient_masked": mask(channel, address),
        "recipient_hash": address_hash(address),
        "retry_at": retry_at,
    }
