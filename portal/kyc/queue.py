"""The queue of identity checks, the decisions on them, and what can still be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, func, select, text, true

from portal import auth, config, users
from portal.kyc.claims import pages
from portal.kyc.models import (
    IS_LISTED,
    IS_MADE,
    IS_REJECTION,
    MAX_REJECTIONS,
    UNDO_WINDOW,
    DocumentType,
    KycCheck,
    KycDecision,
    KycStatus,
)
from portal.kyc.reasons import REASONS
from portal.shared import clock
from portal.shared.actor import Actor, initials
from portal.shared.errors import N_
from portal.shared.fields import Choice, Id, Rule, Since, Waiting, nowhere
from portal.shared.lists import Export, Listing, Tab
from portal.shared.pagination import Slice
from portal.users import Person

NEAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    status: KycStatus
    created_at: datetime
    age: timedelta
    urgency: str
    has_duplicate: bool
    attempt: int
    holder: str | None
    is_mine: bool

    @property
    def holder_initials(self) -> str:
        return initials(self.holder or "")


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision in force; ``reasons`` are msgids."""

    decision_id: UUID
    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    verdict: KycStatus
    reasons: list[str]
    decided_by: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Undoable:
    """The actor's newest decision while it can still be undone."""

    kyc_id: UUID
    fullname: str
    verdict: KycStatus
    until: datetime
    seconds_left: int


def waiting_target() -> timedelta:
    """Within which a decision is due."""
    return config.current().kyc_target


def urgency(status: KycStatus, age: timedelta) -> str:
    """Whether a waiting check is past its target, near it, or neither."""
    if status is not KycStatus.PENDING or age < waiting_target() - NEAR:
        return ""
    return "late" if age >= waiting_target() else "near"


def _queue_rows(rows: Sequence[Row[Any]], actor: Actor, people: Mapping[UUID, Person] | None = None) -> list[QueueRow]:
    people = people or users.names_of(row.user_id for row in rows)
    staff = auth.names_of({row.lease_holder for row in rows if row.lease_until and row.lease_until > row.now})
    return [_queue_row(row, people[row.user_id], staff, actor) for row in rows]


def _queue_row(row: Row[Any], customer: Person, staff: Mapping[UUID, str], actor: Actor) -> QueueRow:
    is_held = row.lease_until is not None and row.lease_until > row.now
    age = row.now - row.created_at
    return QueueRow(
        row.kyc_id,
        customer,
        row.document_type,
        row.status,
        row.created_at,
        age,
        urgency(row.status, age),
        row.has_duplicate,
        row.attempt,
        staff.get(row.lease_holder) if is_held else None,
        is_held and row.lease_holder == actor.auth_id,
    )


def _waits(values: Mapping[str, Any]) -> bool:
    return values.get("status") is KycStatus.PENDING


def _of_waiting(values: dict[str, Any]) -> dict[str, Any]:
    """Only what waits is held by somebody and grows older."""
    return values if _waits(values) else {name: value for name, value in values.items() if name not in {"held", "age"}}


QUEUE: Listing[QueueRow] = Listing(
    KycCheck.kyc_id,
    KycCheck.user_id,
    KycCheck.document_type,
    KycCheck.status,
    KycCheck.created_at,
    KycCheck.has_duplicate,
    KycCheck.attempt,
    KycCheck.lease_holder,
    KycCheck.lease_until,
    func.clock_timestamp().label("now"),
    key=(KycCheck.created_at, KycCheck.kyc_id),
    where=[KycCheck.withdrawn_at.is_(None)],
    is_ascending=_waits,
    fields=[
        Choice(name="status", among=KycStatus, column=KycCheck.status, default=KycStatus.PENDING, in_bar=nowhere),
        Choice(name="document_type", label=N_("Document"), among=DocumentType, column=KycCheck.document_type),
        Rule(
            name="flag",
            label=N_("Flag"),
            all=N_("Any"),
            among={"duplicate": N_("Same document elsewhere")},
            rules={"duplicate": "has_duplicate"},
        ),
        Rule(
            name="held",
            label=N_("Held by"),
            all=N_("Anyone"),
            among={"me": N_("Me")},
            rules={"me": "lease_holder = :me AND lease_until > clock_timestamp()"},
            in_bar=_waits,
        ),
        Waiting(name="age", label=N_("Waiting"), column=KycCheck.created_at, target=waiting_target, in_bar=_waits),
    ],
    meant=_of_waiting,
    tabs=[
        Tab("waiting", N_("Waiting"), {}, f"status = 'pending' AND {IS_LISTED}"),
        Tab(
            "mine",
            N_("Held by me"),
            {"held": "me"},
            f"lease_holder = :me AND status = 'pending' AND lease_until > clock_timestamp() AND {IS_LISTED}",
        ),
        Tab("late", N_("Past target"), {"age": "late"}, f"status = 'pending' AND created_at <= :late AND {IS_LISTED}"),
        Tab("rejected", N_("Rejected"), {"status": "rejected"}, f"status = 'rejected' AND {IS_LISTED}"),
        Tab("expired", N_("Expired"), {"status": "expired"}, f"status = 'expired' AND {IS_LISTED}"),
        Tab("verified", N_("Verified"), {"status": "verified"}, f"status = 'verified' AND {IS_LISTED}"),
    ],
    export=Export(
        "kyc.exported",
        "kyc.csv",
        {
            "kyc_id": "kyc_id",
            "customer": "customer.fullname",
            "phone": "customer.phone",
            "document_type": "document_type",
            "status": "status",
            "attempt": "attempt",
            "has_duplicate": "has_duplicate",
            "created_at": "created_at",
        },
    ),
    shown=_queue_rows,
)


class _Given(Choice):
    """A reason among those of a rejection."""

    def where(self, column: Any, shape: Any) -> Sequence[Any]:
        return [bindparam(self.name) == any_(column)]


def _decision_rows(rows: Sequence[Row[Any]], actor: Actor) -> list[DecisionRow]:
    people = users.names_of(row.user_id for row in rows)
    staff = auth.names_of({row.decided_by for row in rows if row.decided_by})
    return [
        DecisionRow(
            row.decision_id,
            row.kyc_id,
            people[row.user_id],
            row.document_type,
            row.verdict,
            [REASONS[code].label for code in row.reason_codes],
            staff.get(row.decided_by),
            row.decided_at,
        )
        for row in rows
    ]


def _with_check(page: Any) -> Any:
    """The customer and the document, looked up one by one, however small the table."""
    check = select(KycCheck.user_id, KycCheck.document_type).where(KycCheck.kyc_id == page.c.kyc_id).limit(1).lateral()
    return select(*page.c, *check.c).join(check, true())


DECISIONS: Listing[DecisionRow] = Listing(
    KycDecision.decision_id,
    KycDecision.kyc_id,
    KycDecision.verdict,
    KycDecision.decided_by,
    KycDecision.decided_at,
    KycDecision.reason_codes,
    key=(KycDecision.decided_at, KycDecision.decision_id),
    where=[text(IS_MADE)],
    wrapped=_with_check,
    scan=MAX_REJECTIONS,
    scans_newest=True,
    scanned_too=["by"],
    fields=[
        _Given(
            name="reason",
            label=N_("Reason"),
            all=N_("Any"),
            among={code: reason.label for code, reason in REASONS.items()},
            column=KycDecision.reason_codes,
            implied=[IS_REJECTION],
            is_scanned=True,
        ),
        Since(name="from", label=N_("From"), column=KycDecision.decided_at),
        Id(
            name="by",
            column=KycDecision.decided_by,
            token=N_("Decided by: %(name)s"),
            all=N_("Show the decisions of all"),
            named=lambda auth_id, rows: auth.names_of({auth_id}).get(auth_id, ""),
        ),
    ],
    shown=_decision_rows,
)


def count(actor: Actor) -> dict[str, int]:
    """How many each view of the queue has for this reviewer, counted up to 1,001."""
    return QUEUE.counts(me=actor.auth_id, late=clock.now() - waiting_target())


def oldest_waiting(actor: Actor, most: int) -> Sequence[QueueRow]:
    """The oldest that wait, held or not."""
    return QUEUE.page(QUEUE.read({}), Slice(), actor=actor).rows[:most]


class LastDecision:
    """What the actor decided last, while it can be undone; in a list its customer is named together with the rows'."""

    def __init__(self, actor: Actor) -> None:
        self.row = pages.undoable(actor.id, UNDO_WINDOW)
        self.people: Mapping[UUID, Person] = {}

    def beside(self, rows: Sequence[Row[Any]], actor: Actor) -> list[QueueRow]:
        """The rows of the queue, for whoever shows them with this."""
        self.people = users.names_of([*(row.user_id for row in rows), *([self.row.user_id] if self.row else [])])
        return _queue_rows(rows, actor, self.people)

    @property
    def undoable(self) -> Undoable | None:
        row = self.row
        if row is None:
            return None
        name = (self.people or users.names_of([row.user_id]))[row.user_id].fullname
        return Undoable(row.kyc_id, name, row.verdict, row.until, int((row.until - row.now).total_seconds()))
