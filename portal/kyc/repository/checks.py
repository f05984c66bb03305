"""Identity checks and their decisions as they are claimed and decided."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Text,
    Uuid,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased, scoped_session

from portal.kyc.models import LEASE, DocumentType, KycCheck, KycDecision, KycStatus
from portal.shared.pagination import Cursor

CHECK = KycCheck.__table__.c
_AT = bindparam("at", type_=DateTime(timezone=True))
_ID = bindparam("id", type_=Uuid())
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


@cache
def _claim(is_after: bool) -> Any:
    """Take the first free pending check that fits; rows others are just taking are skipped, never waited for."""
    behind = [tuple_(CHECK.created_at, CHECK.kyc_id) > tuple_(_AT, _ID)] if is_after else []
    first = (
        select(CHECK.kyc_id)
        .where(CHECK.status == KycStatus.PENDING, CHECK.withdrawn_at.is_(None), _IS_FREE, _NOT_OWN, *behind)
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


class CheckRepository:
    """``user_kyc`` and ``kyc_decisions`` in the caller's session."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def get(self, kyc_id: UUID, *, for_update: bool = False) -> tuple[KycCheck, datetime] | None:
        """The check, locked until the transaction ends if it is for an update, and the database's time."""
        wanted = select(KycCheck, func.clock_timestamp()).where(KycCheck.kyc_id == kyc_id)
        wanted = wanted.with_for_update() if for_update else wanted
        found = self.session.execute(wanted.execution_options(populate_existing=True)).first()
        return (found[0], found[1]) if found else None

    def claim_oldest(self, *, holder: UUID, token: UUID, own: Sequence[UUID], after: Cursor | None) -> Any:
        parameters: dict[str, Any] = {"holder": holder, "token": token, "own": list(own)}
        place = {"at": after.at, "id": after.id} if after else {}
        return self.session.scalar(_claim(after is not None), {**parameters, **place})

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

    def prolong(self, kyc_id: UUID) -> None:
        self.session.execute(
            update(KycCheck)
            .where(KycCheck.kyc_id == kyc_id)
            .values(lease_until=func.clock_timestamp() + LEASE, updated_at=KycCheck.updated_at)
            .execution_options(**_BLIND)
        )

    def release_all(self, holder: UUID, *, but: UUID | None = None) -> None:
        """Give back whatever this reviewer holds, except one."""
        self.session.execute(
            update(KycCheck)
            .where(KycCheck.lease_holder == holder, KycCheck.kyc_id.is_distinct_from(but))
            .values(lease_holder=None, lease_token=None, lease_until=None, updated_at=KycCheck.updated_at)
            .execution_options(**_BLIND)
        )

    def withdraw_all(self, user_id: UUID) -> int:
        """Take every submission of a deleted customer out of the lists and out of whoever's hands; returns how many."""
        rows = self.session.execute(
            update(KycCheck)
            .where(KycCheck.user_id == user_id)
            .values(
                withdrawn_at=func.clock_timestamp(), lease_holder=None, lease_token=None, lease_until=None,
                version=KycCheck.version + 1, updated_at=KycCheck.updated_at,
            )
            .returning(KycCheck.kyc_id)
            .execution_options(**_BLIND)
        )  # fmt: skip
        return len(rows.all())

    def lock_person(self, person: UUID) -> None:
        """Until the transaction ends, nobody else passes here for this person (a reviewer, or a customer)."""
        self.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person), 0))))

    def lock_customer_of(self, kyc_id: UUID) -> None:
        """As :meth:`lock_person` for the customer of this check."""
        person = func.hashtextextended(cast(KycCheck.user_id, Text), 0)
        self.session.execute(select(func.pg_advisory_xact_lock(person)).where(KycCheck.kyc_id == kyc_id))

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

    def has_verified_ktp(self, user_id: UUID, *, for_update: bool) -> bool:
        """Whether there is one; ``for_update`` locks it against being expired until the transaction ends."""
        statement = select(KycCheck.kyc_id).where(
            KycCheck.user_id == user_id,
            KycCheck.document_type == DocumentType.KTP,
            KycCheck.status == KycStatus.VERIFIED,
        )
        statement = statement.with_for_update(read=True) if for_update else statement
        return self.session.scalar(statement.limit(1)) is not None

    def statuses(self, ids: Sequence[UUID]) -> Sequence[Any]:
        """``kyc_id, status`` of these checks, and whether the customer sent in another of the type since."""
        later = aliased(KycCheck)
        is_followed = exists().where(
            later.user_id == KycCheck.user_id,
            later.document_type == KycCheck.document_type,
            later.created_at > KycCheck.created_at,
        )
        wanted = select(KycCheck.kyc_id, KycCheck.status, is_followed.label("is_followed"))
        return self.session.execute(wanted.where(KycCheck.kyc_id.in_(ids))).all()

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
