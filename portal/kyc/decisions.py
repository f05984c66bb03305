"""Verifying, rejecting, undoing and expiring an identity check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from portal import audit, notifications
from portal.kyc.claims import checks, decidable, locked, pages, refuse_own, take_oldest
from portal.kyc.images import store
from portal.kyc.models import CHECKLIST, STILL_VALID, UNDO_WINDOW, Claim, DocumentType, KycCheck, KycDecision, KycStatus
from portal.kyc.reasons import FINAL, MAX_REASONS, MIN_OTHER_LENGTH, OTHER, REASONS, customer_words
from portal.shared import clock
from portal.shared.actor import PORTAL, Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.crypto import new_id
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, Sentence
from portal.shared.jobs import queue

YES, NO = "yes", "no"
SAME, DIFFERENT = "same", "different"
BATCH_SIZE = 200
MAX_TEXT, MAX_NOTE = 600, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAnswers(Answers):
    """What every decision says: on which claim it stands."""

    version: int | None = None
    lease_token: UUID | None = None

    @property
    def claim(self) -> Claim:
        return Claim(self.version, self.lease_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAnswers(DecisionAnswers):
    """``checks`` answers the checklist with yes or no, ``duplicates`` every other check of the number by its id."""

    checks: Mapping[str, str | None] = field(default_factory=dict)
    duplicates: Mapping[UUID, str] = field(default_factory=dict)
    number_unreadable: bool = False
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAnswers(DecisionAnswers):
    """One to four reasons, what the customer reads, and a note they do not."""

    reason_codes: Sequence[str] = ()
    customer_text: str = ""
    internal_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireAnswers(Answers):
    """Why a verified document no longer counts."""

    version: int | None = None
    reason: str = ""


def require_decidable(kyc_id: UUID, claim: Claim, *, actor: Actor) -> None:
    """Raise what deciding would raise before it looks at the answers: gone, decided, changed, held by another."""
    with transaction():
        decidable(kyc_id, claim, actor)


def verify(kyc_id: UUID, answers: VerifyAnswers, *, by: UUID | None, actor: Actor) -> UUID | None:
    """Verify a claimed check, tell its customer once the undo window has passed, and claim the next one.

    Needs Yes to the whole checklist, the number matched or marked unreadable, every twin answered, and of a SIM its
    date. Returns the next check's id, None when the queue is empty.
    """
    _require_images(kyc_id)
    with transaction(), once(by, "kyc.verified", actor) as earlier:
        if earlier:
            return earlier.location
        check = decidable(kyc_id, answers.claim, actor)
        twins = [twin.kyc_id for twin in pages.duplicates(check.document_number_hash, check.user_id)]
        _judge(check, answers, twins)
        check.expires_at = answers.expires_on if check.document_type is DocumentType.SIM else None
        _decide(
            check,
            KycStatus.VERIFIED,
            actor,
            checklist={name: answers.checks[name] == YES for name in _asked(check)},
            duplicates={str(twin): answers.duplicates[twin] for twin in twins},
            number_unreadable=answers.number_unreadable,
            expired_kyc_id=_replace(check),
        )
        audit.record("kyc.verified", kyc_id, of=check.user_id, actor=actor, number_unreadable=answers.number_unreadable)
        return remember(by, take_oldest(after=None, actor=actor))


def reject(kyc_id: UUID, answers: RejectAnswers, *, by: UUID | None, actor: Actor) -> UUID | None:
    """Reject a claimed check for one to four reasons, tell its customer after the undo window, and take the next one.

    A final reason tells the customer a fixed neutral text, whatever was typed. Returns as :func:`verify`.
    """
    with transaction(), once(by, "kyc.rejected", actor) as earlier:
        if earlier:
            return earlier.location
        check = decidable(kyc_id, answers.claim, actor)
        _judge_rejection(answers)
        codes, words = list(answers.reason_codes), customer_words(answers.reason_codes, answers.customer_text)
        _decide(
            check,
            KycStatus.REJECTED,
            actor,
            words=words,
            reason_codes=codes,
            customer_text=words["id"],
            internal_note=answers.internal_note or None,
        )
        audit.record("kyc.rejected", kyc_id, of=check.user_id, actor=actor, codes=codes)
        return remember(by, take_oldest(after=None, actor=actor))


def undo(kyc_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """Take back one's own decision while its message is deferred: all is as before, and the check is held again."""
    with transaction(), once(by, "kyc.decision-undone", actor) as earlier:
        if earlier:
            return
        checks.lock_person(actor.id)
        checks.lock_customer_of(kyc_id)  # before the row: another verify may wait for the row under this lock
        check, at = locked(kyc_id)
        check.require_listed()
        decision = _decision_of(check, actor)
        is_deferred = decision.message_id is not None and notifications.withdraw(decision.message_id)
        if decision.decided_at + UNDO_WINDOW <= at or not is_deferred:
            raise Conflict(N_("It is too late to undo this: the message to the customer has been released."))
        decision.undone_at = at
        check.expires_at = None
        check.move(KycStatus.PENDING)
        db.session.flush()
        _restore(decision.expired_kyc_id)
        checks.release_all(actor.id)
        checks.claim(kyc_id, holder=actor.id, token=new_id())
        audit.record("kyc.decision-undone", kyc_id, of=check.user_id, actor=actor, verdict=decision.verdict)
        remember(by, kyc_id)


def _decision_of(check: KycCheck, actor: Actor) -> KycDecision:
    """The decision in force, which ``actor`` made."""
    decision = checks.newest_decision(check.kyc_id)
    if decision is None or check.status is not decision.verdict or decision.verdict is KycStatus.EXPIRED:
        raise Conflict(N_("There is no decision to undo."))
    if decision.decided_by != actor.id:
        raise Forbidden(N_("Only the reviewer who decided can undo it."))
    return decision


def expire(kyc_id: UUID, answers: ExpireAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Declare a verified check expired, with a reason, and ask the customer to renew."""
    with transaction(), once(by, "kyc.expired", actor) as earlier:
        if earlier:
            return
        check, _ = locked(kyc_id)
        check.require_expirable(version=answers.version)
        refuse_own(check.user_id, actor)
        with answers.judged() as wrong:
            wrong.unless(answers.reason, "reason", N_("Write why this document no longer counts."))
            wrong.unless(10 <= len(answers.reason) <= 500, "reason", N_("Use 10 to 500 characters."))
        _expire(check, reason=answers.reason, actor=actor)
        remember(by, kyc_id)


def expire_past_date(today: date) -> int:
    """Expire every verified document that was valid until a day before ``today`` (WIB); returns how many."""
    expired = 0
    while True:
        with transaction():
            due = checks.past_their_date(today, BATCH_SIZE)
            for check in due:
                _expire(check, reason="", actor=PORTAL)
        expired += len(due)
        if len(due) < BATCH_SIZE:
            return expired


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="kyc.expire-past-date", queueing_lock="kyc.expire-past-date")
def expire_past_date_job(timestamp: int) -> None:
    """Runs four times an hour rather than at midnight, so that it catches up by itself after downtime."""
    expire_past_date(clock.today())


def _asked(check: KycCheck) -> Sequence[str]:
    """The lines of the checklist; whether a document is still valid is asked of a SIM only."""
    return [name for name in CHECKLIST if name != STILL_VALID or check.document_type is DocumentType.SIM]


def _judge(check: KycCheck, answers: VerifyAnswers, twins: Sequence[UUID]) -> None:
    is_known = check.number_matched or answers.number_unreadable
    with answers.judged() as wrong:
        wrong.unless(is_known, "number_unreadable", N_("Check the document number first, or mark it as unreadable."))
        for twin in twins:
            is_answered = answers.duplicates.get(twin) in {SAME, DIFFERENT}
            wrong.unless(is_answered, f"duplicates-{twin}", N_("Say whether this is the same person."))
        for name in _asked(check):
            answer, line = answers.checks.get(name), Sentence(CHECKLIST[name])
            no = N_("“%(check)s” is answered with No. Reject it instead.")
            wrong.unless(answer != NO, f"checks-{name}", no, check=line)
            wrong.unless(answer == YES, f"checks-{name}", N_("Answer the check “%(check)s”."), check=line)
        if check.document_type is DocumentType.SIM:
            day = answers.expires_on
            wrong.unless(day, "expires_on", N_("Enter the date until which the SIM is valid."))
            is_past = day and day < clock.today()
            wrong.unless(not is_past, "expires_on", N_("This date has passed. Reject the document as expired."))


def _judge_rejection(answers: RejectAnswers) -> None:
    codes = set(answers.reason_codes)
    says_nothing = OTHER in codes and not codes & FINAL and len(answers.customer_text) < MIN_OTHER_LENGTH
    with answers.judged() as wrong:
        is_reason = 1 <= len(codes) <= MAX_REASONS and codes <= REASONS.keys()
        wrong.unless(is_reason, "reason_codes", N_("Choose one to four reasons."))
        what = N_("Write what is wrong, in at least 10 characters, when you choose Other.")
        wrong.unless(not says_nothing, "customer_text", what)
        wrong.unless_fits(answers.customer_text, "customer_text", most=MAX_TEXT)
        wrong.unless_fits(answers.internal_note, "internal_note", most=MAX_NOTE)


def _replace(check: KycCheck) -> UUID | None:
    """Expire the verified check that this one replaces; of one customer, one at a time."""
    checks.lock_person(check.user_id)
    replaced = checks.verified_before(check.user_id, check.document_type)
    if replaced is None:
        return None
    replaced.move(KycStatus.EXPIRED)
    db.session.flush()
    return replaced.kyc_id


def _decide(
    check: KycCheck, verdict: KycStatus, actor: Actor, *, words: Mapping[str, str] | None = None, **facts: Any
) -> None:
    """Move the check, and keep the decision with the message that leaves when the time to undo is over."""
    check.move(verdict)
    message_id = notifications.queue(
        f"kyc-{verdict}", to=check.user_id, words=words, context={"kyc_id": str(check.kyc_id)}, after=UNDO_WINDOW
    )
    checks.add(KycDecision(kyc_id=check.kyc_id, verdict=verdict, decided_by=actor.id, message_id=message_id, **facts))


def _require_images(kyc_id: UUID) -> None:
    """Both images must be there and whole; asked before the transaction, since a store may be slow."""
    found = checks.get(kyc_id)
    if found and found[0].status is KycStatus.PENDING:
        store.require_whole(found[0].document_front_image_path)
        store.require_whole(found[0].document_selfie_image_path)


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
