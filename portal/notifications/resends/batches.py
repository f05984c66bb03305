"""Sending many messages once more: frozen, judged, confirmed by their number, claimed, stopped, run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal import audit, auth
from portal.notifications.log import LOG, MessageRow, rows_of
from portal.notifications.repository import messages
from portal.notifications.resends import worker
from portal.notifications.resends.eligibility import SENTENCES
from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch, ResendItem
from portal.notifications.resends.repository.batches import BatchRepository
from portal.shared import clock, crypto, jobs
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.fields import Choice, Id, nowhere
from portal.shared.lists import Asked, Listing, Tab

MAX_SELECTED = 20_000
MAX_REASON = 500
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswers(Answers):
    """The bulk resend as it was looked at."""

    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAnswers(BatchAnswers):
    """The number of messages, typed by whoever sends them, and why."""

    number: int | None = None
    reason: str = ""


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


def select(ids: Sequence[UUID], asked: Asked | None, *, by: UUID | None, actor: Actor) -> UUID:
    """Freeze the messages of these ids, or all that match, and judge them; returns the batch.

    Up to 500 are judged before this returns, more by a worker.
    """
    meant = _meant(ids, asked, actor)
    with transaction(), once(by, "messages.select", actor) as earlier:
        if earlier and earlier.location:
            return earlier.location
        batch = ResendBatch(
            batch_id=crypto.new_id(), requested_by=actor.id, filters=_codes(asked, len(meant)), selected=len(meant)
        )
        batches.add(batch)
        batches.freeze(batch.batch_id, meant)
        _judge(batch)
        remember(by, batch.batch_id)
    return batch.batch_id


def show(batch_id: UUID) -> BatchPage:
    """A bulk resend with its numbers."""
    batch = _found(batch_id)
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


def confirm(batch_id: UUID, answers: ConfirmAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Let workers send what is ready; the number that was typed must be how many these are."""
    with transaction(), once(by, "messages.confirm", actor) as earlier:
        if earlier:
            return
        batch = _locked(batch_id, answers, BatchState.COUNTED)
        ready = sum(row.number for row in batches.counts(batch_id) if row.result is ItemResult.READY)
        with answers.judged() as wrong:
            what = N_("Some were sent before. Write why they go out again.")
            wrong.unless(answers.reason or not batch.needs_reason, "reason", what)
            wrong.unless_fits(answers.reason, "reason", most=MAX_REASON)
            what = N_("Type the number of messages that can go out, as it stands above.")
            wrong.unless(ready and answers.number == ready, "number", what)
        batch.move(BatchState.RUNNING)
        batch.reason, batch.confirmed = answers.reason or None, (batch.confirmed or 0) + ready
        batch.confirmed_by, batch.confirmed_as = actor.id, actor.role
        audit.record("messages.batch-confirmed", batch_id, actor=actor, number=ready, filters=batch.filters)
        worker.start(batch_id)


def cancel(batch_id: UUID, answers: BatchAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Stop: what no worker has claimed yet stays as it is."""
    with transaction(), once(by, "messages.cancel", actor) as earlier, answers.judged():
        if earlier:
            return
        batch = _locked(batch_id, answers, BatchState.COUNTING, BatchState.COUNTED, BatchState.RUNNING)
        batch.move(BatchState.CANCELLED, ended_at=clock.now())
        audit.record("messages.batch-stopped", batch_id, actor=actor)


def rerun(batch_id: UUID, answers: BatchAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Judge once more those that did not go out; what went out once is never touched again."""
    with transaction(), once(by, "messages.rerun", actor) as earlier, answers.judged():
        if earlier:
            return
        batch = _locked(batch_id, answers, BatchState.DONE, BatchState.CANCELLED)
        batch.move(BatchState.COUNTING)
        batch.needs_reason = False
        audit.record("messages.batch-rerun", batch_id, actor=actor, number=batches.start_over(batch_id))
        _judge(batch)


def _meant(ids: Sequence[UUID], asked: Asked | None, actor: Actor) -> list[tuple[UUID, datetime]]:
    """The messages that are meant with their times, newest first."""
    if asked:
        found = [document for batch in LOG.batches(asked, MAX_SELECTED + 1, actor) for document in batch]
    else:
        found = list(messages.of_ids(ids).values())
    if not found:
        raise Refused(N_("No message is chosen. Tick at least one, or choose all that match."))
    if len(found) > MAX_SELECTED:
        raise Refused(N_("More than 20,000 messages match. Narrow the filters and choose them in parts."))
    return sorted(((row["_id"], row["created_at"]) for row in found), key=lambda one: (one[1], one[0]), reverse=True)


def _judge(batch: ResendBatch) -> None:
    """Here and now where they are few, else by a worker."""
    if batch.selected <= worker.MAX_JUDGED:
        worker.judge_items(batch)
    else:
        jobs.defer(worker.count, key=crypto.new_id(), batch_id=str(batch.batch_id))


def _found(batch_id: UUID) -> ResendBatch:
    batch = batches.get(batch_id)
    if batch is None:
        raise NotFound(N_("There is no such bulk resend. Check the address, or look for it in the list."))
    return batch


def _locked(batch_id: UUID, answers: BatchAnswers, *states: BatchState) -> ResendBatch:
    batch = batches.get(batch_id, for_update=True) or _found(batch_id)
    if answers.version not in {None, batch.version} or batch.state not in states:
        raise Conflict(N_("This bulk resend has moved on meanwhile. Look at it again before you go on."))
    return batch


def _codes(asked: Asked | None, number: int) -> dict[str, Any]:
    """What the batch means, as it is kept: names of the data model, and ``until`` exclusive."""
    if asked is None:
        return {"ticked": str(number)}
    kept = {"type": "channel", "user": "user_id", "loan": "loan_id", "from": "since", "to": "until"}
    beyond = {"to": asked["to"] + timedelta(days=1)} if asked["to"] else {}
    return {kept.get(name, name): str(value) for name, value in {**asked.values, **beyond}.items()}


def _sentence(row: Any) -> str:
    """What there is to say of an item: why it stays, or when it goes."""
    return WORDS.get(row.code or "", "") if row.result is ItemResult.SKIPPED or row.due_at else ""


def _reason(row: Any) -> Reason:
    return Reason(row.result, row.code or "", WORDS.get(row.code or "", ""), row.number, row.due)
