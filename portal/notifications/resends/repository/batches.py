"""Bulk resends and their items: statements are built once, lists come in the order of their index."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, Uuid, bindparam, func, literal, select, text, tuple_, update
from sqlalchemy.orm import scoped_session

from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch, ResendItem
from portal.shared.pagination import PAGE_SIZE, Slice

_NEWEST_BATCH = (ResendBatch.requested_at, ResendBatch.batch_id)
_NEWEST_ITEM = (ResendItem.written_at, ResendItem.message_id)
_AT = bindparam("at", type_=DateTime(timezone=True))
_ID = bindparam("id", type_=Uuid())
# In the order given, so that of several copies of one message the first one stays.
_FREEZE = text("""
    INSERT INTO resend_batch_items (batch_id, message_id, root_id, written_at)
    SELECT :batch_id, given.id, coalesce(resends.root_id, given.id), given.at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) WITH ORDINALITY AS given (id, at, place)
        LEFT JOIN resends ON resends.message_id = given.id
    ORDER BY given.place
    ON CONFLICT (batch_id, root_id) DO NOTHING
""")


def _listing(columns: Sequence[Any], key: tuple[Any, Any], place: str | None, *conditions: Any) -> Select[Any]:
    """A page, newest first, beginning at the place given."""
    statement = select(*columns).where(*conditions)
    at = tuple_(_AT, _ID)
    if place:
        statement = statement.where(tuple_(*key) < at if place == "after" else tuple_(*key) > at)
    order = [column.asc() if place == "before" else column.desc() for column in key]
    return statement.order_by(*order).limit(PAGE_SIZE + 1)


_ITEM = (
    ResendItem.message_id,
    ResendItem.written_at,
    ResendItem.result,
    ResendItem.code,
    ResendItem.due_at,
    ResendItem.copy_id,
)
_IN_BATCH = ResendItem.batch_id == bindparam("batch_id", type_=Uuid())
_PLACES = (None, "after", "before")
_BATCHES = {place: _listing((ResendBatch,), _NEWEST_BATCH, place) for place in _PLACES}
_ITEMS = {
    (place, result): _listing(
        _ITEM, _NEWEST_ITEM, place, _IN_BATCH, *([ResendItem.result == literal(result)] if result else [])
    )
    for place in _PLACES
    for result in (None, *ItemResult)
}
_COUNTS = (
    select(ResendItem.result, ResendItem.code, func.count().label("number"), func.min(ResendItem.due_at).label("due"))
    .where(_IN_BATCH)
    .group_by(ResendItem.result, ResendItem.code)
    .order_by(func.count().desc(), ResendItem.code)
)


class BatchRepository:
    """``resend_batches`` and ``resend_batch_items``, in the caller's session."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def add(self, batch: ResendBatch) -> None:
        self.session.add(batch)
        self.session.flush()

    def get(self, batch_id: UUID, *, is_locked: bool = False) -> ResendBatch | None:
        return self.session.get(ResendBatch, batch_id, with_for_update=is_locked, populate_existing=True)

    def freeze(self, batch_id: UUID, messages: Sequence[tuple[UUID, datetime]]) -> None:
        """Keep what the batch means, newest first; the copies of one message count once."""
        ids, times = [id_ for id_, _ in messages], [at for _, at in messages]
        self.session.execute(_FREEZE, {"batch_id": batch_id, "ids": ids, "times": times})

    def take(self, batch_id: UUID, result: ItemResult, most: int) -> Sequence[ResendItem]:
        """Up to ``most`` items that stand so, locked; what another worker holds is his."""
        free = (
            select(ResendItem)
            .where(ResendItem.batch_id == batch_id, ResendItem.result == result)
            .order_by(*(column.desc() for column in _NEWEST_ITEM))
            .limit(most)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return self.session.scalars(free).all()

    def has(self, batch_id: UUID, result: ItemResult) -> bool:
        one = select(1).where(ResendItem.batch_id == batch_id, ResendItem.result == result).limit(1)
        return self.session.scalar(one) is not None

    def start_over(self, batch_id: UUID) -> int:
        """Let whatever did not go out be looked at again; how many these are."""
        kept = ResendItem.result.in_((ItemResult.READY, ItemResult.SKIPPED))
        anew = {"result": ItemResult.SELECTED, "code": None, "due_at": None}
        changed = update(ResendItem).where(ResendItem.batch_id == batch_id, kept).values(anew)
        return int(self.session.execute(changed).rowcount)  # type: ignore[attr-defined]

    def finish(self, batch_id: UUID) -> None:
        """The run is over once nothing waits for its turn."""
        ready = select(1).where(ResendItem.batch_id == batch_id, ResendItem.result == ItemResult.READY).exists()
        running = (ResendBatch.batch_id == batch_id, ResendBatch.state == BatchState.RUNNING, ~ready)
        over = {"state": BatchState.DONE, "ended_at": func.clock_timestamp()}
        self.session.execute(update(ResendBatch).where(*running).values(over))

    def counts(self, batch_id: UUID) -> Sequence[Any]:
        """(result, code, number, due), the largest number first."""
        return self.session.execute(_COUNTS, {"batch_id": batch_id}).all()

    def items(self, batch_id: UUID, result: ItemResult | None, part: Slice) -> Sequence[Row[Any]]:
        statement = _ITEMS[_place(part), result]
        return self.session.execute(statement, {"batch_id": batch_id, **_bounds(part)}).all()

    def batches(self, part: Slice) -> Sequence[ResendBatch]:
        return self.session.scalars(_BATCHES[_place(part)], _bounds(part)).all()


def _place(part: Slice) -> str | None:
    return "after" if part.after else "before" if part.before else None


def _bounds(part: Slice) -> dict[str, Any]:
    cursor = part.after or part.before
    return {"at": cursor.at, "id": cursor.id} if cursor else {}
