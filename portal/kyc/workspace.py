"""What the page of a check shows, joined from a handful of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth, users
from portal.kyc.claims import LOST, checks, pages
from portal.kyc.images import stamp, store
from portal.kyc.models import MAX_NUMBER_TRIES, DocumentType, KycCheck, KycStatus
from portal.kyc.queue import urgency
from portal.kyc.reasons import REASONS
from portal.shared import ids
from portal.shared.actor import Actor
from portal.shared.database import transaction
from portal.shared.errors import N_, Locked, NotFound
from portal.shared.pagination import Cursor
from portal.users import Person

COPIED = (
    "kyc_id", "document_type", "status", "created_at", "attempt", "version", "has_duplicate", "expires_at",
    "number_tries", "number_matched",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same number on another customer's document."""

    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    status: KycStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """A check of a customer and, once there is one, the decision in force; ``reasons`` are msgids."""

    kyc_id: UUID
    document_type: DocumentType
    status: KycStatus
    created_at: datetime
    verdict: KycStatus | None
    decided_by: str | None
    decided_at: datetime | None
    reasons: list[str]
    customer_text: str | None
    internal_note: str | None
    number_unreadable: bool


@dataclass(frozen=True, slots=True)
class CheckPage:
    """Everything the page of one check shows. The images and the lease token are for its holder only."""

    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    status: KycStatus
    created_at: datetime
    age: timedelta
    urgency: str
    attempt: int
    version: int
    has_duplicate: bool
    is_withdrawn: bool
    expires_at: date | None
    holder: str | None
    is_mine: bool
    lease_until: datetime | None
    lease_seconds: int
    lease_token: UUID | None
    number_tries: int
    number_matched: bool | None
    duplicates: list[Duplicate]
    earlier: list[Attempt]
    decision: Attempt | None

    @property
    def tries_left(self) -> int:
        return max(0, MAX_NUMBER_TRIES - self.number_tries)

    @property
    def after(self) -> Cursor:
        """Its place in the queue: skipping takes the one behind."""
        return Cursor(self.created_at, self.kyc_id)


def show(kyc_id: UUID, *, actor: Actor) -> CheckPage:
    """One check with its customer, duplicates and earlier attempts; opening it is recorded."""
    check, at = _found(kyc_id)
    audit.note_opening("kyc.opened", kyc_id, of=check.user_id, actor=actor)
    twins = pages.duplicates(check.document_number_hash, check.user_id) if check.has_duplicate else []
    history = pages.history(check.user_id)
    people = users.names_of([check.user_id, *(twin.user_id for twin in twins)])
    holder = check.lease_holder if check.is_held(at) else None
    staff = auth.names_of({id_ for id_ in [holder, *(row.decided_by for row in history)] if id_})
    attempts = _attempts(history, staff)
    return CheckPage(
        customer=people[check.user_id],
        is_withdrawn=check.withdrawn_at is not None,
        duplicates=[Duplicate(t.kyc_id, people[t.user_id], t.document_type, t.status, t.created_at) for t in twins],
        earlier=[attempt for attempt in attempts if attempt.kyc_id != kyc_id],
        decision=next((attempt for attempt in attempts if attempt.kyc_id == kyc_id and attempt.verdict), None),
        **{name: getattr(check, name) for name in COPIED},
        **_waiting(check, at),
        **_held(check, holder, staff, at, actor),
    )


def _waiting(check: KycCheck, at: datetime) -> dict[str, Any]:
    age = at - check.created_at
    return {"age": age, "urgency": urgency(check.status, age)}


def _held(
    check: KycCheck, holder: UUID | None, staff: Mapping[UUID, str], at: datetime, actor: Actor
) -> dict[str, Any]:
    """Who holds it and until when; the token of a claim is for its holder only."""
    is_mine = check.status is KycStatus.PENDING and holder == actor.auth_id
    until = check.lease_until if holder else None
    return {
        "holder": staff.get(holder) if holder else None,
        "is_mine": is_mine,
        "lease_until": until,
        "lease_seconds": int((until - at).total_seconds()) if until else 0,
        "lease_token": check.lease_token if is_mine else None,
    }


@dataclass(frozen=True, slots=True)
class Lease:
    """Until when the actor holds a check."""

    kyc_id: UUID
    lease_until: datetime
    lease_token: UUID
    lease_seconds: int


def lease(kyc_id: UUID, *, actor: Actor) -> Lease:
    """The actor's hold on a check, for the line that shows and renews it."""
    check, at = _found(kyc_id)
    if check.lease_holder != actor.auth_id or not check.lease_until or not check.lease_token:
        raise Locked(LOST)
    return Lease(kyc_id, check.lease_until, check.lease_token, int((check.lease_until - at).total_seconds()))


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID]:
    """The submissions whose ids lie between these."""
    return ids.between(KycCheck.kyc_id, least, most, limit)


def statuses_of(user_id: UUID) -> Sequence[Attempt]:
    """Every check of a customer, newest first, for the panel on other pages."""
    if users.names_of([user_id])[user_id].is_deleted:
        raise NotFound(N_("There is no such customer."))
    return _attempts(pages.history(user_id), {})


def is_identified(user_id: UUID, *, for_update: bool = False) -> bool:
    """Whether the customer's KTP is verified; ``for_update`` keeps it so until the caller's transaction ends."""
    return checks.has_verified_ktp(user_id, for_update=for_update)


def image(kyc_id: UUID, side: str, *, actor: Actor) -> bytes:
    """A stamped JPEG for whoever holds this check, or a newer one of the same customer; each view is recorded first."""
    check, at = _found(kyc_id)
    if not checks.holds_one_of(actor.id, check.user_id):
        raise Locked(N_("Only the reviewer who holds this submission sees its images."))
    key = check.document_front_image_path if side == "front" else check.document_selfie_image_path
    with transaction():
        audit.record("kyc.image-viewed", kyc_id, of=check.user_id, actor=actor, side=side)
    try:
        jpeg = store.get(key)
    except NotFound:
        audit.note("kyc.image-missing", kyc_id, of=check.user_id, actor=actor, side=side)
        raise
    return stamp(jpeg, viewer=actor.name, at=at)


def _found(kyc_id: UUID) -> tuple[KycCheck, datetime]:
    found = checks.get(kyc_id)
    if found is None:
        raise NotFound(N_("There is no such submission."))
    return found


def _attempts(history: Sequence[Row[Any]], staff: dict[UUID, str]) -> list[Attempt]:
    """One attempt a check, with its newest decision: ``history`` has a row for each decision."""
    newest: dict[UUID, Row[Any]] = {}
    for row in history:
        newest.setdefault(row.kyc_id, row)
    return [_attempt(row, staff) for row in newest.values()]


def _attempt(row: Row[Any], staff: dict[UUID, str]) -> Attempt:
    is_decided = row.status is not KycStatus.PENDING and row.verdict is not None
    return Attempt(
        row.kyc_id,
        row.document_type,
        row.status,
        row.created_at,
        row.verdict if is_decided else None,
        staff.get(row.decided_by) if is_decided else None,
        row.decided_at if is_decided else None,
        [REASONS[code].label for code in row.reason_codes or [] if code in REASONS],
        row.customer_text,
        row.internal_note,
        bool(row.number_unreadable),
    )


def holds_case_of(user_id: UUID, *, actor: Actor) -> bool:
    """Whether ``actor`` holds a pending submission of this customer now."""
    return checks.holds_one_of(actor.id, user_id)
