"""The queue and the pages about a check: statements are built once and read columns, not entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Interval,
    Result,
    Row,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import scoped_session

from portal.kyc.models import IS_LISTED, DocumentType, KycCheck, KycDecision, KycStatus
from portal.shared.counting import capped
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice

_KEY = (KycCheck.created_at, KycCheck.kyc_id)
_COLUMNS = (
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
)
_AT = bindparam("at", type_=DateTime(timezone=True))
_ID = bindparam("id", type_=Uuid())


def _listing(
    *, is_ascending: bool, place: str | None, by_type: bool, flagged: bool, mine: bool, since: bool, until: bool
) -> Select[Any]:
    """One page of the queue; every combination of filters is an equality prefix of one of the queue's indexes."""
    statement = select(*_COLUMNS).where(KycCheck.status == bindparam("status"), KycCheck.withdrawn_at.is_(None))
    if by_type:
        statement = statement.where(KycCheck.document_type == bindparam("document_type"))
    if flagged:
        statement = statement.where(KycCheck.has_duplicate)
    if mine:
        statement = statement.where(
            KycCheck.lease_holder == bindparam("holder", type_=Uuid()), KycCheck.lease_until > func.clock_timestamp()
        )
    if since:
        statement = statement.where(KycCheck.created_at > bindparam("since"))
    if until:
        statement = statement.where(KycCheck.created_at <= bindparam("until"))
    is_forward = place != "before"
    if place:
        key, at = tuple_(*_KEY), tuple_(_AT, _ID)
        statement = statement.where(key > at if is_forward == is_ascending else key < at)
    order = [c.asc() if is_forward == is_ascending else c.desc() for c in _KEY]
    return statement.order_by(*order).limit(PAGE_SIZE + 1)


_NARROWINGS = ("by_type", "flagged", "mine", "since", "until")
_LISTINGS = {
    (ascending, place, *flags): _listing(
        is_ascending=ascending, place=place, **dict(zip(_NARROWINGS, flags, strict=True))
    )
    for ascending in (True, False)
    for place in (None, "after", "before")
    for flags in product((False, True), repeat=len(_NARROWINGS))
}

_COUNTED = {
    "waiting": "status = 'pending'",
    "mine": "lease_holder = :holder AND status = 'pending' AND lease_until > clock_timestamp()",
    "late": "status = 'pending' AND created_at <= :late_before",
    "rejected": "status = 'rejected'",
    "expired": "status = 'expired'",
    "verified": "status = 'verified'",
}
_COUNTS = text(
    "SELECT "
    + ", ".join(f"{capped('user_kyc', f'{rule} AND {IS_LISTED}')} AS {name}" for name, rule in _COUNTED.items())
)


_BY_ID = (
    select(KycCheck.kyc_id)
    .where(KycCheck.kyc_id.between(bindparam("least", type_=Uuid()), bindparam("greatest", type_=Uuid())))
    .order_by(KycCheck.kyc_id)
    .limit(bindparam("most"))
)
_HISTORY = (
    select(
        KycCheck.kyc_id,
        KycCheck.document_type,
        KycCheck.status,
        KycCheck.created_at,
        KycDecision.verdict,
        KycDecision.reason_codes,
        KycDecision.decided_by,
        KycDecision.decided_at,
        KycDecision.customer_text,
        KycDecision.internal_note,
        KycDecision.number_unreadable,
    )
    .outerjoin(KycDecision, and_(KycDecision.kyc_id == KycCheck.kyc_id, KycDecision.undone_at.is_(None)))
    .where(KycCheck.user_id == bindparam("user_id", type_=Uuid()))
    .order_by(KycCheck.created_at.desc(), KycCheck.kyc_id.desc(), KycDecision.decided_at.desc())
    .limit(50)
)
_DUPLICATES = (
    select(KycCheck.kyc_id, KycCheck.user_id, KycCheck.document_type, KycCheck.status, KycCheck.created_at)
    .where(
        KycCheck.document_number_hash == bindparam("number_hash"),
        KycCheck.user_id != bindparam("user_id", type_=Uuid()),
    )
    .order_by(KycCheck.created_at, KycCheck.kyc_id)
    .limit(20)
)
_UNDOABLE = (
    select(
        KycDecision.kyc_id,
        KycDecision.verdict,
        KycCheck.user_id,
        (KycDecision.decided_at + bindparam("window", type_=Interval())).label("until"),
        func.clock_timestamp().label("now"),
    )
    .join(KycCheck, KycCheck.kyc_id == KycDecision.kyc_id)
    .where(
        KycDecision.decided_by == bindparam("decided_by", type_=Uuid()),
        KycDecision.decided_at > func.now() - bindparam("window", type_=Interval()),  # clock_timestamp() uses no index
        KycDecision.undone_at.is_(None),
        KycCheck.withdrawn_at.is_(None),
        KycDecision.message_id.is_not(None),
        KycDecision.verdict != literal_column("'expired'"),
    )
    .order_by(KycDecision.decided_at.desc())
    .limit(1)
)


_SUBMITTED = (
    select(
        KycCheck.created_at.label("at"),
        KycCheck.kyc_id.label("id"),
        KycCheck.kyc_id,
        KycCheck.document_type,
    )
    .where(KycCheck.user_id == bindparam("user_id", type_=Uuid()))
    .order_by(KycCheck.created_at.desc(), KycCheck.kyc_id.desc())
    .limit(bindparam("most"))
)
_SUBMITTED_BEFORE = _SUBMITTED.where(tuple_(*_KEY) < tuple_(_AT, _ID))


def _decided(*extra: Any) -> Select[Any]:
    """A customer's decisions, newest first: those of each of his submissions by index, then the newest of all."""
    newest = (
        select(
            KycDecision.decided_at.label("at"),
            KycDecision.decision_id.label("id"),
            KycDecision.verdict,
            KycDecision.decided_by,
            KycDecision.reason_codes,
            KycDecision.undone_at.is_not(None).label("is_undone"),
        )
        .where(KycDecision.kyc_id == KycCheck.kyc_id, *extra)
        .order_by(KycDecision.decided_at.desc(), KycDecision.decision_id.desc())
        .limit(bindparam("most"))
        .lateral("decided")
    )
    return (
        select(KycCheck.kyc_id, KycCheck.document_type, *newest.c)
        .join(newest, literal_column("true"))
        .where(KycCheck.user_id == bindparam("user_id", type_=Uuid()))
        .order_by(newest.c.at.desc(), newest.c.id.desc())
        .limit(bindparam("most"))
    )


_DECIDED = _decided()
_DECIDED_BEFORE = _decided(tuple_(KycDecision.decided_at, KycDecision.decision_id) < tuple_(_AT, _ID))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of the queue is asked for, in the database's terms."""

    status: KycStatus
    document_type: DocumentType | None
    is_flagged: bool
    holder: UUID | None
    since: datetime | None
    until: datetime | None

    def listing(self, place: str | None) -> Select[Any]:
        is_ascending = self.status is KycStatus.PENDING
        given = (self.document_type, self.is_flagged, self.holder, self.since, self.until)
        return _LISTINGS[(is_ascending, place, *map(bool, given))]

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "document_type": self.document_type,
            "holder": self.holder,
            "since": self.since,
            "until": self.until,
        }


class QueueRepository:
    """``user_kyc`` and ``kyc_decisions`` as lists and pages show them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, narrowed: Narrowed, part: Slice) -> Sequence[Any]:
        """Up to one row more than a page, in reading order from ``part``; pending oldest first, the others newest."""
        place = "after" if part.after else "before" if part.before else None
        cursor = part.after or part.before
        at = {"at": cursor.at, "id": cursor.id} if cursor else {}
        return self.session.execute(narrowed.listing(place), narrowed.parameters | at).all()

    def every(self, narrowed: Narrowed, limit: int) -> Result[Any]:
        """All that match in the list's order, streamed by a server-side cursor."""
        statement = narrowed.listing(None).limit(limit).execution_options(yield_per=1000)
        return self.session.execute(statement, narrowed.parameters)

    def counts(self, *, holder: UUID, late_before: datetime) -> Row[Any]:
        return self.session.execute(_COUNTS, {"holder": holder, "late_before": late_before}).one()

    def ids_between(self, least: UUID, greatest: UUID, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_ID, {"least": least, "greatest": greatest, "most": most}))

    def duplicates(self, number_hash: str, user_id: UUID) -> Sequence[Any]:
        return self.session.execute(_DUPLICATES, {"number_hash": number_hash, "user_id": user_id}).all()

    def history(self, user_id: UUID) -> Sequence[Any]:
        """Every check of a customer with its decision, newest first."""
        return self.session.execute(_HISTORY, {"user_id": user_id}).all()

    def submitted(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest submissions of a customer, before a place."""
        return self._before(_SUBMITTED_BEFORE if before else _SUBMITTED, user_id, before, most)

    def decided(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest decisions on a customer's submissions, before a place."""
        return self._before(_DECIDED_BEFORE if before else _DECIDED, user_id, before, most)

    def _before(self, statement: Any, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        place = {"at": before.at, "id": before.id} if before else {}
        return self.session.execute(statement, {"user_id": user_id, "most": most, **place}).all()

    def undoable(self, decided_by: UUID, window: timedelta) -> Row[Any] | None:
        return self.session.execute(_UNDOABLE, {"decided_by": decided_by, "window": window}).first()
