"""A message to a customer and each try to send it, as Mongo keeps them.

Lists are read in index order: status, category and type stand first, then ``created_at`` and ``_id``. A list asks for
every value of an enum it is not filtered by; Mongo merges those 36 ranges at most, so that one index serves every
combination, and two more the same of one customer or one loan: a page costs the same whatever lies between its rows.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel

from portal.shared.errors import N_, NP_
from portal.shared.words import Words

COLLECTION = "notifications_collection"
ATTEMPTS = "notification_attempts"
MAX_TITLE = 255
MAX_CONTENT = 10_000


class Category(Words):
    """What a message is about."""

    PAYMENT = "payment", N_("Payment")
    LOAN = "loan", N_("Loan")
    KYC = "kyc", N_("KYC")
    OTHER = "other", N_("Other")


class Channel(Words):
    """The way a message goes, ``notification_type`` in the data model."""

    SMS = "sms", N_("SMS"), "message-square"
    EMAIL = "email", N_("Email"), "mail"
    PUSH = "push", N_("Push"), "bell-ring"


class Status(Words):
    """Where a message stands. A pending one waits for no decision, as other pending things do."""

    FAILED = "failed", N_("Failed"), "circle-x", "bad"
    PENDING = "pending", NP_("message", "Pending"), "circle-dashed", "info"
    SENT = "sent", N_("Sent"), "circle-check", "ok"


class Outcome(Words):
    """How one try to send ended. A technical one says nothing of the message: it costs none of its tries."""

    SENT = "sent", N_("Handed over"), "check", "ok"
    TEMPORARY = "temporary", N_("Not taken for now"), "x", "bad"
    PERMANENT = "permanent", N_("Refused"), "x", "bad"
    TECHNICAL = "technical", N_("Provider out of order"), "x", "bad"
    TIMEOUT = "timeout", N_("No answer in time"), "clock", "bad"
    UNKNOWN = "unknown", N_("Nobody knows whether it arrived"), "circle-question-mark", "warn"


class Event(Words):
    """What a provider says later of a message it had taken."""

    DELIVERED = "delivered", N_("Arrived")
    BOUNCED = "bounced", N_("Came back")


class ErrorClass(StrEnum):
    """Why a message was not sent: how the try ended by it, and what to do about it."""

    outcome: Outcome
    advice: str

    def __new__(cls, value: str, outcome: Outcome = Outcome.UNKNOWN, advice: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.outcome, member.advice = value, outcome, advice
        return member

    PERMANENT = (
        "permanent", Outcome.PERMANENT,
        N_("The address does not work. Correct it first, then send the message again."),
    )  # fmt: skip
    REJECTED = (
        "rejected", Outcome.PERMANENT, N_("The provider does not accept this message. Tell an administrator."),
    )  # fmt: skip
    NO_ADDRESS = (
        "no_address", Outcome.PERMANENT,
        N_("The customer has no address for this channel. Add one first, or use another channel."),
    )  # fmt: skip
    NO_CUSTOMER = "no_customer", Outcome.PERMANENT, N_("The customer was deleted. Nothing is sent any more.")
    EXPIRED = (
        "expired", Outcome.PERMANENT,
        N_("It could not be sent within 72 hours. Check that it still holds, then send it again."),
    )  # fmt: skip
    CREDENTIALS = (
        "credentials", Outcome.TECHNICAL,
        N_("The provider refuses the portal's credentials. Tell an administrator."),
    )  # fmt: skip
    TLS = "tls", Outcome.TECHNICAL, N_("No secure connection to the provider. Tell an administrator.")
    UNREACHABLE = (
        "unreachable", Outcome.TECHNICAL, N_("The provider cannot be reached. The portal tries again by itself."),
    )  # fmt: skip
    THROTTLED = (
        "throttled", Outcome.TEMPORARY,
        N_("The provider asks to send more slowly. The portal tries again by itself."),
    )  # fmt: skip
    UNAVAILABLE = (
        "unavailable", Outcome.TEMPORARY,
        N_("The provider has a fault. The portal tries again by itself; if it gave up, send it again later."),
    )  # fmt: skip
    BROKEN_ANSWER = (
        "broken_answer", Outcome.TEMPORARY,
        N_("The provider's answer broke off. The portal tries again by itself; if it gave up, send it later."),
    )  # fmt: skip
    TIMEOUT = (
        "timeout", Outcome.TIMEOUT,
        N_("The provider did not answer in time. The portal tries again by itself; if it gave up, send it later."),
    )  # fmt: skip
    UNKNOWN = (
        "unknown", Outcome.UNKNOWN, N_("It may have been sent. Ask the customer before you send it again."),
    )  # fmt: skip


_ID, _ID_OR_NONE = {"bsonType": "binData"}, {"bsonType": ["binData", "null"]}
_TIME, _TIME_OR_NONE = {"bsonType": "date"}, {"bsonType": ["date", "null"]}
_ERROR_CLASS = {"enum": [None, *map(str, ErrorClass)]}
SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": [
        "_id", "user_id", "notification_category", "notification_type", "notification_title", "notification_content",
        "notification_status", "created_at",
    ],
    "properties": {
        **dict.fromkeys(("_id", "user_id"), _ID),
        **dict.fromkeys(
            ("loan_id", "resend_of", "requested_by", "batch_id", "claimed_by", "open_attempt"), _ID_OR_NONE
        ),
        "created_at": _TIME,
        **dict.fromkeys(
            ("notification_sent_at", "notification_failed_at", "notification_read_at", "due_at"), _TIME_OR_NONE
        ),
        "notification_category": {"enum": [*map(str, Category)]},
        "notification_type": {"enum": [*map(str, Channel)]},
        "notification_status": {"enum": [*map(str, Status)]},
        "notification_title": {"bsonType": "string", "maxLength": MAX_TITLE},
        "notification_content": {"bsonType": "string"},
        "notification_link": {"bsonType": ["string", "null"], "maxLength": 255},
        "resend_reason": {"bsonType": ["string", "null"]},
        "error_class": _ERROR_CLASS,
        "tries": {"bsonType": "int"},
    },
}  # fmt: skip
ATTEMPT_SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": ["_id", "notification_id", "number", "started_at", "channel", "recipient_masked", "recipient_hash"],
    "properties": {
        **dict.fromkeys(("_id", "notification_id"), _ID),
        "outcome": {"enum": [None, *map(str, Outcome)]},
        "error_class": _ERROR_CLASS,
        "provider_answer": {"bsonType": ["string", "null"], "maxLength": 200},
    },
}

NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]
ENUMS = ("notification_status", "notification_category", "notification_type")
IN_ORDER = [*((name, ASCENDING) for name in ENUMS), *NEWEST_FIRST]
LOG_INDEX, CUSTOMER_INDEX, LOAN_INDEX = "log", "of_customer", "of_loan"


def _partial(name: str, *fields: str, **rule: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], name=name, partialFilterExpression=rule)


INDEXES = [
    IndexModel(IN_ORDER, name=LOG_INDEX),
    IndexModel([("user_id", ASCENDING), *IN_ORDER], name=CUSTOMER_INDEX),
    IndexModel([("loan_id", ASCENDING), *IN_ORDER], name=LOAN_INDEX),
    _partial("sent_of_a_kind", "user_id", "context.message", "created_at", notification_status="sent"),
    _partial("due", "notification_type", "due_at", notification_status="pending"),
    _partial("batch", "batch_id", "notification_status", batch_id={"$gt": Binary.from_uuid(UUID(int=0))}),
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
