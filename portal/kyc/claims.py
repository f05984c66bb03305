"""Claiming an identity check, keeping it, giving it back, and reading its number blind."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, users
from portal.kyc import nik
from portal.kyc.models import MAX_NUMBER_TRIES, Claim, KycCheck, KycStatus
from portal.kyc.repository.checks import CheckRepository
from portal.kyc.repository.pages import PageRepository
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.commands import once, remember
from portal.shared.crypto import digits_of, document_hash, new_id
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, Locked, NotFound, Refused
from portal.shared.pagination import Cursor

checks = CheckRepository(db.session)
pages = PageRepository(db.session)

LOST = N_("You no longer hold this submission. Take it again to decide it.")


@dataclass(frozen=True, slots=True)
class NumberResult:
    """The answer of the blind re-key check, and what the typed number itself says."""

    matched: bool
    tries_left: int
    hints: nik.Hints | None


def claim_next(*, after: Cursor | None = None, by: UUID | None, actor: Actor) -> UUID | None:
    """Take the oldest check nobody holds (behind ``after``), give back the one held before; None when none is left."""
    with transaction(), once(by, "kyc.claimed", actor) as earlier:
        if earlier:
            return earlier.location
        return remember(by, take_oldest(after=after, actor=actor))


def claim(kyc_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """Take this check, and give back the one held before."""
    with transaction(), once(by, "kyc.claimed", actor) as earlier:
        if earlier:
            return
        checks.lock_person(actor.id)
        check, at = pending(kyc_id)
        if check.is_held(at) and check.lease_holder != actor.id:
            raise Locked(N_("Another reviewer holds this submission now."))
        refuse_own(check.user_id, actor)
        checks.release_all(actor.id)
        checks.claim(kyc_id, holder=actor.id, token=new_id())
        remember(by, kyc_id)


def hold(kyc_id: UUID, *, lease_token: UUID | None, actor: Actor) -> None:
    """Hold it ten minutes more; also after the hold ran out, unless somebody else took it."""
    with transaction():
        check, _ = pending(kyc_id)
        if check.lease_holder != actor.id or check.lease_token != lease_token:
            raise Locked(LOST)
        checks.prolong(kyc_id)


def release(kyc_id: UUID, *, lease_token: UUID | None, actor: Actor) -> None:
    """Give it back, so that somebody else can take it at once."""
    with transaction():
        check, _ = locked(kyc_id)
        if check.lease_holder == actor.id and check.lease_token == lease_token:
            checks.release_all(actor.id)


def withdraw_all(user_id: UUID) -> int:
    """The submissions' side of deleting a customer, inside its transaction: no list holds them, nobody decides them."""
    return checks.withdraw_all(user_id)


def check_number(kyc_id: UUID, number: str, *, lease_token: UUID | None, actor: Actor) -> NumberResult:
    """Compare what the reviewer reads with the number's hash; only the answer and the number of tries are kept."""
    digits = digits_of(number)
    with transaction():
        check, at = locked(kyc_id)
        check.require_decidable(Claim(check.version, lease_token), by=actor, at=at)
        if not 8 <= len(digits) <= 20:
            raise Refused(N_("Type the 8 to 20 digits of the document number."))
        if check.number_tries >= MAX_NUMBER_TRIES and not check.number_matched:
            raise Refused(N_("That was the fifth try. Mark the number as unreadable or reject."))
        check.number_tries += 1
        check.number_matched = document_hash(digits) == check.document_number_hash
        audit.record("kyc.number-checked", kyc_id, of=check.user_id, actor=actor, matched=check.number_matched)
    left = max(0, MAX_NUMBER_TRIES - check.number_tries)
    return NumberResult(bool(check.number_matched), left, nik.decode(digits, today=clock.today()))


def locked(kyc_id: UUID) -> tuple[KycCheck, datetime]:
    """The check, locked until the transaction ends, and the database's time."""
    found = checks.get(kyc_id, for_update=True)
    if found is None:
        raise NotFound(N_("There is no such submission."))
    return found


def pending(kyc_id: UUID) -> tuple[KycCheck, datetime]:
    """As :func:`locked`, while it waits for a decision."""
    check, at = locked(kyc_id)
    check.require_listed()
    if check.status is not KycStatus.PENDING:
        raise Conflict(N_("This submission was decided meanwhile."))
    return check, at


def decidable(kyc_id: UUID, claim: Claim, actor: Actor) -> KycCheck:
    """The check, locked, when ``actor`` may decide it now. Their own lock comes first, so that none deadlocks."""
    checks.lock_person(actor.id)
    check, at = locked(kyc_id)
    check.require_decidable(claim, by=actor, at=at)
    refuse_own(check.user_id, actor)
    return check


def refuse_own(user_id: UUID, actor: Actor) -> None:
    """Nobody decides about themselves."""
    if user_id in users.profiles_of(actor.id):
        raise Forbidden(N_("This is your own submission. A colleague has to decide it."))


def take_oldest(*, after: Cursor | None, actor: Actor) -> UUID | None:
    """Claim the oldest free check and release the one held before; the held one itself when no other is free."""
    checks.lock_person(actor.id)
    own = users.profiles_of(actor.id)
    taken: UUID | None = checks.claim_oldest(holder=actor.id, token=new_id(), own=own, after=after)
    if taken is None:
        return checks.held_by(actor.id)
    checks.release_all(actor.id, but=taken)
    return taken
