"""Sending many messages once more: frozen, judged, confirmed by their number, claimed, stopped, run again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal import audit
from portal.notifications.log import LOG
from portal.notifications.repository import messages
from portal.notifications.resends import worker
from portal.notifications.resends.batch_pages import batches, found
from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch
from portal.shared import clock, crypto, jobs
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Refused
from portal.shared.lists import Asked

MAX_SELECTED = 20_000
MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswers(Answers):
    """The bulk resend as it was looked at."""

    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAnswers(BatchAnswers):
    """The number of messages, typed by whoever sends them, and why."""

    number: int | None = None
    reason: str = ""


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


def _locked(batch_id: UUID, answers: BatchAnswers, *states: BatchState) -> ResendBatch:
    batch = batches.get(batch_id, for_update=True) or found(batch_id)
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
