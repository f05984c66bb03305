"""The message log: what narrows it, what its rows show, and what came in since. Contact data leave here masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import users
from portal.notifications import harmless
from portal.notifications.models import COLLECTION, CUSTOMER_INDEX, LOAN_INDEX, LOG_INDEX, Category, Channel, Status
from portal.notifications.repository import messages
from portal.notifications.resends import facts
from portal.notifications.resends.eligibility import Verdict
from portal.shared.actor import PORTAL
from portal.shared.errors import N_, NotFound, Sentence
from portal.shared.fields import Choice, Id, Since, Until, nowhere
from portal.shared.hooks import Hook
from portal.shared.lists import Asked, Export, Tab
from portal.shared.mongo import Document
from portal.shared.mongo_lists import MongoListing
from portal.shared.pagination import Cursor, Slice
from portal.users import Person

MAX_EXPORTED = 100_000
MAX_NEW = 100

is_loan: Hook[[UUID], bool] = Hook()
"""Asks whether there is such a loan: one without a message is not one that never was."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of the log, with whom it is for."""

    id: UUID
    customer: Person
    loan_id: UUID | None
    category: Category
    channel: Channel
    title: str
    status: Status
    created_at: datetime
    error_class: str | None
    document: Document = field(repr=False)

    @property
    def recipient(self) -> str:
        """Where it went, masked."""
        return {Channel.EMAIL: self.customer.email, Channel.SMS: self.customer.phone}.get(self.channel, "–")


@dataclass(frozen=True, slots=True)
class News:
    """How many messages came in, up to 100, and how those ended that were pending, by id."""

    fresh: int
    ended: Mapping[UUID, tuple[Status, str | None]]


def rows_of(documents: Sequence[Document]) -> list[MessageRow]:
    """What lists show of these messages; whatever their titles hold is harmless then."""
    people = users.names_of(document["user_id"] for document in documents)
    return [
        MessageRow(
            document["_id"],
            people[document["user_id"]],
            document.get("loan_id"),
            Category(document["notification_category"]),
            Channel(document["notification_type"]),
            harmless.one_line(document["notification_title"]),
            Status(document["notification_status"]),
            document["created_at"],
            document.get("error_class"),
            document,
        )
        for document in documents
    ]


def _index(values: Mapping[str, Any]) -> str:
    """The index to read by. All messages about a loan go to one customer: their id is looked at in them."""
    return LOAN_INDEX if values.get("loan") else CUSTOMER_INDEX if values.get("user") else LOG_INDEX


def _customer(user_id: UUID, rows: Sequence[MessageRow]) -> str:
    person = users.names_of([user_id])[user_id]
    return Sentence(person.fullname) if person.is_deleted else person.fullname


LOG: MongoListing[MessageRow] = MongoListing(
    COLLECTION,
    columns=(
        "user_id", "loan_id", "notification_category", "notification_type", "notification_title",
        "notification_status", "notification_sent_at", "notification_failed_at", "created_at", "error_class",
        "resend_of", "context",
    ),
    hint=_index,
    fields=[
        Choice(name="status", label=N_("Status"), among=Status, column="notification_status", in_bar=nowhere),
        Choice(name="category", label=N_("Category"), among=Category, column="notification_category"),
        Choice(name="type", label=N_("Channel"), among=Channel, column="notification_type"),
        Since(name="from", label=N_("From"), column="created_at"),
        Until(name="to", label=N_("To"), column="created_at", above="from"),
        Id(
            name="user",
            column="user_id",
            wrong=N_("This is no customer id. Look the customer up by phone or email."),
            token=N_("Customer: %(name)s"),
            all=N_("Show the messages to all customers"),
            named=_customer,
        ),
        Id(name="loan", column="loan_id", wrong=N_("This is no loan id. Open the loan from the list.")),
    ],
    is_strict=True,
    tabs=[Tab("all", N_("All")), *(Tab(status.value, status.word, {"status": status.value}) for status in Status)],
    tabs_keep=True,
    export=Export(
        "messages.exported",
        "messages.csv",
        {
            "message_id": "id", "customer": "customer.fullname", "recipient": "recipient", "loan_id": "loan_id",
            "category": "category", "type": "channel", "title": "title", "status": "status",
            "created_at": "created_at", "error_class": "error_class",
        },
        MAX_EXPORTED,
    ),
    shown=lambda documents, actor: rows_of(documents),
)  # fmt: skip


def verdicts(rows: Sequence[MessageRow]) -> dict[UUID, Verdict]:
    """Whether each of these may be sent again, but for those still on their way."""
    return facts.verdicts_of([row.document for row in rows if row.status is not Status.PENDING])


def news(asked: Asked, *, newest: Cursor | None, pending: Sequence[UUID]) -> News:
    """What is new since a page was drawn; ``newest`` is its first row, None on later pages."""
    if asked.problems:
        return News(0, {})
    fresh = LOG.newer_than(newest, asked, MAX_NEW) if newest else 0
    found = messages.of_ids(pending) if pending else {}
    ended = {id_: (Status(row["notification_status"]), row.get("error_class")) for id_, row in found.items()}
    return News(fresh, {id_: stands for id_, stands in ended.items() if stands[0] is not Status.PENDING})


def newest_of(**values: Any) -> Sequence[MessageRow]:
    """The newest messages of these values, the same for whoever looks."""
    return LOG.page(Asked(values=values), Slice(), actor=PORTAL).rows


def of_loan(loan_id: UUID) -> Sequence[MessageRow]:
    """The newest messages about a loan."""
    if not any(is_loan(loan_id)):
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    return newest_of(loan=loan_id)


def of_customer(user_id: UUID) -> Sequence[MessageRow]:
    """The newest messages to a customer."""
    if users.names_of([user_id])[user_id].is_deleted:
        raise NotFound(N_("There is no such customer."))
    return newest_of(user=user_id)
