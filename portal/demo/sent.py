"""What became of the demo's messages: sent at once or at a second try, failed in every way there is, or waiting."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from portal.demo.checks import Check
from portal.demo.identity import id_of
from portal.demo.loans import Story
from portal.demo.messages import STILL_PENDING
from portal.demo.people import Customer
from portal.kyc.models import UNDO_WINDOW
from portal.loans.models import Loan, Payment, PaymentStatus
from portal.notifications import MESSAGES
from portal.notifications.models import OUTCOME_OF, Notification, Outcome
from portal.shared.crypto import address_hash
from portal.shared.vocabulary import Decision
from portal.users import mask

Document = dict[str, Any]

FAILURES = ("permanent", "unavailable", "unknown", "rejected", "timeout", "permanent", "broken_answer", "throttled")
ANSWERS = {
    "permanent": "HTTP 422 invalid_recipient",
    "rejected": "HTTP 400",
    "unavailable": "HTTP 503",
    "throttled": "HTTP 429",
    "timeout": "",
    "broken_answer": "",
    "unknown": "",
}
MAIL_ANSWERS = {"permanent": "SMTP 550", "rejected": "SMTP 554", "unavailable": "SMTP 451", "throttled": "SMTP 421"}
MINUTES = (0, 1, 6, 37, 161)
ALL_TRIES = {"unavailable", "timeout", "broken_answer", "throttled"}
FAILS_EVERY, TWICE_EVERY, WAITS_EVERY = 9, 7, 2
REMINDED = timedelta(days=1)


def of_loans(stories: Iterable[Story], checks: Iterable[Check], at: datetime) -> Iterator[Notification]:
    """A message for each approved loan, and one for each installment that became overdue of late."""
    customers = {check.customer.user_id: check.customer for check in checks}
    for story in stories:
        loan, customer = story.loan, customers[story.loan.user_id]
        if loan.status is Decision.APPROVED and loan.approved_at:
            yield _message("loan-approved", customer, loan, loan.approved_at, {"status": "approved"}, at)
        for payment in (row for row in story.rows if isinstance(row, Payment) and row.status is PaymentStatus.OVERDUE):
            day = datetime.combine(payment.due_date, at.timetz()) + REMINDED
            written = day.replace(hour=2, minute=payment.sequence_number, second=0, microsecond=0)
            if written < at:
                yield _message("payment-overdue", customer, loan, written, {"on": written.date().isoformat()}, at)


def _message(
    kind: str, customer: Customer, loan: Loan, written: datetime, facts: dict[str, str], at: datetime
) -> Notification:
    wording = MESSAGES[kind].wording[customer.language]
    sent_at = written + UNDO_WINDOW if written < at - STILL_PENDING else None
    return Notification(
        id=id_of("message", f"{kind}:{loan.loan_id}:{written.date()}"),
        user_id=customer.user_id,
        loan_id=loan.loan_id,
        notification_category=MESSAGES[kind].category,
        notification_type=customer.channel,
        notification_title=wording.title,
        notification_content=wording.content.format(name=customer.person.fullname),
        created_at=written,
        notification_status="sent" if sent_at else "pending",
        notification_sent_at=sent_at,
        context={"message": kind, **facts},
    )


def lives(
    messages: Iterable[Notification], customers: Sequence[Customer], at: datetime
) -> Iterator[tuple[Notification, list[Document]]]:
    """Each message as it stands now, with its attempts; every fact follows from its place in time."""
    by_id = {customer.user_id: customer for customer in customers}
    for number, message in enumerate(sorted(messages, key=lambda message: (message.created_at, message.id))):
        yield _life(number, message, by_id[message.user_id], at)


def _life(number: int, message: Notification, customer: Customer, at: datetime) -> tuple[Notification, list[Document]]:
    start = message.notification_sent_at or message.created_at + UNDO_WINDOW
    if message.notification_status == "pending":
        due_at = at + timedelta(minutes=25 + 3 * (number % 30))
        if number % WAITS_EVERY or start > at:
            return replace(message, due_at=due_at), []
        tried = _attempt(message, customer, 1, start, "unavailable", due_at)
        return replace(message, due_at=due_at, tries=1, error_class="unavailable"), [tried]
    if number % FAILS_EVERY == 4:
        return _failed(message, customer, FAILURES[number // FAILS_EVERY % len(FAILURES)], start)
    if number % TWICE_EVERY == 2:
        again = start + timedelta(minutes=1, seconds=9)
        first = _attempt(message, customer, 1, start, "unavailable", again)
        attempts = [first, _attempt(message, customer, 2, again, None)]
        return replace(message, notification_sent_at=again, tries=2), attempts
    return replace(message, tries=1), [_attempt(message, customer, 1, start, None)]


def _failed(
    message: Notification, customer: Customer, error_class: str, start: datetime
) -> tuple[Notification, list[Document]]:
    minutes = MINUTES if error_class in ALL_TRIES else MINUTES[:1]
    times = [start + timedelta(minutes=after) for after in minutes]
    attempts = [
        _attempt(message, customer, number, tried_at, error_class, next(iter(times[number:]), None))
        for number, tried_at in enumerate(times, start=1)
    ]
    failed = replace(
        message,
        notification_status="failed",
        notification_sent_at=None,
        notification_read_at=None,
        notification_failed_at=attempts[-1]["ended_at"],
        error_class=error_class,
        tries=len(attempts),
    )
    return failed, attempts


def _attempt(
    message: Notification,
    customer: Customer,
    number: int,
    started_at: datetime,
    error_class: str | None,
    retry_at: datetime | None = None,
) -> Document:
    channel = message.notification_type
    is_mail = channel == "email"
    address = {"email": customer.email, "sms": customer.phone}.get(channel, str(customer.auth_id))
    took = timedelta(seconds=5 if error_class == "timeout" else 0, milliseconds=180 + 7 * number)
    refusal = (MAIL_ANSWERS if is_mail else ANSWERS).get(error_class or "", "")
    return {
        "_id": id_of("attempt", f"{message.id}:{number}"),
        "notification_id": message.id,
        "number": number,
        "started_at": started_at,
        "ended_at": started_at + took,
        "outcome": (OUTCOME_OF[error_class] if error_class else Outcome.SENT).value,
        "error_class": error_class,
        "channel": channel,
        "provider": "smtp" if is_mail else "gateway",
        "provider_id": None if error_class else f"demo-{message.id.hex[:12]}",
        "provider_answer": refusal if error_class else ("SMTP 250" if is_mail else "HTTP 200"),
        "recipient_masked": mask(channel, address),
        "recipient_hash": address_hash(address),
        "retry_at": retry_at,
    }
