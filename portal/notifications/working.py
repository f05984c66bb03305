"""What workers do for a bulk resend: look at its items, then claim them a hundred at a time and write the copies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from procrastinate import RetryStrategy

from portal.audit import service as audit
from portal.notifications import resending
from portal.notifications.batch_models import BatchState, ItemResult, Resend, ResendBatch, ResendItem
from portal.notifications.batch_repository import BatchRepository
from portal.notifications.browsing import lists
from portal.notifications.eligibility import Answer, Verdict
from portal.shared import clock, crypto, jobs
from portal.shared.actor import Actor
from portal.shared.database import again_when_contended, db, require_transaction, transaction

LOOKED_AT, CHUNK = 500, 100
SLOTS = 2
RETRY = RetryStrategy(max_attempts=10_000, wait=15)

batches = BatchRepository(db.session)


def look(batch: ResendBatch) -> None:
    """Judge up to 500 items in the caller's transaction; with the last one the batch is counted."""
    items = batches.take(batch.batch_id, ItemResult.SELECTED, LOOKED_AT)
    verdicts = resending.verdicts_of(list(lists.of_ids([item.message_id for item in items]).values()))
    for item in items:
        verdict = verdicts.get(item.message_id)
        item.code, item.due_at = (verdict.code, verdict.at) if verdict else ("gone", None)
        item.result = ItemResult.READY if verdict and _goes(verdict) else ItemResult.SKIPPED
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
            batch = batches.get(UUID(batch_id), is_locked=True)
            if batch is None or batch.state is not BatchState.COUNTING:
                return
            look(batch)
            is_counting = batch.state is BatchState.COUNTING


@jobs.queue.task(name="notifications.work-batch", retry=RETRY)
def work(*, batch_id: str, slot: int) -> None:
    """Claim up to a hundred items; another job goes on after it, a second one beside it where many wait."""
    taken = again_when_contended(lambda: _work(UUID(batch_id)))
    if taken == CHUNK:
        for number in range(slot, SLOTS) if slot == 0 else (slot,):
            jobs.wake(work, key=f"batch:{batch_id}:{number}", batch_id=batch_id, slot=number)
    else:
        with transaction():
            batches.finish(UUID(batch_id))


def _work(batch_id: UUID) -> int:
    """An item's claim and its result stand or fall together, and with them the job that writes the copies."""
    with transaction() as session:
        batch = batches.get(batch_id)
        if batch is None or batch.state is not BatchState.RUNNING:
            return 0
        items = batches.take(batch_id, ItemResult.READY, CHUNK)
        resending.lock(item.root_id for item in items)
        documents = lists.of_ids([item.message_id for item in items])
        verdicts = resending.verdicts_of(list(documents.values()))
        now, actor = clock.now(), Actor(batch.confirmed_by, batch.confirmed_as, "")
        claims = [claim for item in items if (claim := _claim(batch, item, verdicts.get(item.message_id), now))]
        session.add_all(claims)
        for claim in claims:
            of, new_id = documents[claim.resend_of]["user_id"], str(claim.message_id)
            audit.record("message.resent", claim.resend_of, of=of, actor=actor, new_id=new_id, batch=str(batch_id))
        _have_written(batch_id, claims, now)
    return len(items)


def _claim(batch: ResendBatch, item: ResendItem, verdict: Verdict | None, now: datetime) -> Resend | None:
    """The claim of an item that still may go out; any other keeps why not."""
    item.code, item.due_at = (verdict.code, verdict.at) if verdict else ("gone", None)
    if verdict is None or not _goes(verdict) or (verdict.needs_reason and not batch.reason):
        item.result = ItemResult.SKIPPED
        return None
    item.result, item.copy_id = ItemResult.QUEUED, crypto.uuid7(int(now.timestamp() * 1000))
    return Resend(
        message_id=item.copy_id,
        resend_of=item.message_id,
        root_id=item.root_id,
        requested_by=batch.confirmed_by,
        reason=batch.reason,
        due_at=verdict.at or now,
    )


def _have_written(batch_id: UUID, claims: Sequence[Resend], now: datetime) -> None:
    """One job for all that go out at the same time."""
    groups: dict[datetime, list[str]] = {}
    for claim in claims:
        groups.setdefault(claim.due_at, []).append(str(claim.message_id))
    for due, ids in groups.items():
        jobs.defer(write_copies, key=crypto.new_id(), after=due - now, batch_id=str(batch_id), message_ids=ids)


@jobs.queue.task(name="notifications.write-copies", retry=RETRY)
def write_copies(*, batch_id: str, message_ids: list[str]) -> None:
    """Write copies as ``pending`` under their ids; repeating it is harmless."""
    claims = batches.claims([UUID(id_) for id_ in message_ids])
    originals = lists.of_ids([claim.resend_of for claim in claims])
    copies = [
        {**resending.copy_of(originals[claim.resend_of], claim), "_id": claim.message_id, "batch_id": UUID(batch_id)}
        for claim in claims
    ]
    resending.write(copies)


def _goes(verdict: Verdict) -> bool:
    """Whoever sends many cannot look at a newer one first, so such a message is left to be opened by itself."""
    return verdict.may_resend and verdict.answer is not Answer.CONFIRM
