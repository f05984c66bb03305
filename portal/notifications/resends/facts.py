"""What is known of messages when somebody wants to send them again, gathered for many at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import config, users
from portal.notifications.quiet import next_allowed
from portal.notifications.repository import attempts, messages
from portal.notifications.resends.eligibility import Facts, Verdict, judge
from portal.notifications.resends.models import Resend
from portal.notifications.resends.repository.copies import ResendRepository
from portal.shared import clock, crypto
from portal.shared.database import db
from portal.shared.hooks import Hook
from portal.shared.mongo import Document


@dataclass(frozen=True, slots=True)
class Statement:
    """What a message tells: the loan it is about, its ``context``, and when the customer would read it."""

    loan_id: UUID | None
    context: Mapping[str, Any]
    at: datetime

    @property
    def message(self) -> str:
        """Its kind, as :mod:`portal.notifications.messages` names it."""
        return str(self.context.get("message", ""))


StillTrue = Callable[[Sequence[Statement]], Sequence[bool]]

resends = ResendRepository(db.session)
checks_of: Hook[[str], StillTrue | None] = Hook()
"""Asks who can say whether what this kind of message states still holds; that one answers for each in their order."""


def verdicts_of(documents: Sequence[Document], *, is_confirmed: bool = False) -> dict[UUID, Verdict]:
    """Whether each of these messages may be sent again, and if not, why; in a handful of queries for all of them."""
    facts = facts_of(documents)
    return {message_id: judge(known, is_confirmed=is_confirmed) for message_id, known in facts.items()}


def roots_of(documents: Sequence[Document]) -> dict[UUID, UUID]:
    """The message that was written first, for each of these, which may be a copy of it."""
    ids: list[UUID] = [document["_id"] for document in documents]
    known = resends.roots_of([document["_id"] for document in documents if document.get("resend_of")])
    return {message_id: known.get(message_id, message_id) for message_id in ids}


def facts_of(documents: Sequence[Document]) -> dict[UUID, Facts]:
    """What :func:`judge` looks at, by message."""
    now, roots = clock.now(), roots_of(documents)
    again = resends.of_roots(set(roots.values()))
    copies = messages.of_ids([claims[-1].message_id for claims in again.values()])
    people = users.recipients({document["user_id"] for document in documents})
    followed = {root: copies.get(claims[-1].message_id) for root, claims in again.items()}
    newest = {document["_id"]: followed.get(roots[document["_id"]], document) for document in documents}
    hashes = attempts.newest_hashes([row["_id"] for row in newest.values() if row and _is_permanent(row)])
    newer = messages.with_newer_sent([document for document in documents if roots[document["_id"]] not in again])
    windows = {document["_id"]: _window(document, people.get(document["user_id"]), now) for document in documents}
    true = _still_true(documents, {message_id: at or now for message_id, at in windows.items()})
    return {
        document["_id"]: _facts(
            document,
            newest[document["_id"]],
            recipient=people.get(document["user_id"]),
            claims=again.get(roots[document["_id"]], []),
            hashes=hashes,
            is_still_true=true[document["_id"]],
            is_newer_sent=document["_id"] in newer,
            window=windows[document["_id"]],
            now=now,
        )
        for document in documents
    }


def _facts(
    document: Document,
    newest: Document | None,
    *,
    recipient: users.Recipient | None,
    claims: Sequence[Resend],
    hashes: Mapping[UUID, str],
    is_still_true: bool,
    is_newer_sent: bool,
    window: datetime | None,
    now: datetime,
) -> Facts:
    """``newest`` is the message itself or its last copy; None while that copy is not written yet."""
    address = recipient.addresses.get(document["notification_type"]) if recipient else None
    own = document.get("notification_failed_at") or document.get("notification_sent_at")
    return Facts(
        status=newest["notification_status"] if newest else "pending",
        now=now,
        is_customer_active=recipient is not None and recipient.is_active,
        has_address=address is not None,
        is_permanent=newest is not None and _is_permanent(newest),
        is_address_changed=bool(newest and address and _is_other(address, hashes.get(newest["_id"]))),
        is_still_true=is_still_true,
        is_newer_sent=is_newer_sent,
        tries=(*(claim.requested_at for claim in claims), *([own] if own else [])),
        window=window,
    )


def _is_permanent(document: Document) -> bool:
    return document.get("error_class") == "permanent"


def _is_other(address: str, tried: str | None) -> bool:
    return tried is not None and crypto.address_hash(address) != tried


def _window(document: Document, recipient: users.Recipient | None, now: datetime) -> datetime | None:
    """When a payment message may go out; None when that is now."""
    if document["notification_category"] != "payment" or recipient is None:
        return None
    allowed = next_allowed(now, recipient.timezone, config.current().holidays)
    return allowed if allowed > now else None


def _still_true(documents: Sequence[Document], at: Mapping[UUID, datetime]) -> dict[UUID, bool]:
    """A message whose kind nobody answers for holds."""
    true = {document["_id"]: True for document in documents}
    by_check: dict[StillTrue, dict[UUID, Statement]] = {}
    for document in documents:
        told = Statement(document.get("loan_id"), document.get("context") or {}, at[document["_id"]])
        if check := next(filter(None, checks_of(told.message)), None):
            by_check.setdefault(check, {})[document["_id"]] = told
    for check, asked in by_check.items():
        true |= zip(asked, check(list(asked.values())), strict=True)
    return true
