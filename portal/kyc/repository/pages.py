"""A check's page, its customer's history, and what can be undone: columns, not entities."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Interval, Row, Uuid, and_, bindparam, func, literal_column, select, tuple_
from sqlalchemy.orm import scoped_session

from portal.kyc.models import KycCheck, KycDecision
from portal.shared.pagination import Cursor

_PLACE = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))


@cache
def _history() -> Any:
    return (
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


@cache
def _duplicates() -> Any:
    return (
        select(KycCheck.kyc_id, KycCheck.user_id, KycCheck.document_type, KycCheck.status, KycCheck.created_at)
        .where(
            KycCheck.document_number_hash == bindparam("number_hash"),
            KycCheck.user_id != bindparam("user_id", type_=Uuid()),
        )
        .order_by(KycCheck.created_at, KycCheck.kyc_id)
        .limit(20)
    )


@cache
def _undoable() -> Any:
    return (
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
            KycDecision.decided_at
            > func.now() - bindparam("window", type_=Interval()),  # clock_timestamp() uses no index
            KycDecision.undone_at.is_(None),
            KycCheck.withdrawn_at.is_(None),
            KycDecision.message_id.is_not(None),
            KycDecision.verdict != literal_column("'expired'"),
        )
        .order_by(KycDecision.decided_at.desc())
        .limit(1)
    )


@cache
def _submitted(is_before: bool) -> Any:
    """A customer's submissions, newest first."""
    before = [tuple_(KycCheck.created_at, KycCheck.kyc_id) < _PLACE] if is_before else []
    return (
        select(KycCheck.created_at.label("at"), KycCheck.kyc_id.label("id"), KycCheck.kyc_id, KycCheck.document_type)
        .where(KycCheck.user_id == bindparam("user_id", type_=Uuid()), *before)
        .order_by(KycCheck.created_at.desc(), KycCheck.kyc_id.desc())
        .limit(bindparam("most"))
    )


@cache
def _decided(is_before: bool) -> Any:
    """A customer's decisions, newest first: those of each of their submissions by index, then the newest of all."""
    before = [tuple_(KycDecision.decided_at, KycDecision.decision_id) < _PLACE] if is_before else []
    newest = (
        select(
            KycDecision.decided_at.label("at"),
            KycDecision.decision_id.label("id"),
            KycDecision.verdict,
            KycDecision.decided_by,
            KycDecision.reason_codes,
            KycDecision.undone_at.is_not(None).label("is_undone"),
        )
        .where(KycDecision.kyc_id == KycCheck.kyc_id, *before)
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


class PageRepository:
    """``user_kyc`` and ``kyc_decisions`` as pages show them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def duplicates(self, number_hash: str, user_id: UUID) -> Sequence[Any]:
        return self.session.execute(_duplicates(), {"number_hash": number_hash, "user_id": user_id}).all()

    def history(self, user_id: UUID) -> Sequence[Any]:
        """Every check of a customer with its decision, newest first."""
        return self.session.execute(_history(), {"user_id": user_id}).all()

    def submitted(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest submissions of a customer, before a place."""
        return self._before(_submitted, user_id, before, most)

    def decided(self, user_id: UUID, before: Cursor | None, most: int) -> Sequence[Any]:
        """The newest decisions on a customer's submissions, before a place."""
        return self._before(_decided, user_id, before, most)

    def _before(
        self, statement: Callable[[bool], Any], user_id: UUID, before: Cursor | None, most: int
    ) -> Sequence[Any]:
        place = {"at": before.at, "id": before.id} if before else {}
        return self.session.execute(statement(before is not None), {"user_id": user_id, "most": most, **place}).all()

    def undoable(self, decided_by: UUID, window: timedelta) -> Row[Any] | None:
        return self.session.execute(_undoable(), {"decided_by": decided_by, "window": window}).first()
