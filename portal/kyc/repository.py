"""Identity checks and their decisions in Postgres: statements are built once, lists read columns, not entities."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Interval,
    Row,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, scoped_session

from portal.kyc.models import LEASE, DocumentType, KycCheck, KycDecision, KycStatus
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice

CAP = 1001
CHECK = KycCheck.__table__.c
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
_AT, _ID = bindparam("at"), bindparam("id", type_=Uuid())


def _listing(
    *, is_ascending: bool, place: str | None, by_type: bool, flagged: bool, mine: bool, late: bool
) -> Select[Any]:
    """One page of the queue; every combination of filters is an equality prefix of one of the queue's indexes."""
    statement = select(*_COLUMNS).where(KycCheck.status == bindparam("status"))
    if by_type:
        statement = statement.where(KycCheck.document_type == bindparam("document_type"))
    if flagged:
        statement = statement.where(KycCheck.has_duplicate)
    if mine:
        statement = statement.where(
            KycCheck.lease_holder == bindparam("holder", type_=Uuid()), KycCheck.lease_until > func.clock_timestamp()
        )
    if late:
        statement = statement.where(KycCheck.created_at <= bindparam("late_before"))
    is_forward = place != "before"
    if place:
        key, at = tuple_(*_KEY), tuple_(_AT, _ID)
        statement = statement.where(key > at if is_forward == is_ascending else key < at)
    order = [c.asc() if is_forward == is_ascending else c.desc() for c in _KEY]
    return statement.order_by(*order).limit(PAGE_SIZE + 1)


_LISTINGS = {
    key: _listing(is_ascending=key[0], place=key[1], by_type=key[2], flagged=key[3], mine=key[4], late=key[5])
    for key in product((True, False), (None, "after", "before"), *[(False, True)] * 4)
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
    + ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM user_kyc WHERE {rule} LIMIT {CAP}) s) AS {name}"  # noqa: S608
        for name, rule in _COUNTED.items()
    )
)

_BLIND: dict[str, Any] = {"synchronize_session": False}
_IS_FREE = or_(CHECK.lease_until.is_(None), CHECK.lease_until <= func.clock_timestamp())
_TAKE = {
    "lease_holder": bindparam("holder", type_=Uuid()),
    "lease_token": bindparam("token", type_=Uuid()),
    "lease_until": func.clock_timestamp() + LEASE,
    "number_tries": 0,
    "number_matched": None,
    "updated_at": CHECK.updated_at,
}
_NOT_OWN = CHECK.user_id != func.all(bindparam("own", type_=ARRAY(Uuid())))


def _claim(*extra: Any) -> Any:
    """Take the first free pending check that fits; rows others are just taking are skipped, never waited for."""
    first = (
        select(CHECK.kyc_id)
        .where(CHECK.status == KycStatus.PENDING, _IS_FREE, _NOT_OWN, *extra)
        .order_by(CHECK.created_at, CHECK.kyc_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(KycCheck)
        .where(KycCheck.kyc_id == first)
        .values(**_TAKE)
        .returning(KycCheck.kyc_id)
        .execution_options(**_BLIND)
    )


_CLAIM_OLDEST = _claim()
_CLAIM_AFTER = _claim(tuple_(CHECK.created_at, CHECK.kyc_id) > tuple_(_AT, _ID))

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
        KycDecision.decided_at > func.clock_timestamp() - bindparam("window", type_=Interval()),
        KycDecision.undone_at.is_(None),
        KycDecision.message_id.is_not(None),
        KycDecision.verdict != literal_column("'expired'"),
    )
    .order_by(KycDecision.decided_at.desc())
    .limit(1)
)


class KycRepository:
    """``user_kyc`` and ``kyc_decisions`` in the caller's session."""

    def __init__(self, session: scoped_session[Session]) -> None:
        self.session = session

    def page(
        self,
        status: KycStatus,
        part: Slice,
        *,
        document_type: DocumentType | None,
        flagged: bool,
        holder: UUID | None,
        late_before: datetime | None,
    ) -> Sequence[Row[Any]]:
        """Up to one row more than a page, in reading order from ``part``; pending oldest first, the others newest."""
        place = "after" if part.after else "before" if part.before else None
        cursor = part.after or part.before
        listing = _LISTINGS[
            status is KycStatus.PENDING, place, bool(document_type), flagged, bool(holder), bool(late_before)
        ]
        parameters = {"status": status, "document_type": document_type, "holder": holder, "late_before": late_before}
        if cursor:
            parameters |= {"at": cursor.at, "id": cursor.id}
        return self.session.execute(listing, parameters).all()

    def counts(self, *, holder: UUID, late_before: datetime) -> Row[Any]:
        return self.session.execute(_COUNTS, {"holder": holder, "late_before": late_before}).one()

    def locked(self, kyc_id: UUID) -> tuple[KycCheck, datetime] | None:
        """The check, locked until the transaction ends, and the database's time."""
        found = self.session.execute(
            select(KycCheck, func.clock_timestamp())
            .where(KycCheck.kyc_id == kyc_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        return (found[0], found[1]) if found else None

    def get(self, kyc_id: UUID) -> tuple[KycCheck, datetime] | None:
        """The check to be shown, and the database's time."""
        found = self.session.execute(
            select(KycCheck, func.clock_timestamp())
            .where(KycCheck.kyc_id == kyc_id)
            .execution_options(populate_existing=True)
        ).first()
        return (found[0], found[1]) if found else None

    def claim_oldest(self, *, holder: UUID, token: UUID, own: Sequence[UUID], after: Cursor | None) -> UUID | None:
        parameters: dict[str, Any] = {"holder": holder, "token": token, "own": list(own)}
        if after is None:
            return self.session.scalar(_CLAIM_OLDEST, parameters)
        return self.session.scalar(_CLAIM_AFTER, {**parameters, "at": after.at, "id": after.id})

    def claim(self, kyc_id: UUID, *, holder: UUID, token: UUID) -> None:
        self.session.execute(
            update(KycCheck).where(KycCheck.kyc_id == kyc_id).values(**_TAKE).execution_options(**_BLIND),
            {"holder": holder, "token": token},
        )

    def held_by(self, holder: UUID) -> UUID | None:
        """What this reviewer holds now."""
        return self.session.scalar(
            select(KycCheck.kyc_id).where(
                KycCheck.lease_holder == holder, KycCheck.lease_until > func.clock_timestamp()
            )
        )

    def holds_one_of(self, holder: UUID, user_id: UUID) -> bool:
        """Whether this reviewer holds a pending check of this customer now."""
        return bool(
            self.session.scalar(
                select(KycCheck.kyc_id).where(
                    KycCheck.lease_holder == holder,
                    KycCheck.lease_until > func.clock_timestamp(),
                    KycCheck.status == KycStatus.PENDING,
                    KycCheck.user_id == user_id,
                )
            )
        )

    def prolong(self, kyc_id: UUID) -> datetime:
        return self.session.execute(
            update(KycCheck)
            .where(KycCheck.kyc_id == kyc_id)
            .values(lease_until=func.clock_timestamp() + LEASE, updated_at=KycCheck.updated_at)
            .returning(KycCheck.lease_until)
            .execution_options(**_BLIND)
        ).scalar_one()

    def release_all(self, holder: UUID, *, but: UUID | None = None) -> None:
        """Give back whatever this reviewer holds, except one."""
        self.session.execute(
            update(KycCheck)
            .where(KycCheck.lease_holder == holder, KycCheck.kyc_id.is_distinct_from(but))
            .values(lease_holder=None, lease_token=None, lease_until=None, updated_at=KycCheck.updated_at)
            .execution_options(**_BLIND)
        )

    def lock_person(self, person: UUID) -> None:
        """Until the transaction ends, nobody else passes here for this person (a reviewer, or a customer)."""
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person), 0))))

    def lock_number(self, number_hash: str) -> None:
        """Until the transaction ends, nobody else takes in a document with this number."""
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(number_hash, 0))))

    def attempts(self, user_id: UUID, document_type: DocumentType) -> int:
        return (
            self.session.scalar(
                select(func.count()).where(KycCheck.user_id == user_id, KycCheck.document_type == document_type)
            )
            or 0
        )

    def flag_duplicates(self, number_hash: str) -> None:
        """Flag every check of this number once it stands on more than one customer."""
        same = KycCheck.document_number_hash == number_hash
        customers = select(func.count(func.distinct(KycCheck.user_id))).where(same).scalar_subquery()
        self.session.execute(
            update(KycCheck)
            .where(same, KycCheck.has_duplicate.is_(False), customers > 1)
            .values(has_duplicate=True, updated_at=KycCheck.updated_at)
            .execution_options(**_BLIND)
        )

    def duplicates(self, number_hash: str, user_id: UUID) -> Sequence[Row[Any]]:
        return self.session.execute(_DUPLICATES, {"number_hash": number_hash, "user_id": user_id}).all()

    def history(self, user_id: UUID) -> Sequence[Row[Any]]:
        """Every check of a customer with its decision, newest first."""
        return self.session.execute(_HISTORY, {"user_id": user_id}).all()

    def verified_before(self, user_id: UUID, document_type: DocumentType) -> KycCheck | None:
        """The verified check that a newer one replaces, locked."""
        return self.session.scalar(
            select(KycCheck)
            .where(
                KycCheck.user_id == user_id,
                KycCheck.document_type == document_type,
                KycCheck.status == KycStatus.VERIFIED,
            )
            .with_for_update()
        )

    def past_their_date(self, day: date, limit: int) -> Sequence[KycCheck]:
        """Verified checks whose document ran out before ``day``, locked; those others are changing are skipped."""
        return self.session.scalars(
            select(KycCheck)
            .where(KycCheck.status == KycStatus.VERIFIED, KycCheck.expires_at < day)
            .order_by(KycCheck.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()

    def add(self, row: KycCheck | KycDecision) -> None:
        self.session.add(row)
        self.session.flush()

    def newest_decision(self, kyc_id: UUID) -> KycDecision | None:
        """The decision in force on a check, locked."""
        return self.session.scalar(
            select(KycDecision)
            .where(KycDecision.kyc_id == kyc_id, KycDecision.undone_at.is_(None))
            .order_by(KycDecision.decided_at.desc())
            .limit(1)
            .with_for_update()
        )

    def undoable(self, decided_by: UUID, window: timedelta) -> Row[Any] | None:
        return self.session.execute(_UNDOABLE, {"decided_by": decided_by, "window": window}).first()
