"""Verifying, rejecting, undoing and expiring an identity check."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from portal import audit, notifications
from portal.kyc.holding import checks, decidable, lists, locked, refuse_own, take_oldest
from portal.kyc.images import store
from portal.kyc.models import UNDO_WINDOW, DocumentType, KycCheck, KycDecision, KycStatus
from portal.kyc.reasons import customer_words
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.commands import earlier_answer, remember
from portal.shared.crypto import new_id
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused
from portal.shared.jobs import queue

CHECKLIST = ("readable", "right_type", "name_matches", "same_person", "not_altered")
STILL_VALID = "still_valid"
SAME, DIFFERENT = "same", "different"
EXPIRED_AT_ONCE = 200


def require_decidable(kyc_id: UUID, *, version: int | None, lease_token: UUID | None, actor: Actor) -> None:
    """Raise what deciding would raise before it looks at the form: gone, decided, changed, held by another."""
    found = checks.get(kyc_id)
    if found is None:
        raise NotFound(N_("There is no such submission."))
    check, at = found
    check.require_decidable(
        version=check.version if version is None else version,
        lease_token=lease_token or new_id(),
        by=actor,
        at=at,
    )


def verify(
    kyc_id: UUID,
    *,
    version: int,
    lease_token: UUID,
    checklist: Mapping[str, bool],
    duplicates: Mapping[UUID, str],
    number_unreadable: bool = False,
    expires_on: date | None = None,
    command: UUID,
    actor: Actor,
) -> UUID | None:
    """Verify a claimed check, tell its customer once the undo window has passed, and take the next one.

    Needs every answer of the checklist to be yes, the number matched or marked unreadable, every duplicate disposed
    of, and for a SIM the date it is valid until. Returns the next check's id, None when the queue is empty.
    """
    _require_images(kyc_id)
    with transaction():
        if earlier := earlier_answer(command, "kyc.verified", actor=actor):
            return earlier.location
        check = decidable(kyc_id, version=version, lease_token=lease_token, actor=actor)
        _require_complete(check, checklist, duplicates, number_unreadable, expires_on)
        checks.lock_person(check.user_id)
        replaced = checks.verified_before(check.user_id, check.document_type)
        if replaced:
            replaced.move(KycStatus.EXPIRED)
            db.session.flush()
        check.expires_at = expires_on
        check.move(KycStatus.VERIFIED)
        checks.add(
            KycDecision(
                kyc_id=kyc_id,
                verdict=KycStatus.VERIFIED,
                decided_by=actor.id,
                checklist=dict(checklist),
                duplicates={str(other): disposal for other, disposal in duplicates.items()},
                number_unreadable=number_unreadable,
                expired_kyc_id=replaced.kyc_id if replaced else None,
                message_id=notifications.queue(
                    "kyc-verified", to=check.user_id, context={"kyc_id": str(kyc_id)}, hold=UNDO_WINDOW
                ),
            )
        )
        audit.record("kyc.verified", kyc_id, of=check.user_id, actor=actor, number_unreadable=number_unreadable)
        return _following(check, command, actor)


def reject(
    kyc_id: UUID,
    *,
    version: int,
    lease_token: UUID,
    codes: Sequence[str],
    customer_text: str = "",
    internal_note: str = "",
    command: UUID,
    actor: Actor,
) -> UUID | None:
    """Reject a claimed check for one to four reasons, tell its customer after the undo window, and take the next one.

    A final reason tells the customer a fixed neutral text, whatever was typed. Returns as :func:`verify`.
    """
    with transaction():
        if earlier := earlier_answer(command, "kyc.rejected", actor=actor):
            return earlier.location
        check = decidable(kyc_id, version=version, lease_token=lease_token, actor=actor)
        words = customer_words(codes, customer_text)
        check.move(KycStatus.REJECTED)
        checks.add(
            KycDecision(
                kyc_id=kyc_id,
                verdict=KycStatus.REJECTED,
                decided_by=actor.id,
                reason_codes=list(codes),
                customer_text=words["id"],
                internal_note=internal_note or None,
                message_id=notifications.queue(
                    "kyc-rejected", to=check.user_id, words=words, context={"kyc_id": str(kyc_id)}, hold=UNDO_WINDOW
                ),
            )
        )
        audit.record("kyc.rejected", kyc_id, of=check.user_id, actor=actor, codes=list(codes))
        return _following(check, command, actor)


def undo(kyc_id: UUID, *, command: UUID, actor: Actor) -> None:
    """Take back one's own decision while its message is held: all is as before, and the check is held again."""
    with transaction():
        if earlier_answer(command, "kyc.decision-undone", actor=actor):
            return
        checks.lock_person(actor.id)
        checks.lock_customer_of(kyc_id)  # before the row: another verify may wait for the row under this lock
        check, at = locked(kyc_id)
        check.require_listed()
        decision = checks.newest_decision(kyc_id)
        if decision is None or check.status is not decision.verdict or decision.verdict is KycStatus.EXPIRED:
            raise Conflict(N_("There is no decision to undo."))
        if decision.decided_by != actor.id:
            raise Forbidden(N_("Only the reviewer who decided can undo it."))
        is_held = decision.message_id is not None and notifications.withdraw(decision.message_id)
        if decision.decided_at + UNDO_WINDOW <= at or not is_held:
            raise Conflict(N_("It is too late to undo this: the message to the customer has been released."))
        decision.undone_at = at
        check.expires_at = None
        check.move(KycStatus.PENDING)
        db.session.flush()
        _restore(decision.expired_kyc_id)
        checks.release_all(actor.id)
        checks.claim(kyc_id, holder=actor.id, token=new_id())
        audit.record("kyc.decision-undone", kyc_id, of=check.user_id, actor=actor, verdict=decision.verdict)
        remember(command, kyc_id)


def require_expirable(kyc_id: UUID, *, version: int | None) -> None:
    """Raise what expiring would raise before it looks at the form: gone, not verified, changed."""
    found = checks.get(kyc_id)
    if found is None:
        raise NotFound(N_("There is no such submission."))
    check, _ = found
    check.require_expirable(version=check.version if version is None else version)


def expire(kyc_id: UUID, *, version: int, reason: str, command: UUID, actor: Actor) -> None:
    """Declare a verified check expired, with a reason, and ask the customer to renew."""
    with transaction():
        if earlier_answer(command, "kyc.expired", actor=actor):
            return
        check, _ = locked(kyc_id)
        check.require_expirable(version=version)
        refuse_own(check.user_id, actor)
        _expire(check, reason=reason, actor=actor)
        remember(command, kyc_id)


def expire_past_date(today: date) -> int:
    """Expire every verified document that was valid until a day before ``today`` (WIB); returns how many."""
    expired = 0
    while True:
        with transaction():
            due = checks.past_their_date(today, EXPIRED_AT_ONCE)
            for check in due:
                _expire(check, reason="", actor=PORTAL)
        expired += len(due)
        if len(due) < EXPIRED_AT_ONCE:
            return expired


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="kyc.expire-past-date", queueing_lock="kyc.expire-past-date")
def expire_past_date_job(timestamp: int) -> None:
    """Runs four times an hour rather than at midnight, so that it catches up by itself after downtime."""
    expire_past_date(clock.today())


def _require_complete(
    check: KycCheck,
    checklist: Mapping[str, bool],
    duplicates: Mapping[UUID, str],
    number_unreadable: bool,
    expires_on: date | None,
) -> None:
    is_sim = check.document_type is DocumentType.SIM
    if not all(checklist.get(name) for name in (*CHECKLIST, *([STILL_VALID] if is_sim else []))):
        raise Refused(N_("Every check must be answered with yes. Reject what does not hold."))
    if not (check.number_matched or number_unreadable):
        raise Refused(N_("Check the document number first, or mark it as unreadable."))
    if is_sim and (expires_on is None or expires_on < clock.today()):
        raise Refused(N_("Enter the date until which the SIM is valid; a past one cannot be verified."))
    hits = {row.kyc_id for row in lists.duplicates(check.document_number_hash, check.user_id)}
    if not all(duplicates.get(hit) in {SAME, DIFFERENT} for hit in hits):
        raise Refused(N_("Say for every duplicate whether it is the same person."))


def _require_images(kyc_id: UUID) -> None:
    """Both images must be there and whole; asked before the transaction, since a store may be slow."""
    found = checks.get(kyc_id)
    if found and found[0].status is KycStatus.PENDING:
        store.require_whole(found[0].document_front_image_path)
        store.require_whole(found[0].document_selfie_image_path)


def _following(check: KycCheck, command: UUID, actor: Actor) -> UUID | None:
    db.session.flush()
    following = take_oldest(after=None, actor=actor)
    remember(command, following)
    return following


def _restore(kyc_id: UUID | None) -> None:
    """Give the older check its status back that the undone decision had expired."""
    if kyc_id:
        older, _ = locked(kyc_id)
        older.move(KycStatus.VERIFIED)


def _expire(check: KycCheck, *, reason: str, actor: Actor) -> None:
    check.move(KycStatus.EXPIRED)
    checks.add(
        KycDecision(
            kyc_id=check.kyc_id,
            verdict=KycStatus.EXPIRED,
            decided_by=actor.auth_id,
            internal_note=reason or None,
            message_id=notifications.queue("kyc-expired", to=check.user_id, context={"kyc_id": str(check.kyc_id)}),
        )
    )
    audit.record("kyc.expired", check.kyc_id, of=check.user_id, actor=actor)
