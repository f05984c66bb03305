"""One message with all that is known of it: its attempts, what to do about them, and whatever was sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, users
from portal.notifications import harmless, letter
from portal.notifications.advice import ADVICE
from portal.notifications.browsing import Line, found, lines, lists
from portal.notifications.repository import NotificationRepository, ResendRepository
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.database import db
from portal.shared.errors import N_, Refused
from portal.shared.mongo import Document, mongo

SHOWN_SECONDS = 60
MOST_COPIES = 20
FIELDS = {"email": "email", "sms": "phone"}

messages = NotificationRepository(mongo)
resends = ResendRepository(db.session)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said later of a message it had taken."""

    event: str
    at: datetime
    answer: str | None


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt; no ``outcome`` while it is under way."""

    number: int
    at: datetime
    outcome: str | None
    answer: str | None
    recipient: str
    retry_at: datetime | None
    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True)
class Copy:
    """A link of the chain: the message that came first, or one sent again. No ``status`` before it is written."""

    id: UUID
    at: datetime
    by: str | None
    reason: str | None
    due_at: datetime | None
    status: str | None
    error_class: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A message with all that is known of it; ``chain`` is empty unless it was sent again or is itself a copy."""

    line: Line
    content: str
    link: str | None
    sent_at: datetime | None
    failed_at: datetime | None
    read_at: datetime | None
    waits_until: datetime | None
    attempts: Sequence[Try]
    chain: Sequence[Copy]

    @property
    def advice(self) -> str | None:
        """What to do about it, when something went wrong."""
        return ADVICE.get(self.line.error_class or "")

    @property
    def is_revealable(self) -> bool:
        """Whether its address is one that somebody can write to or call."""
        return self.line.channel in FIELDS and self.line.customer.auth_id is not None


def show(message_id: UUID, *, actor: Actor) -> Whole:
    """One message; opening it is recorded."""
    document = found(message_id)
    audit.note_opening("message.opened", message_id, of=document["user_id"], actor=actor)
    link = document.get("notification_link")
    return Whole(
        line=lines([document])[0],
        content=harmless.paragraphs(document["notification_content"]),
        link=harmless.one_line(link) if link else None,
        sent_at=document.get("notification_sent_at"),
        failed_at=document.get("notification_failed_at"),
        read_at=document.get("notification_read_at"),
        waits_until=_waits_until(document),
        attempts=[_try(attempt) for attempt in messages.attempts_of(message_id)],
        chain=_chain(message_id),
    )


def html(message_id: UUID, *, actor: Actor) -> str:
    """An e-mail as the customer's mail program gets it, but for its link, which is text; opening it is recorded."""
    document = found(message_id)
    audit.note_opening("message.opened", message_id, of=document["user_id"], actor=actor)
    link = document.get("notification_link")
    return letter.html(
        harmless.one_line(document["notification_title"]),
        harmless.paragraphs(document["notification_content"]),
        harmless.one_line(link) if link else None,
        leads_away=False,
    )


def reveal(message_id: UUID, *, reason: str, text: str, actor: Actor) -> str:
    """The customer's present address for the message's channel, once the trail says who saw it and why."""
    document = found(message_id)
    field = FIELDS.get(document["notification_type"])
    if field is None:
        raise Refused(N_("A push message has no address to look at."))
    return users.reveal(document["user_id"], field, reason=reason, text=text, actor=actor)


def _waits_until(document: Document) -> datetime | None:
    """When it goes out next, where nobody has it in hand."""
    due_at: datetime | None = document.get("due_at")
    is_waiting = document["notification_status"] == "pending" and not document.get("claimed_by")
    return due_at if is_waiting and due_at and due_at > clock.now() else None


def _try(attempt: Document) -> Try:
    receipts = [Receipt(row["event"], row["at"], row.get("answer")) for row in attempt.get("receipts") or ()]
    return Try(
        attempt["number"],
        attempt["started_at"],
        attempt.get("outcome"),
        attempt.get("provider_answer") or None,
        attempt["recipient_masked"],
        attempt.get("retry_at"),
        receipts,
    )


def _chain(message_id: UUID) -> Sequence[Copy]:
    root_id = resends.roots_of([message_id]).get(message_id, message_id)
    copies = resends.of_roots([root_id]).get(root_id, [])[-MOST_COPIES:]
    if not copies:
        return []
    names = auth.names_of({copy.requested_by for copy in copies})
    written = lists.of_ids([root_id, *(copy.message_id for copy in copies)])
    root = written.get(root_id)
    chain = [Copy(root_id, root["created_at"], None, None, None, *_standing(root))] if root else []
    for copy in copies:
        standing = _standing(written.get(copy.message_id))
        by = names.get(copy.requested_by)
        chain.append(Copy(copy.message_id, copy.requested_at, by, copy.reason, copy.due_at, *standing))
    return chain


def _standing(document: Document | None) -> tuple[str | None, str | None]:
    return (document["notification_status"], document.get("error_class")) if document else (None, None)
