"""Sending many messages once more: frozen, looked at, confirmed by their number, worked through, stopped, run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import audit, auth
from portal.notifications import browsing, working
from portal.notifications.batch_models import BatchState, ItemResult, ResendBatch
from portal.notifications.batch_repository import BatchRepository
from portal.notifications.browsing import Line
from portal.notifications.eligibility import SENTENCES
from portal.notifications.facts import lists, messages
from portal.notifications.models import Filters
from portal.shared import clock, commands, crypto, jobs
from portal.shared.actor import Actor
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.pagination import Cursor, Page, Slice

MOST = 20_000
AT_ONCE = working.LOOKED_AT
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
class Batch:
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
class Item:
    """One message of a bulk resend; ``copy`` is there once it is written."""

    line: Line
    result: ItemResult
    sentence: str
    due_at: datetime | None
    copy: Line | None


@dataclass(frozen=True, slots=True)
class Brief:
    """A bulk resend as the list shows it."""

    id: UUID
    state: BatchState
    requested_by: str
    requested_at: datetime
    selected: int
    confirmed: int | None


def select(ids: Sequence[UUID], filters: Filters | None, *, command: UUID, actor: Actor) -> UUID:
    """Freeze the messages of these ids, or all that match, and look at them; returns the batch.

    Up to 500 are looked at before this returns, more by a worker.
    """
    found = lists.every(filters, MOST + 1) if filters else lists.of_ids(ids).values()
    meant = sorted(((row["_id"], row["created_at"]) for row in found), key=lambda one: (one[1], one[0]), reverse=True)
    if not meant:
        raise Refused(N_("No message is chosen. Tick at least one, or choose all that match."))
    if len(meant) > MOST:
        raise Refused(N_("More than 20,000 messages match. Narrow the filters and choose them in parts."))
    with transaction():
        earlier = commands.earlier_answer(command, "messages.select", actor=actor)
        if earlier and earlier.location:
            return earlier.location
        batch = ResendBatch(
            batch_id=crypto.new_id(), requested_by=actor.id, filters=_codes(filters, len(meant)), selected=len(meant)
        )
        batches.add(batch)
        batches.freeze(batch.batch_id, meant)
        _look(batch)
        commands.remember(command, batch.batch_id)
    return batch.batch_id


def show(batch_id: UUID) -> Batch:
    """A bulk resend with its numbers."""
    batch = _found(batch_id)
    outcomes = messages.outcomes_of(batch_id)
    return Batch(
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


def items(batch_id: UUID, result: ItemResult | None, part: Slice) -> Page[Item]:
    """A page of a batch's messages, newest first, with what became of each."""
    found = Page.of(batches.items(batch_id, result, part), part, lambda row: Cursor(row.written_at, row.message_id))
    ids = [id_ for row in found.rows for id_ in (row.message_id, row.copy_id) if id_]
    lines = {line.id: line for line in browsing.lines(list(lists.of_ids(ids).values()))}
    rows = [
        Item(lines[row.message_id], row.result, _sentence(row), row.due_at, lines.get(row.copy_id))
        for row in found.rows
        if row.message_id in lines
    ]
    return Page(rows, found.before, found.after)


def recent(part: Slice) -> Page[Brief]:
    """A page of all bulk resends, newest first."""
    found = Page.of(batches.batches(part), part, lambda batch: Cursor(batch.requested_at, batch.batch_id))
    staff = auth.names_of({batch.requested_by for batch in found.rows})
    rows = [
        Brief(
            batch.batch_id, batch.state, staff.get(batch.requested_by, "–"), batch.requested_at, batch.selected,
            batch.confirmed,
        )
        for batch in found.rows
    ]  # fmt: skip
    return Page(rows, found.before, found.after)


def confirm(batch_id: UUID, *, number: int, reason: str, version: int, command: UUID, actor: Actor) -> None:
    """Let workers send what is ready; ``number`` must be how many these are."""
    with transaction():
        if commands.earlier_answer(command, "messages.confirm", actor=actor):
            return
        batch = _locked(batch_id, version, BatchState.COUNTED)
        ready = sum(row.number for row in batches.counts(batch_id) if row.result is ItemResult.READY)
        if not ready or number != ready:
            raise Refused(N_("This is not the number of messages that can go out."))
        if batch.needs_reason and not reason:
            raise Refused(N_("Some were sent before. Write why they go out again."))
        batch.state, batch.version = BatchState.RUNNING, version + 1
        batch.reason, batch.confirmed = reason or None, (batch.confirmed or 0) + ready
        batch.confirmed_by, batch.confirmed_as = actor.id, actor.role
        audit.record("messages.batch-confirmed", batch_id, actor=actor, number=ready, filters=batch.filters)
        working.start(batch_id)


def cancel(batch_id: UUID, *, version: int, command: UUID, actor: Actor) -> None:
    """Stop: what no worker has claimed yet stays as it is."""
    with transaction():
        if commands.earlier_answer(command, "messages.cancel", actor=actor):
            return
        batch = _locked(batch_id, version, BatchState.COUNTING, BatchState.COUNTED, BatchState.RUNNING)
        batch.state, batch.version, batch.ended_at = BatchState.CANCELLED, version + 1, clock.now()
        audit.record("messages.batch-stopped", batch_id, actor=actor)


def rerun(batch_id: UUID, *, version: int, command: UUID, actor: Actor) -> None:
    """Look once more at those that did not go out; what went out once is never touched again."""
    with transaction():
        if commands.earlier_answer(command, "messages.rerun", actor=actor):
            return
        batch = _locked(batch_id, version, BatchState.DONE, BatchState.CANCELLED)
        batch.state, batch.version, batch.ended_at = BatchState.COUNTING, version + 1, None
        batch.needs_reason = False
        number = batches.start_over(batch_id)
        audit.record("messages.batch-rerun", batch_id, actor=actor, number=number)
        _look(batch)


def _look(batch: ResendBatch) -> None:
    """Here and now where they are few, else by a worker."""
    if batch.selected <= AT_ONCE:
        working.look(batch)
    else:
        jobs.defer(working.count, key=crypto.new_id(), batch_id=str(batch.batch_id))


def _found(batch_id: UUID) -> ResendBatch:
    batch = batches.get(batch_id)
    if batch is None:
        raise NotFound(N_("There is no such bulk resend. Check the address, or look for it in the list."))
    return batch


def _locked(batch_id: UUID, version: int, *states: BatchState) -> ResendBatch:
    batch = batches.get(batch_id, is_locked=True)
    if batch is None:
        return _found(batch_id)
    if batch.version != version or batch.state not in states:
        raise Conflict(N_("This bulk resend has moved on meanwhile. Look at it again before you go on."))
    return batch


def _codes(filters: Filters | None, number: int) -> dict[str, Any]:
    if filters is None:
        return {"ticked": str(number)}
    given = {name: getattr(filters, name) for name in Filters.__slots__}
    return {name: str(value) for name, value in given.items() if value is not None}


def _sentence(row: Any) -> str:
    """What there is to say of an item: why it stays, or when it goes."""
    return WORDS.get(row.code or "", "") if row.result is ItemResult.SKIPPED or row.due_at else ""


def _reason(row: Any) -> Reason:
    return Reason(row.result, row.code or "", WORDS.get(row.code or "", ""), row.number, row.due)
