"""Sending messages once more: claimed in Postgres with their audit events, written to Mongo by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from procrastinate import RetryStrategy

from portal import audit
from portal.notifications import delivery
from portal.notifications.repository import messages
from portal.notifications.resends.eligibility import Verdict
from portal.notifications.resends.facts import resends, roots_of, verdicts_of
from portal.notifications.resends.models import Resend
from portal.shared import clock, jobs
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.crypto import uuid7
from portal.shared.database import require_transaction, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.mongo import Document

MAX_REASON = 500
COPIED = (
    "user_id", "loan_id", "notification_category", "notification_type", "notification_title", "notification_content",
    "notification_link", "context",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendAnswers(Answers):
    """Why a message goes out again, and that a newer one was seen."""

    reason: str = ""
    confirmed: bool = False


def verdict_of(message_id: UUID, *, is_confirmed: bool = False) -> Verdict:
    """Whether this message may be sent again, and if not, why."""
    return verdicts_of([_found(message_id)], is_confirmed=is_confirmed)[message_id]


def resend(message_id: UUID, answers: ResendAnswers, *, by: UUID | None, actor: Actor) -> UUID | None:
    """Queue a copy as a new message and return its id; the same command returns the same one."""
    document = _found(message_id)
    with transaction(), once(by, "message.resent", actor) as earlier:
        if earlier:
            return earlier.location
        with answers.judged() as wrong:
            wrong.unless_fits(answers.reason, "reason", most=MAX_REASON)
        answer = claim([document], reason=answers.reason, is_confirmed=answers.confirmed, actor=actor)[message_id]
        if isinstance(answer, Verdict):
            raise _refusal(answer)
        return remember(by, answer)


def claim(
    documents: Sequence[Document],
    *,
    reason: str,
    is_confirmed: bool = False,
    batch_id: UUID | None = None,
    actor: Actor,
) -> dict[UUID, UUID | Verdict]:
    """Queue copies in the caller's transaction: for each message the id of its copy, or the verdict that forbids one.

    Whoever else wants to send the same one waits for the lock, and then finds this resend among its tries. At most
    100 at once; a copy that may not go out yet is written all the same and waits for its time.
    """
    session, now, roots = require_transaction(), clock.now(), roots_of(documents)
    resends.lock(set(roots.values()))
    answers: dict[UUID, UUID | Verdict] = dict(verdicts_of(documents, is_confirmed=is_confirmed))
    claims, told = [], []
    for document in documents:
        verdict = answers[document["_id"]]
        if not isinstance(verdict, Verdict) or not verdict.goes_out(reason):
            continue
        claims.append(
            Resend(
                message_id=uuid7(int(now.timestamp() * 1000)),
                resend_of=document["_id"],
                root_id=roots[document["_id"]],
                requested_by=actor.id,
                reason=reason or None,
                batch_id=batch_id,
                due_at=verdict.at or now,
            )
        )
        answers[document["_id"]] = copy_id = claims[-1].message_id
        told.append((document["_id"], document["user_id"], {"new_id": str(copy_id), "rule": verdict.code}))
    session.add_all(claims)
    audit.record_all("message.resent", told, actor=actor)
    if claims:
        jobs.defer(write_again, key=claims[0].message_id, message_ids=[str(claim.message_id) for claim in claims])
    return answers


@jobs.queue.task(name="notifications.write-again", retry=RetryStrategy(max_attempts=10_000, wait=15))
def write_again(*, message_ids: list[str]) -> None:
    """Write the copies as ``pending`` under their ids; repeating it is harmless."""
    claims = resends.get([UUID(message_id) for message_id in message_ids])
    originals = messages.of_ids([claim.resend_of for claim in claims])
    copies = [_copy(claim, originals[claim.resend_of]) for claim in claims]
    messages.add_copies(copies)
    for channel in {copy["notification_type"] for copy in copies}:
        delivery.wake(channel)


def _copy(claim: Resend, original: Document) -> Document:
    return {name: original.get(name) for name in COPIED} | {
        "_id": claim.message_id,
        "notification_status": "pending",
        "created_at": claim.requested_at,
        "due_at": claim.due_at,
        "resend_of": claim.resend_of,
        "requested_by": claim.requested_by,
        "resend_reason": claim.reason,
        "batch_id": claim.batch_id,
    }


def _refusal(verdict: Verdict) -> Conflict | Refused:
    if verdict.may_resend and verdict.needs_reason:
        return Refused(N_("It was sent before. Write why it goes out again."))
    return Conflict(verdict.message) if verdict.code in {"pending", "too_soon"} else Refused(verdict.message)


def _found(message_id: UUID) -> Document:
    document = messages.get(message_id)
    if document is None:
        raise NotFound(N_("There is no such message. Check the address, or look for it in the list."))
    return document
