"""What workers do for a bulk resend: judge its items, then claim them a hundred at a time."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from procrastinate import RetryStrategy

from portal.notifications.repository import messages
from portal.notifications.resends import copies
from portal.notifications.resends.eligibility import Verdict
from portal.notifications.resends.facts import resends, verdicts_of
from portal.notifications.resends.models import BatchState, ItemResult, ResendBatch, ResendItem
from portal.notifications.resends.repository.batches import BatchRepository
from portal.shared import clock, crypto, jobs
from portal.shared.actor import Actor
from portal.shared.database import again_when_contended, db, require_transaction, transaction

MAX_JUDGED, BATCH_SIZE = 500, 100
SLOTS = 2
ANY_REASON = "given later"
RETRY = RetryStrategy(max_attempts=10_000, wait=15)

batches = BatchRepository(db.session)


def judge_items(batch: ResendBatch) -> None:
    """Judge up to 500 items in the caller's transaction; with the last one the batch is counted."""
    items = batches.take(batch.batch_id, ItemResult.SELECTED, MAX_JUDGED)
    verdicts = verdicts_of(list(messages.of_ids([item.message_id for item in items]).values()))
    for item in items:
        verdict = verdicts.get(item.message_id)
        item.code, item.due_at = (verdict.code, verdict.at) if verdict else ("gone", None)
        item.result = ItemResult.READY if verdict and verdict.goes_out(ANY_REASON) else ItemResult.SKIPPED
        if verdict and item.result is ItemResult.READY and verdict.needs_reason:
            batch.needs_reason = True
    require_transaction().flush()
    if not batches.has(batch.batch_id, ItemResult.SELECTED):
        batch.state = BatchState.COUNTED


def start(batch_id: UUID) -> None:
    """Have workers claim what is ready, once the caller's transaction stands."""
    jobs.defer(work, key=crypto.new_id(), batch_id=str(batch_id), slot=0)


@jobs.queue.task(name="notifications.count-batch", retry=RETRY)
def count(*, batch_id: str) -> None:
    """Judge what was selected, chunk by chunk, for as long as nobody stops it."""
    is_counting = True
    while is_counting:
        with transaction():
            batch = batches.get(UUID(batch_id), for_update=True)
            if batch is None or batch.state is not BatchState.COUNTING:
                return
            judge_items(batch)
            is_counting = batch.state is BatchState.COUNTING


@jobs.queue.task(name="notifications.work-batch", retry=RETRY)
def work(*, batch_id: str, slot: int) -> None:
    """Claim up to a hundred items; another job goes on after it, a second one beside it where many wait."""
    taken = again_when_contended(lambda: _work(UUID(batch_id)))
    if taken == BATCH_SIZE:
        for number in range(slot, SLOTS) if slot == 0 else (slot,):
            jobs.wake(work, key=f"batch:{batch_id}:{number}", batch_id=batch_id, slot=number)
    else:
        with transaction():
            batches.finish(UUID(batch_id))


def _work(batch_id: UUID) -> int:
    """An item's claim and its result stand or fall together."""
    with transaction():
        batch = batches.get(batch_id)
        if batch is None or batch.state is not BatchState.RUNNING:
            return 0
        items = batches.take(batch_id, ItemResult.READY, BATCH_SIZE)
        answers = copies.claim(
            list(messages.of_ids([item.message_id for item in items]).values()),
            reason=batch.reason or "",
            batch_id=batch_id,
            actor=Actor(batch.confirmed_by, batch.confirmed_as, ""),
        )
        due = {
            claim.message_id: claim.due_at
            for claim in resends.get([answer for answer in answers.values() if isinstance(answer, UUID)])
        }
        for item in items:
            _note(item, answers.get(item.message_id), due)
    return len(items)


def _note(item: ResendItem, answer: UUID | Verdict | None, due: Mapping[UUID, datetime]) -> None:
    """Keep which copy was made of it, or why none was."""
    if isinstance(answer, UUID):
        is_scheduled = due[answer] > clock.now()
        item.result, item.copy_id = ItemResult.QUEUED, answer
        item.code, item.due_at = ("window", due[answer]) if is_scheduled else ("yes", None)
    else:
        item.result = ItemResult.SKIPPED
        item.code, item.due_at = (answer.code, answer.at) if answer else ("gone", None)
