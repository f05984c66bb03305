"""Finding, locking and guarding a check: what claiming and deciding share."""

from datetime import datetime
from uuid import UUID

from portal import users
from portal.kyc.listing import QueueRepository
from portal.kyc.models import KycCheck
from portal.kyc.repository import KycRepository
from portal.shared.actor import Actor
from portal.shared.crypto import new_id
from portal.shared.database import db
from portal.shared.errors import N_, Forbidden, NotFound
from portal.shared.pagination import Cursor

checks = KycRepository(db.session)
lists = QueueRepository(db.session)


def locked(kyc_id: UUID) -> tuple[KycCheck, datetime]:
    """The check, locked until the transaction ends, and the database's time."""
    found = checks.locked(kyc_id)
    if found is None:
        raise NotFound(N_("There is no such submission."))
    return found


def decidable(kyc_id: UUID, *, version: int, lease_token: UUID, actor: Actor) -> KycCheck:
    """The check, locked, when ``actor`` may decide it now. His own lock comes first, so that none deadlocks."""
    checks.lock_person(actor.id)
    check, at = locked(kyc_id)
    check.require_decidable(version=version, lease_token=lease_token, by=actor, at=at)
    refuse_own(check.user_id, actor)
    return check


def refuse_own(user_id: UUID, actor: Actor) -> None:
    """Nobody decides about himself."""
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
