"""What the message log, a message's page and the panels show; contact data leaves here masked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, users
from portal.notifications import harmless
from portal.notifications.listing import MessageLists
from portal.notifications.models import Filters
from portal.shared.actor import Actor
from portal.shared.errors import N_, NotFound
from portal.shared.hooks import Hook
from portal.shared.mongo import Document, mongo
from portal.shared.pagination import Cursor, Page, Slice
from portal.users import Person

STATUSES = ("failed", "pending", "sent")
EXPORTED_AT_MOST = 100_000
BATCH = 500

lists = MessageLists(mongo)
is_loan: Hook[[UUID], bool] = Hook()
"""Asks whether there is such a loan: one without a message is not one that never was."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the log, with whom it is for."""

    id: UUID
    customer: Person
    loan_id: UUID | None
    category: str
    channel: str
    title: str
    status: str
    created_at: datetime
    error_class: str | None

    @property
    def recipient(self) -> str:
        """Where it went, masked."""
        return {"email": self.customer.email, "sms": self.customer.phone}.get(self.channel, "–")


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the log, what it was read from, and the customer it is narrowed to."""

    page: Page[Line]
    person: Person | None
    documents: Sequence[Document] = ()


def browse(filters: Filters, part: Slice) -> Found:
    """A page of the log, newest first."""
    documents = lists.page(filters, part)
    rows = lines(documents)
    person = users.names_of([filters.user_id])[filters.user_id] if filters.user_id else None
    return Found(Page.of(rows, part, lambda row: Cursor(row.created_at, row.id)), person, documents)


def count() -> dict[str, int]:
    """How many messages there are of each status, counted up to 1,001."""
    return lists.counts(STATUSES)


def of_loan(loan_id: UUID) -> Sequence[Line]:
    """The newest messages about a loan."""
    if not any(is_loan(loan_id)):
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    return lines(lists.page(Filters(loan_id=loan_id), Slice()))


def of_customer(user_id: UUID) -> Sequence[Line]:
    """The newest messages to a customer."""
    if users.names_of([user_id])[user_id].auth_id is None:
        raise NotFound(N_("There is no such customer."))
    return lines(lists.page(Filters(user_id=user_id), Slice()))


def export(filters: Filters, *, actor: Actor) -> Iterator[Line]:
    """All that match, streamed and masked; who exported what is recorded first."""
    given = {name: getattr(filters, name) for name in Filters.__slots__}
    named = {name: str(value) for name, value in given.items() if value is not None}
    audit.note("messages.exported", None, actor=actor, filters=named)
    return _exported(filters)


def _exported(filters: Filters) -> Iterator[Line]:
    batch: list[Document] = []
    for document in lists.every(filters, EXPORTED_AT_MOST):
        batch.append(document)
        if len(batch) == BATCH:
            yield from lines(batch)
            batch = []
    yield from lines(batch)


def found(message_id: UUID) -> Document:
    """The message as it is kept."""
    document = lists.get(message_id)
    if document is None:
        raise NotFound(N_("There is no such message. Check the address, or look for it in the list."))
    return document


def lines(documents: Sequence[Document]) -> list[Line]:
    """What lists show of these messages; whatever their titles hold is harmless then."""
    people = users.names_of(document["user_id"] for document in documents)
    return [
        Line(
            document["_id"],
            people[document["user_id"]],
            document.get("loan_id"),
            document["notification_category"],
            document["notification_type"],
            harmless.one_line(document["notification_title"]),
            document["notification_status"],
            document["created_at"],
            document.get("error_class"),
        )
        for document in documents
    ]
