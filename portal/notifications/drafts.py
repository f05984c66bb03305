"""Drafts of messages to customers: queued with the change they tell of, withdrawn, or written once it stands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from procrastinate import RetryStrategy

from portal import config, users
from portal.notifications import delivery, harmless
from portal.notifications.messages import MESSAGES
from portal.notifications.models import Notification
from portal.notifications.repository import messages
from portal.shared import clock, jobs
from portal.shared.crypto import uuid7
from portal.shared.errors import NotFound

log = structlog.get_logger("portal.notifications")


def queue(
    message: str,
    *,
    to: UUID,
    loan_id: UUID | None = None,
    words: Mapping[str, str] | None = None,
    context: Mapping[str, Any] | None = None,
    link: str | None = None,
    after: timedelta = timedelta(),
) -> UUID:
    """Queue a message in the caller's transaction and return its id; it exists when that commits, and never otherwise.

    ``words`` are the caller's own words by language, ``context`` the facts it states; ``after`` defers it, so that
    :func:`withdraw` can still stop it. A ``link`` that is not https on one of our hosts raises ValueError.
    """
    _require_sendable(message, link)
    now = clock.now()
    message_id = uuid7(int(now.timestamp() * 1000))
    texts = {language: harmless.paragraphs(text) for language, text in (words or {}).items()}
    jobs.defer(
        write, key=message_id, after=after, message_id=str(message_id), message=message, user_id=str(to),
        loan_id=str(loan_id) if loan_id else None, words=texts, context=dict(context or {}), link=link,
        queued_at=now.isoformat(),
    )  # fmt: skip
    return message_id


def withdraw(message_id: UUID) -> bool:
    """Take back a deferred message in the caller's transaction; False when it has already been released."""
    return jobs.cancel(message_id)


@jobs.queue.task(name="notifications.write", retry=RetryStrategy(max_attempts=10_000, wait=15))
def write(*, message_id: str, message: str, user_id: str, words: dict[str, str], **facts: Any) -> None:
    """Write the message as ``pending`` under its id, in the customer's language; repeating it is harmless."""
    try:
        contact = users.contact_of(UUID(user_id))
    except NotFound:  # nobody writes to them any more, and trying again would change nothing
        log.info("customer deleted, message dropped", message_id=message_id, message=message)
        return
    kind = MESSAGES[message]
    wording = kind.wording[contact.language]
    content = wording.content.format(name=harmless.one_line(contact.fullname), words=words.get(contact.language, ""))
    messages.add(
        Notification(
            id=UUID(message_id),
            user_id=UUID(user_id),
            loan_id=UUID(facts["loan_id"]) if facts["loan_id"] else None,
            notification_category=kind.category,
            notification_type=contact.channel,
            notification_title=wording.title,
            notification_content=harmless.paragraphs(content),
            notification_link=facts.get("link"),
            created_at=datetime.fromisoformat(facts["queued_at"]),
            context={"message": message, **facts["context"]},
        )
    )
    delivery.wake(contact.channel)


def _require_sendable(message: str, link: str | None) -> None:
    if message not in MESSAGES:
        raise KeyError(message)
    if link is not None and not harmless.is_link(link, config.current().link_hosts):
        raise ValueError("a message may lead to our own hosts only, by https")
