"""Bulk resends and their messages as lists and pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import auth
from portal.notifications.log import MessageRow, rows_of
from portal.notifications.repository import messages
from portal.notifications.resends.eligibility import SENTENCES
from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch, ResendItem
from portal.notifications.resends.repository.batches import BatchRepository
from portal.shared.actor import Actor
from portal.shared.database import db
from portal.shared.errors import N_, NotFound
from portal.shared.fields import Choice, Id, nowhere
from portal.shared.lists import Listing, Tab

LATER = {"too_soon", "too_often"}
WORDS: Mapping[str, str] = {
    **SENTENCES,
    "newer": N_("A newer message of this kind was sent. Open this one to send it all the same."),
    "gone": N_("The message is not in the log any more."),
}

batches = BatchRepository(db.session)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many go out or stay, in a sentence; ``due`` is the first time at which one of them goes out."""

    result: ItemResult
    code: str
    sentence: str
    number: int
    due: datetime | None


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A bulk resend as its page shows it; ``sent`` and ``failed`` are of those ``queued``."""

    id: UUID
    state: BatchState
    version: int
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None
    filters: Mapping[str, str]
    selected: int
    reasons: Sequence[Reason]
    needs_reason: bool
    reason: str | None
    sent: int
    failed: int

    @property
    def total(self) -> int:
        """How many different messages these are."""
        return sum(one.number for one in self.reasons)

    @property
    def copies(self) -> int:
        """How many of the selected are copies of others."""
        return self.selected - self.total

    @property
    def ready(self) -> int:
        return self._of(ItemResult.READY)

    @property
    def queued(self) -> int:
        return self._of(ItemResult.QUEUED)

    @property
    def skipped(self) -> int:
        return self._of(ItemResult.SKIPPED)

    @property
    def looked_at(self) -> int:
        return self.total - self._of(ItemResult.SELECTED)

    @property
    def later(self) -> int:
        return sum(one.number for one in self.reasons if one.result is ItemResult.SKIPPED and one.code in LATER)

    @property
    def why(self) -> Sequence[Reason]:
        """What there is to say of more than that it goes out as asked."""
        plain = {"", "yes", "sent"}
        return [one for one in self.reasons if one.result is ItemResult.SKIPPED or one.code not in plain]

    @property
    def on_their_way(self) -> int:
        return self.queued - self.sent - self.failed

    @property
    def left(self) -> int:
        """How many did not go out."""
        return self.total - self.queued

    @property
    def is_moving(self) -> bool:
        return self.state in {BatchState.COUNTING, BatchState.RUNNING} or self.on_their_way > 0

    @property
    def mark(self) -> str:
        """Differs when anything shown differs."""
        return "-".join(map(str, (self.looked_at, self.ready, self.queued, self.skipped, self.sent, self.failed)))

    def _of(self, result: ItemResult) -> int:
        return sum(one.number for one in self.reasons if one.result is result)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One message of a bulk resend; ``copy`` is there once it is written."""

    line: MessageRow
    result: ItemResult
    sentence: str
    due_at: datetime | None
    copy: MessageRow | None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A bulk resend as the list shows it."""

    id: UUID
    state: BatchState
    requested_by: str
    requested_at: datetime
    selected: int
    confirmed: int | None


def _batch_rows(rows: Sequence[Any], actor: Actor) -> list[BatchRow]:
    staff = auth.names_of({row.requested_by for row in rows})
    return [BatchRow(id_, state, staff.get(by, "–"), *others) for id_, state, by, *others in rows]


def _item_rows(rows: Sequence[Any], actor: Actor) -> list[ItemRow]:
    ids = [id_ for row in rows for id_ in (row.message_id, row.copy_id) if id_]
    lines = {line.id: line for line in rows_of(list(messages.of_ids(ids).values()))}
    return [
        ItemRow(lines[row.message_id], row.result, _sentence(row), row.due_at, lines.get(row.copy_id))
        for row in rows
        if row.message_id in lines
    ]


BATCHES: Listing[BatchRow] = Listing(
    ResendBatch.batch_id,
    ResendBatch.state,
    ResendBatch.requested_by,
    ResendBatch.requested_at,
    ResendBatch.selected,
    ResendBatch.confirmed,
    key=(ResendBatch.requested_at, ResendBatch.batch_id),
    shown=_batch_rows,
)
ITEMS: Listing[ItemRow] = Listing(
    ResendItem.message_id,
    ResendItem.written_at,
    ResendItem.result,
    ResendItem.code,
    ResendItem.due_at,
    ResendItem.copy_id,
    key=(ResendItem.written_at, ResendItem.message_id),
    fields=[
        Id(name="batch_id", column=ResendItem.batch_id),
        Choice(name="result", among=ItemResult, column=ResendItem.result, in_bar=nowhere),
    ],
    tabs=[
        Tab("all", N_("All")),
        *(Tab(one, one.word, {"result": one}) for one in (ItemResult.READY, ItemResult.QUEUED, ItemResult.SKIPPED)),
    ],
    shown=_item_rows,
)


def show(batch_id: UUID) -> BatchPage:
    """A bulk resend with its numbers."""
    batch = found(batch_id)
    outcomes = messages.outcomes_of(batch_id)
    return BatchPage(
        id=batch_id,
        state=batch.state,
        version=batch.version,
        requested_by=auth.names_of({batch.requested_by}).get(batch.requested_by, "–"),
        requested_at=batch.requested_at,
        ended_at=batch.ended_at,
        filters=batch.filters,
        selected=batch.selected,
        reasons=[_reason(row) for row in batches.counts(batch_id)],
        needs_reason=batch.needs_reason,
        reason=batch.reason,
        sent=outcomes.get("sent", 0),
        failed=outcomes.get("failed", 0),
    )


def found(batch_id: UUID) -> ResendBatch:
    batch = batches.get(batch_id)
    if batch is None:
        raise NotFound(N_("There is no such bulk resend. Check the address, or look for it in the list."))
    return batch


def _sentence(row: Any) -> str:
    """What there is to say of an item: why it stays, or when it goes."""
    return WORDS.get(row.code or "", "") if row.result is ItemResult.SKIPPED or row.due_at else ""


def _reason(row: Any) -> Reason:
    return Reason(row.result, row.code or "", WORDS.get(row.code or "", ""), row.number, row.due)
