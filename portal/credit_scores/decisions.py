"""The decision: approve or reject, score and loan in one transaction, and its undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal import audit, kyc, loans, users
from portal.credit_scores.entries import changeable, judge_reasons, locked, refuse_own, result_of, score_facts, weigh
from portal.credit_scores.models import CreditScore
from portal.loans import REASONS, UNDO_WINDOW, Score
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.database import transaction
from portal.shared.errors import N_, Conflict, Refused
from portal.shared.vocabulary import Activity, Decision, ScoreSource
from portal.users import Person

MAX_NOTE = 2000
MISSING = {
    ScoreSource.INTERNAL: N_("Not final: the internal score is mandatory and missing."),
    ScoreSource.EXTERNAL: N_("Not final: the external score is mandatory and missing."),
    ScoreSource.MANUAL: N_("Not final: the manual score is mandatory and missing."),
}
NO_SCORE = N_("Not final: there is no score yet.")
INACTIVE = N_("The customer is not active.")
UNIDENTIFIED = N_("The customer has no verified KTP.")
TOO_LATE = N_("It is too late to undo this: the message to the customer has been released.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAnswers(Answers):
    """A note for colleagues."""

    version: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAnswers(ApproveAnswers):
    """One to four reasons besides."""

    reason_codes: Sequence[str] = ()


def approve(credit_score_id: UUID, answers: ApproveAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Approve the loan: its score, schedule, history and the deferred message in one transaction.

    Needs every mandatory score, an active customer and a verified KTP; raises :class:`Refused` with what lacks first.
    """
    with transaction(), once(by, "credit-score.approved", actor) as earlier:
        if earlier:
            return
        row, at = changeable(credit_score_id, version=answers.version, actor=actor)
        _require_none(blocks_of(row, users.names_of([row.user_id])[row.user_id], for_update=True))
        with answers.judged() as wrong:
            wrong.unless_fits(answers.note, "note", most=MAX_NOTE)
        _apply(row, Decision.APPROVED, note=answers.note, at=at, actor=actor)
        remember(by, credit_score_id)


def reject(credit_score_id: UUID, answers: RejectAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Reject the loan for one to four reasons; needs every mandatory score."""
    with transaction(), once(by, "credit-score.rejected", actor) as earlier:
        if earlier:
            return
        row, at = changeable(credit_score_id, version=answers.version, actor=actor)
        _require_none(missing(row))
        with answers.judged() as wrong:
            judge_reasons(wrong, answers.reason_codes, REASONS)
            wrong.unless_fits(answers.note, "note", most=MAX_NOTE)
        _apply(row, Decision.REJECTED, codes=answers.reason_codes, note=answers.note, at=at, actor=actor)
        remember(by, credit_score_id)


def undo(credit_score_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """Take one's own decision back within 60 seconds, while its message is still deferred."""
    with transaction(), once(by, "credit-score.decision-undone", actor) as earlier:
        if earlier:
            return
        row, at = locked(credit_score_id)
        refuse_own(row, actor)
        if not seconds_to_undo(row, at, actor) or row.message_id is None:
            raise Conflict(TOO_LATE)
        before, message_id = score_facts(row), row.message_id
        row.reopen()
        row.version += 1
        weigh(row)
        loans.undo_decision(row.loan_id, message_id, credit=(before, score_facts(row)), actor=actor)
        audit.record("credit-score.decision-undone", credit_score_id, of=row.user_id, actor=actor)
        remember(by, credit_score_id)


def blocks_of(row: CreditScore, customer: Person, *, for_update: bool = False) -> list[str]:
    """Everything that blocks an approval, as msgids; ``for_update`` keeps the identity as it is for the transaction."""
    found = missing(row)
    if customer.is_deleted:
        return [users.DELETED]
    if customer.status is not Activity.ACTIVE:
        found.append(INACTIVE)
    if not kyc.is_identified(row.user_id, for_update=for_update):
        found.append(UNIDENTIFIED)
    return found


def missing(row: CreditScore) -> list[str]:
    """The scores that any decision waits for, as msgids."""
    inputs = row.inputs
    return [MISSING[source] for source in inputs.missing] or ([] if inputs.is_complete else [NO_SCORE])


def seconds_to_undo(row: CreditScore, at: datetime, actor: Actor) -> int:
    """How long this person may still undo the decision; 0 when not at all."""
    if row.decided_at is None or row.decided_by != actor.auth_id:
        return 0
    return max(0, int((row.decided_at + UNDO_WINDOW - at) / timedelta(seconds=1)))


def _require_none(blocks: Sequence[str]) -> None:
    if blocks:
        raise Refused(blocks[0])


def _apply(
    row: CreditScore, decision: Decision, *, codes: Sequence[str] = (), note: str, at: datetime, actor: Actor
) -> None:
    before, result = score_facts(row), result_of(row)
    row.decide(decision, by=actor.id, at=at)
    row.version += 1
    row.message_id = loans.apply_decision(
        row.loan_id,
        decision,
        codes=codes,
        note=note or None,
        credit=(before, score_facts(row)),
        score=Score(result.final, row.risk_level_reason, None, at) if result.final is not None else None,
        policy=result.policy.version,
        actor=actor,
    )
    audit.record(f"credit-score.{decision}", row.credit_score_id, of=row.user_id, actor=actor, codes=list(codes))
