"""Claiming an identity check, keeping it, giving it back, and reading its number blind."""

from dataclasses import dataclass
from uuid import UUID

from portal import audit
from portal.kyc import nik
from portal.kyc.holding import checks, locked, refuse_own, take_oldest
from portal.kyc.models import NUMBER_TRIES, KycStatus
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.commands import earlier_answer, remember
from portal.shared.crypto import digits_of, document_hash, new_id
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Locked, Refused
from portal.shared.pagination import Cursor


@dataclass(frozen=True, slots=True)
class NumberResult:
    """The answer of the blind re-key check, and what the typed number itself says."""

    matched: bool
    tries_left: int
    hints: nik.Hints | None


def claim_next(*, after: Cursor | None = None, command: UUID, actor: Actor) -> UUID | None:
    """Take the oldest check nobody holds (behind ``after``), give back the one held before; None when none is left."""
    with transaction():
        if earlier := earlier_answer(command, "kyc.claimed", actor=actor):
            return earlier.location
        taken = take_oldest(after=after, actor=actor)
        remember(command, taken)
        return taken


def claim(kyc_id: UUID, *, command: UUID, actor: Actor) -> None:
    """Take this check, and give back the one held before."""
    with transaction():
        if earlier_answer(command, "kyc.claimed", actor=actor):
            return
        checks.lock_person(actor.id)
        check, at = locked(kyc_id)
        check.require_listed()
        if check.status is not KycStatus.PENDING:
            raise Conflict(N_("This submission was decided meanwhile."))
        if check.is_held(at) and check.lease_holder != actor.id:
            raise Locked(N_("Another reviewer holds this submission now."))
        refuse_own(check.user_id, actor)
        checks.release_all(actor.id)
        checks.claim(kyc_id, holder=actor.id, token=new_id())
        remember(command, kyc_id)


def hold(kyc_id: UUID, *, lease_token: UUID, actor: Actor) -> None:
    """Hold it ten minutes more; also after the hold ran out, unless somebody else took it."""
    with transaction():
        check, _ = locked(kyc_id)
        check.require_listed()
        if check.status is not KycStatus.PENDING:
            raise Conflict(N_("This submission was decided meanwhile."))
        if check.lease_holder != actor.id or check.lease_token != lease_token:
            raise Locked(N_("You no longer hold this submission. Take it again to decide it."))
        checks.prolong(kyc_id)


def release(kyc_id: UUID, *, lease_token: UUID, actor: Actor) -> None:
    """Give it back, so that somebody else can take it at once."""
    with transaction():
        check, _ = locked(kyc_id)
        if check.lease_holder == actor.id and check.lease_token == lease_token:
            checks.release_all(actor.id)


def withdraw_all(user_id: UUID) -> int:
    """The submissions' side of deleting a customer, inside its transaction: no list holds them, nobody decides them."""
    return checks.withdraw_all(user_id)


def check_number(kyc_id: UUID, number: str, *, lease_token: UUID, actor: Actor) -> NumberResult:
    """Compare what the reviewer reads with the number's hash; only the answer and the number of tries are kept."""
    digits = digits_of(number)
    with transaction():
        check, at = locked(kyc_id)
        check.require_decidable(version=check.version, lease_token=lease_token, by=actor, at=at)
        if not 8 <= len(digits) <= 20:
            raise Refused(N_("Type the 8 to 20 digits of the document number."))
        if check.number_tries >= NUMBER_TRIES and not check.number_matched:
            raise Refused(N_("That was the fifth try. Mark the number as unreadable or reject."))
        check.number_tries += 1
        check.number_matched = document_hash(digits) == check.document_number_hash
        audit.record("kyc.number-checked", kyc_id, of=check.user_id, actor=actor, matched=check.number_matched)
    return NumberResult(
        bool(check.number_matched),
        max(0, NUMBER_TRIES - check.number_tries),
        nik.decode(digits, today=clock.today()),
    )
