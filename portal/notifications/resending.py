"""Sending a message once more: claimed in Postgres with its audit event, written to Mongo by the worker."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from procrastinate import RetryStrategy
from pymongo import UpdateOne
from sqlalchemy import select, text

from portal.audit import service as audit
from portal.notifications import delivery
from portal.notifications.batch_models import Resend
from portal.notifications.browsing import lists
from portal.notifications.eligibility import Facts, Verdict, judge
from portal.notifications.models import COLLECTION
from portal.shared import clock, commands, jobs
from portal.shared.actor import Actor
from portal.shared.crypto import uuid7
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, NotFound, Refused
from portal.shared.mongo import Document, mongo
from portal.shared.vocabulary import Activity
from portal.users import service as users
from portal.users.service import Person

StillTrue = Callable[[UUID | None, Mapping[str, Any]], bool]

FROM, UNTIL = time(8), time(20)
SUNDAY = 6
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7))")
_LOCK_ALL = text("SELECT pg_advisory_xact_lock(hashtextextended(key, 7)) FROM unnest(CAST(:keys AS text[])) AS key")
_checks: dict[str, StillTrue] = {}


def register(message: str, *, still_true: StillTrue) -> None:
    """Let a higher context say whether what this kind of message states still holds."""
    _checks[message] = still_true


def verdict_of(message_id: UUID, *, is_confirmed: bool = False) -> Verdict:
    """Whether this message may be sent again, and if not, why."""
    document = _found(message_id)
    root_id = _root_of(message_id)
    return judge(_facts(document, _resends_of(root_id)), is_confirmed=is_confirmed)


def resend(message_id: UUID, *, reason: str, is_confirmed: bool, command: UUID, actor: Actor) -> UUID:
    """Queue a copy as a new message and return its id; the same command returns the same one.

    Whoever else wants to send the same one waits for the lock, and then finds this resend among its tries.
    """
    document = _found(message_id)
    with transaction() as session:
        earlier = commands.earlier_answer(command, "message.resend", actor=actor)
        if earlier and earlier.location:
            return earlier.location
        root_id = _root_of(message_id)
        session.execute(_LOCK, {"key": str(root_id)})
        verdict = judge(_facts(document, _resends_of(root_id)), is_confirmed=is_confirmed)
        _require(verdict, reason)
        now = clock.now()
        due = verdict.at or now
        new_id = uuid7(int(now.timestamp() * 1000))
        session.add(
            Resend(
                message_id=new_id, resend_of=message_id, root_id=root_id, requested_by=actor.id, reason=reason or None,
                due_at=due,
            )
        )  # fmt: skip
        audit.record(
            "message.resent", message_id, of=document["user_id"], actor=actor, new_id=str(new_id), rule=verdict.code
        )
        jobs.defer(write_again, key=new_id, after=due - now, message_id=str(new_id))
        commands.remember(command, new_id)
    return new_id


@jobs.queue.task(name="notifications.write-again", retry=RetryStrategy(max_attempts=10_000, wait=15))
def write_again(*, message_id: str) -> None:
    """Write the copy as ``pending`` under its id; repeating it is harmless."""
    claim = db.session.get(Resend, UUID(message_id))
    original = lists.get(claim.resend_of) if claim else None
    if claim is None or original is None:
        return
    kept = ("user_id", "loan_id", "notification_category", "notification_type", "notification_title",
            "notification_content", "notification_link", "context")  # fmt: skip
    copy = {name: original.get(name) for name in kept} | {
        "notification_status": "pending",
        "created_at": clock.now(),
        "resend_of": claim.resend_of,
        "requested_by": claim.requested_by,
        "resend_reason": claim.reason,
    }
    mongo.database[COLLECTION].update_one({"_id": claim.message_id}, {"$setOnInsert": copy}, upsert=True)


def verdicts_of(documents: Sequence[Document]) -> dict[UUID, Verdict]:
    return {d["_id"]: judge(_facts(d, _resends_of(_root_of(d["_id"])))) for d in documents}


def lock(roots: Iterable[UUID]) -> None:
    """Keep others from sending these meanwhile; in one order for everybody, so that nobody waits in a circle."""
    db.session.execute(_LOCK_ALL, {"keys": sorted(map(str, roots))})


def copy_of(original: Document, claim: Resend) -> Document:
    kept = ("user_id", "loan_id", "notification_category", "notification_type", "notification_title",
            "notification_content", "notification_link", "context")  # fmt: skip
    return {name: original.get(name) for name in kept} | {
        "notification_status": "pending",
        "created_at": clock.now(),
        "resend_of": claim.resend_of,
        "requested_by": claim.requested_by,
        "resend_reason": claim.reason,
    }


def write(copies: Sequence[Document]) -> None:
    if not copies:
        return
    mongo.database[COLLECTION].bulk_write(
        [UpdateOne({"_id": copy["_id"]}, {"$setOnInsert": copy}, upsert=True) for copy in copies], ordered=False
    )
    for channel in {copy["notification_type"] for copy in copies}:
        delivery.wake(channel)


def _require(verdict: Verdict, reason: str) -> None:
    if verdict.code in {"pending", "too_soon"}:
        raise Conflict(verdict.message)
    if not verdict.may_resend or verdict.code == "newer":
        raise Refused(verdict.message)
    if verdict.needs_reason and not reason:
        raise Refused(N_("It was sent before. Write why it goes out again."))


def _facts(document: Document, resends: Sequence[Resend]) -> Facts:
    now = clock.now()
    person = users.names_of([document["user_id"]])[document["user_id"]]
    context = document.get("context") or {}
    check = _checks.get(context.get("message", ""))
    is_open = bool(resends) and _is_under_way(resends[-1])
    own = document.get("notification_failed_at") or document.get("notification_sent_at")
    return Facts(
        status="pending" if is_open else document["notification_status"],
        now=now,
        is_customer_active=person.status is Activity.ACTIVE,
        has_address=_has_address(person, document["notification_type"]),
        is_permanent=document.get("error_class") == "permanent",
        is_still_true=check is None or check(document.get("loan_id"), context),
        is_newer_sent=not resends and lists.newer_sent(document),
        tries=(*(claim.requested_at for claim in resends), *([own] if own else [])),
        window=_next_window(now) if document["notification_category"] == "payment" else None,
    )


def _is_under_way(claim: Resend) -> bool:
    copy = lists.get(claim.message_id)
    return copy is None or copy["notification_status"] == "pending"


def _has_address(person: Person, channel: str) -> bool:
    return {"email": person.email != "–", "sms": person.phone != "–"}.get(channel, person.auth_id is not None)


def _next_window(now: datetime) -> datetime | None:
    """When a payment message may go out: 08 to 20 WIB, never on Sunday; None when that is now."""
    local = now.astimezone(clock.WIB)
    if FROM <= local.time() < UNTIL and local.weekday() != SUNDAY:
        return None
    day = local.date() + timedelta(days=local.time() >= FROM)
    while day.weekday() == SUNDAY:
        day += timedelta(days=1)
    return datetime.combine(day, FROM, clock.WIB)


def _root_of(message_id: UUID) -> UUID:
    root = db.session.scalar(select(Resend.root_id).where(Resend.message_id == message_id))
    return root or message_id


def _resends_of(root_id: UUID) -> Sequence[Resend]:
    return db.session.scalars(select(Resend).where(Resend.root_id == root_id).order_by(Resend.requested_at)).all()


def _found(message_id: UUID) -> Document:
    document = lists.get(message_id)
    if document is None:
        raise NotFound(N_("There is no such message. Check the address, or look for it in the list."))
    return document
