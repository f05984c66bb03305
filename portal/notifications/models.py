"""A message to a customer and each try to send it, as Mongo keeps them.

Lists are read in index order: status, category and type stand first, then ``created_at`` and ``_id``. A list asks for
every value of an enum it is not filtered by; Mongo merges those 36 ranges at most, so that one index serves every
combination, and two more the same of one customer or one loan: a page costs the same whatever lies between its rows.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel

from portal.shared.mongo import Document

COLLECTION = "notifications_collection"
ATTEMPTS = "notification_attempts"
LONGEST_TITLE = 255
LONGEST_CONTENT = 10_000
STATUSES, CATEGORIES, TYPES = (
    ["pending", "sent", "failed"],
    ["loan", "kyc", "payment", "other"],
    ["email", "sms", "push"],
)


class Outcome(StrEnum):
    """How one try to send ended. A technical one says nothing of the message: it costs none of its tries."""

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    TECHNICAL = "technical"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"


OUTCOME_OF = {
    "permanent": Outcome.PERMANENT,
    "rejected": Outcome.PERMANENT,
    "no_address": Outcome.PERMANENT,
    "no_customer": Outcome.PERMANENT,
    "expired": Outcome.PERMANENT,
    "credentials": Outcome.TECHNICAL,
    "tls": Outcome.TECHNICAL,
    "unreachable": Outcome.TECHNICAL,
    "throttled": Outcome.TEMPORARY,
    "unavailable": Outcome.TEMPORARY,
    "broken_answer": Outcome.TEMPORARY,
    "timeout": Outcome.TIMEOUT,
    "unknown": Outcome.UNKNOWN,
}
"""Every ``error_class`` there is; ``advice.py`` says what to do about each."""

SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": [
        "_id",
        "user_id",
        "notification_category",
        "notification_type",
        "notification_title",
        "notification_content",
        "notification_status",
        "created_at",
    ],
    "properties": {
        "_id": {"bsonType": "binData"},
        "user_id": {"bsonType": "binData"},
        "loan_id": {"bsonType": ["binData", "null"]},
        "notification_category": {"enum": CATEGORIES},
        "notification_type": {"enum": TYPES},
        "notification_title": {"bsonType": "string", "maxLength": LONGEST_TITLE},
        "notification_content": {"bsonType": "string"},
        "notification_link": {"bsonType": ["string", "null"], "maxLength": 255},
        "notification_status": {"enum": STATUSES},
        "notification_sent_at": {"bsonType": ["date", "null"]},
        "notification_failed_at": {"bsonType": ["date", "null"]},
        "notification_read_at": {"bsonType": ["date", "null"]},
        "created_at": {"bsonType": "date"},
        "resend_of": {"bsonType": ["binData", "null"]},
        "requested_by": {"bsonType": ["binData", "null"]},
        "resend_reason": {"bsonType": ["string", "null"]},
        "batch_id": {"bsonType": ["binData", "null"]},
        "error_class": {"enum": [None, *OUTCOME_OF]},
        "due_at": {"bsonType": ["date", "null"]},
        "claimed_by": {"bsonType": ["binData", "null"]},
        "tries": {"bsonType": "int"},
        "open_attempt": {"bsonType": ["binData", "null"]},
    },
}

ATTEMPT_SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": ["_id", "notification_id", "number", "started_at", "channel", "recipient_masked", "recipient_hash"],
    "properties": {
        "_id": {"bsonType": "binData"},
        "notification_id": {"bsonType": "binData"},
        "outcome": {"enum": [None, *(outcome.value for outcome in Outcome)]},
        "error_class": {"enum": [None, *OUTCOME_OF]},
        "provider_answer": {"bsonType": ["string", "null"], "maxLength": 200},
    },
}

NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]
ENUMS = ("notification_status", "notification_category", "notification_type")
IN_ORDER = [*((name, ASCENDING) for name in ENUMS), *NEWEST_FIRST]
LOG, OF_CUSTOMER, OF_LOAN = "log", "of_customer", "of_loan"

INDEXES = [
    IndexModel(IN_ORDER, name=LOG),
    IndexModel([("user_id", ASCENDING), *IN_ORDER], name=OF_CUSTOMER),
    IndexModel([("loan_id", ASCENDING), *IN_ORDER], name=OF_LOAN),
    IndexModel(
        [("user_id", ASCENDING), ("context.message", ASCENDING), ("created_at", ASCENDING)],
        name="sent_of_a_kind",
        partialFilterExpression={"notification_status": "sent"},
    ),
    IndexModel(
        [("notification_type", ASCENDING), ("due_at", ASCENDING)],
        name="due",
        partialFilterExpression={"notification_status": "pending"},
    ),
    IndexModel(
        [("batch_id", ASCENDING), ("notification_status", ASCENDING)],
        name="batch",
        partialFilterExpression={"batch_id": {"$gt": Binary.from_uuid(UUID(int=0))}},
    ),
]

ATTEMPT_INDEXES = [IndexModel([("notification_id", ASCENDING), ("number", ASCENDING)])]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message; ``context`` holds the event and the facts it states, so that a stale one can be told later.

    ``due_at`` is when a worker may take it next, None for at once. A worker that takes it moves that on and leaves its
    mark in ``claimed_by``, so that what a dead worker took comes free by itself. ``open_attempt`` is the attempt that
    has begun and of which nobody has said yet how it ended; ``tries`` counts those that the message had to answer for.
    """

    id: UUID
    user_id: UUID
    loan_id: UUID | None
    notification_category: str
    notification_type: str
    notification_title: str
    notification_content: str
    created_at: datetime
    notification_link: str | None = None
    notification_status: str = "pending"
    notification_sent_at: datetime | None = None
    notification_failed_at: datetime | None = None
    notification_read_at: datetime | None = None
    context: dict[str, Any] = field(default_factory=dict)
    resend_of: UUID | None = None
    requested_by: UUID | None = None
    resend_reason: str | None = None
    batch_id: UUID | None = None
    error_class: str | None = None
    due_at: datetime | None = None
    tries: int = 0

    def to_document(self) -> dict[str, Any]:
        fields = asdict(self)
        return {"_id": fields.pop("id"), **fields}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send. ``recipient_hash`` tells whether the address is still the same without keeping it.

    Its document gains ``ended_at, outcome, error_class, provider_id, provider_answer, retry_at`` when it ends, and
    ``receipts``, a list of ``event, at, answer``, when the provider has more to say.
    """

    id: UUID
    notification_id: UUID
    number: int
    started_at: datetime
    channel: str
    provider: str
    recipient_masked: str
    recipient_hash: str

    def to_document(self) -> dict[str, Any]:
        fields = asdict(self)
        return {"_id": fields.pop("id"), **fields}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; ``since`` and ``until`` are moments, the latter exclusive."""

    status: str | None = None
    category: str | None = None
    channel: str | None = None
    user_id: UUID | None = None
    loan_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def to_query(self) -> Document:
        """The filter Mongo gets: typed values only, never an operator of somebody else's.

        What it is not narrowed to is asked for by every value there is: only so are the rows read in index order.
        """
        query: Document = {
            "notification_status": self.status or {"$in": STATUSES},
            "notification_category": self.category or {"$in": CATEGORIES},
            "notification_type": self.channel or {"$in": TYPES},
        }
        ids = {"user_id": self.user_id, "loan_id": self.loan_id}
        query |= {name: value for name, value in ids.items() if value is not None}
        span = {"$gte": self.since, "$lt": self.until}
        bounds = {operator: at for operator, at in span.items() if at}
        return {**query, "created_at": bounds} if bounds else query

    @property
    def index(self) -> str:
        """The index to read by. All messages about a loan go to one customer: his id is looked at in them."""
        return OF_LOAN if self.loan_id else OF_CUSTOMER if self.user_id else LOG
