"""One message with all that is known of it: its attempts, what to do about them, and whatever was sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, auth, users
from portal.notifications import harmless, letter
from portal.notifications.log import MessageRow, rows_of
from portal.notifications.models import Channel, ErrorClass, Event, Outcome, Status
from portal.notifications.repository import attempts, messages
from portal.notifications.resends.facts import resends
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.errors import N_, NotFound, Refused
from portal.shared.mongo import Document

SHOWN_SECONDS = 60
MAX_COPIES = 20
MAX_TEXT = 500
CONTACTS = {Channel.EMAIL: "email", Channel.SMS: "phone"}
REASONS = {
    "DELIVERY": N_("A message did not arrive"),
    "CALL_BACK": N_("The customer asked to be called"),
    "VERIFY_IDENTITY": N_("To check who is calling"),
    "OTHER": N_("Another reason"),
}
"""Why somebody looks at an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealAnswers(Answers):
    """Why somebody looks at an address: a code, and in their own words."""

    why: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said later of a message it had taken."""

    event: Event
    at: datetime
    answer: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try to send; no ``outcome`` while it is under way."""

    number: int
    at: datetime
    outcome: Outcome | None
    answer: str | None
    recipient: str
    retry_at: datetime | None
    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True)
class Copy:
    """A link of the chain: the message that came first, or one sent again. No ``status`` before it is written."""

    id: UUID
    at: datetime
    status: Status | None
    error_class: str | None
    by: str | None = None
    reason: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A message with all that is known of it; ``chain`` is empty unless it was sent again or is itself a copy."""

    row: MessageRow
    content: str
    link: str | None
    sent_at: datetime | None
    failed_at: datetime | None
    read_at: datetime | None
    waits_until: datetime | None
    attempts: Sequence[AttemptRow]
    chain: Sequence[Copy]

    @property
    def advice(self) -> str | None:
        """What to do about it, when something went wrong."""
        return ErrorClass(self.row.error_class).advice if self.row.error_class else None

    @property
    def is_revealable(self) -> bool:
        """Whether its address is one that somebody can write to or call."""
        return self.row.channel in CONTACTS and not self.row.customer.is_deleted


def show(message_id: UUID, *, actor: Actor) -> MessagePage:
    """One message; opening it is recorded."""
    document = _opened(message_id, actor)
    return MessagePage(
        row=rows_of([document])[0],
        content=harmless.paragraphs(document["notification_content"]),
        link=_link(document),
        **{name: document.get(f"notification_{name}") for name in ("sent_at", "failed_at", "read_at")},
        waits_until=_waits_until(document),
        attempts=[_attempt(attempt) for attempt in attempts.of_message(message_id)],
        chain=_chain(message_id),
    )


def html(message_id: UUID, *, actor: Actor) -> str:
    """An e-mail as the customer's mail program gets it, but for its link, which is text; opening it is recorded."""
    document = _opened(message_id, actor)
    title, content = document["notification_title"], document["notification_content"]
    return letter.html(harmless.one_line(title), harmless.paragraphs(content), _link(document), leads_away=False)


def reveal(message_id: UUID, answers: RevealAnswers, *, actor: Actor) -> str:
    """The customer's present address for the message's channel, once the trail says who saw it and why."""
    document = found(message_id)
    contact = CONTACTS.get(Channel(document["notification_type"]))
    if contact is None:
        raise Refused(N_("A push message has no address to look at."))
    with answers.judged() as wrong:
        wrong.unless(answers.why in REASONS, "why", N_("Choose one of the list."))
        wrong.unless_fits(answers.text, "text", least=1, most=MAX_TEXT, message=N_("Write what you need it for."))
    return users.reveal(document["user_id"], contact, reason=answers.why, text=answers.text, actor=actor)


def found(message_id: UUID) -> Document:
    """The message as it is kept."""
    document = messages.get(message_id)
    if document is None:
        raise NotFound(N_("There is no such message. Check the address, or look for it in the list."))
    return document


def _opened(message_id: UUID, actor: Actor) -> Document:
    document = found(message_id)
    audit.note_opening("message.opened", message_id, of=document["user_id"], actor=actor)
    return document


def _link(document: Document) -> str | None:
    link = document.get("notification_link")
    return harmless.one_line(link) if link else None


def _waits_until(document: Document) -> datetime | None:
    """When it goes out next, where nobody has it in hand."""
    due_at: datetime | None = document.get("due_at")
    is_waiting = document["notification_status"] == Status.PENDING and not document.get("claimed_by")
    return due_at if is_waiting and due_at and due_at > clock.now() else None


def _attempt(attempt: Document) -> AttemptRow:
    return AttemptRow(
        attempt["number"],
        attempt["started_at"],
        Outcome(attempt["outcome"]) if attempt.get("outcome") else None,
        attempt.get("provider_answer") or None,
        attempt["recipient_masked"],
        attempt.get("retry_at"),
        [Receipt(Event(row["event"]), row["at"], row.get("answer")) for row in attempt.get("receipts") or ()],
    )


def _chain(message_id: UUID) -> Sequence[Copy]:
    root_id = resends.roots_of([message_id]).get(message_id, message_id)
    claims = resends.of_roots([root_id]).get(root_id, [])[-MAX_COPIES:]
    if not claims:
        return []
    names = auth.names_of({claim.requested_by for claim in claims})
    written = messages.of_ids([root_id, *(claim.message_id for claim in claims)])
    first = [Copy(root_id, root["created_at"], *_status(root))] if (root := written.get(root_id)) else []
    return first + [
        Copy(
            claim.message_id, claim.requested_at, *_status(written.get(claim.message_id)),
            names.get(claim.requested_by), claim.reason, claim.due_at,
        )
        for claim in claims
    ]  # fmt: skip


def _status(document: Document | None) -> tuple[Status | None, str | None]:
    return (Status(document["notification_status"]), document.get("error_class")) if document else (None, None)
