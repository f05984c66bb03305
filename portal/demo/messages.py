"""The messages that the demo's decisions led to."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from portal.demo.checks import Check, Decided
from portal.kyc import customer_words
from portal.kyc.models import UNDO_WINDOW
from portal.notifications import MESSAGES
from portal.notifications.models import Notification

STILL_PENDING = timedelta(hours=6)


def messages(checks: Iterable[Check], at: datetime) -> Iterator[Notification]:
    """One for every decision; those of the last hours are not sent yet."""
    for check in checks:
        for place, decided in enumerate(check.decisions):
            yield _message(check, place, decided, at)


def _message(check: Check, place: int, decided: Decided, at: datetime) -> Notification:
    customer, kind = check.customer, f"kyc-{decided.verdict.value}"
    wording = MESSAGES[kind].wording[customer.language]
    words = customer_words(decided.codes, decided.typed)[customer.language] if decided.codes else ""
    sent_at = decided.at + UNDO_WINDOW if decided.at < at - STILL_PENDING else None
    is_read = sent_at is not None and customer.number % 3 == 0
    return Notification(
        id=check.message_id(place),
        user_id=customer.user_id,
        loan_id=None,
        notification_category=MESSAGES[kind].category,
        notification_type=customer.channel,
        notification_title=wording.title,
        notification_content=wording.content.format(name=customer.person.fullname, words=words),
        created_at=decided.at,
        notification_status="sent" if sent_at else "pending",
        notification_sent_at=sent_at,
        notification_read_at=sent_at + timedelta(hours=2) if sent_at and is_read else None,
        context={"message": kind, "kyc_id": str(check.kyc_id)},
    )
