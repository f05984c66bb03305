"""Bulk resends and their items, as they are frozen, taken and counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import scoped_session

from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch, ResendItem

_NEWEST = (ResendItem.written_at, ResendItem.message_id)
# In the order given, so that of several copies of one message the first one stays.
_FREEZE = """
    INSERT INTO resend_batch_items (batch_id, message_id, root_id, written_at)
    SELECT :batch_id, given.id, coalesce(resends.root_id, given.id), given.at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) WITH ORDINALITY AS given (id, at, place)
        LEFT JOIN resends ON resends.message_id = given.id
    ORDER BY given.place
    ON CONFLICT (batch_id, root_id) DO NOTHING
"""


class BatchRepository:
    """``resend_batches`` and ``resend_batch_items``, in the caller's session."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def add(self, batch: ResendBatch) -> None:
        self.session.add(batch)
        self.session.flush()

    def get(self, batch_id: UUID, *, for_update: bool = False) -> ResendBatch | None:
        return self.session.get(ResendBatch, batch_id, with_for_update=for_update, populate_existing=True)

    def freeze(self, batch_id: UUID, messages: Sequence[tuple[UUID, datetime]]) -> None:
        """Keep what the batch means, newest first; the copies of one message count once."""
        ids, times = [id_ for id_, _ in messages], [at for _, at in messages]
        self.session.execute(text(_FREEZE), {"batch_id": batch_id, "ids": ids, "times": times})

    def take(self, batch_id: UUID, result: ItemResult, most: int) -> Sequence[ResendItem]:
        """Up to ``most`` items that stand so, locked; what another worker took is theirs."""
        free = (
            select(ResendItem)
            .where(ResendItem.batch_id == batch_id, ResendItem.result == result)
            .order_by(*(column.desc() for column in _NEWEST))
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
        number, due = func.count().label("number"), func.min(ResendItem.due_at).label("due")
        grouped = (ResendItem.result, ResendItem.code)
        counted = select(*grouped, number, due).where(ResendItem.batch_id == batch_id).group_by(*grouped)
        return self.session.execute(counted.order_by(func.count().desc(), ResendItem.code)).all()
