"""Scores coming in: from the scoring service, from vendors, and from an analyst by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import audit, config, loans, risk_levels, users
from portal.credit_scores import policy
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.credit_scores.policy import Result
from portal.credit_scores.repository.scores import ScoreRepository
from portal.loans import Facts, Score
from portal.shared import clock, scoring
from portal.shared.actor import PORTAL, Actor
from portal.shared.answers import Answers
from portal.shared.commands import once, remember
from portal.shared.crypto import new_id
from portal.shared.database import again_when_contended, db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Problems, Refused
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource

MAX_REASONS = 4
MIN_WHY, MAX_WHY = 20, 2000
FACTS = ("decision", "risk_level", "internal_score", "external_score", "manual_score")
WHOLE = N_("Enter a whole number from 0 to 1000.")
NO_SUCH = N_("There is no such credit score. Check the address, or look for it in the list.")

scores = ScoreRepository(db.session)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAnswers(Answers):
    """A score to try out."""

    score: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAnswers(ScoreAnswers):
    """A manual score with one to four reasons, and why."""

    version: int | None = None
    reason_codes: Sequence[str] = ()
    reason: str = ""


def take_in(
    *,
    loan_id: UUID,
    source: ScoreSource,
    score: int,
    reason: str | None = None,
    mandatory: frozenset[ScoreSource] | None = None,
    at: datetime | None = None,
    entry_id: UUID | None = None,
) -> UUID:
    """Take in a score of the scoring service and return its entry's id; the same ``entry_id`` is taken in once.

    ``mandatory`` says which sources the decision must wait for. After the decision a score is kept and flagged as late,
    and changes neither the headline nor the risk level.
    """
    if source is ScoreSource.MANUAL:
        raise Refused(N_("A manual score is entered by an analyst. Hand over internal and external scores only."))
    require_score(ScoreAnswers(score=score))
    entry = ScoreEntry(
        id=entry_id or new_id(), credit_score=score, credit_score_reason=reason, credit_score_source=source,
        credit_score_updated_at=at or clock.now(),
    )  # fmt: skip
    return again_when_contended(lambda: _take_in(loan_id, entry, mandatory))


def _take_in(loan_id: UUID, given: ScoreEntry, mandatory: frozenset[ScoreSource] | None) -> UUID:
    with transaction():
        row = _of_loan(loan_id)
        if known := scores.entry(given.id):
            if (known.credit_score_id, known.credit_score) != (row.credit_score_id, given.credit_score):
                raise Conflict(N_("Another score has this id already."))
            return known.id
        if mandatory is not None and row.decision is Decision.PENDING:
            for source in ScoreSource:
                setattr(row, f"{source}_score_mandatory", source in mandatory)
        _enter(row, given, actor=PORTAL)
        return given.id


def take_in_evaluation(
    *, evaluation_id: UUID, loan_id: UUID, vendor_name: str, risk_level: RiskLevel | None, at: datetime, **said: Any
) -> UUID:
    """Take in a vendor's evaluation: kept in Mongo, its raw answer encrypted; its level counts for the loan's risk.

    ``said`` is its ``raw_score`` and its ``normalized_score``, as :func:`risk_levels.take_in` takes them. Handing over
    the same id again changes nothing, and mends what a failure between the two stores left behind.
    """
    risk_levels.require_sound(vendor_name, **said)
    with transaction():
        row = _of_loan(loan_id)
        of: dict[str, Any] = {"credit_score_id": row.credit_score_id, "loan_id": loan_id, "user_id": row.user_id}
    risk_levels.take_in(
        evaluation_id=evaluation_id, vendor_name=vendor_name, risk_level=risk_level, created_at=at, **of, **said
    )
    again_when_contended(lambda: _note_level(loan_id, vendor_name.strip(), risk_level, at, evaluation_id))
    return evaluation_id


def _note_level(loan_id: UUID, vendor: str, level: RiskLevel | None, at: datetime, evaluation_id: UUID) -> None:
    with transaction():
        row = _of_loan(loan_id)
        before = row.vendor_levels
        row.note_level(vendor, level, at)
        if row.vendor_levels != before:
            weigh(row)
            row.version += 1
            audit.record("credit-score.evaluated", row.credit_score_id, of=row.user_id, actor=PORTAL,
                         evaluation=str(evaluation_id))  # fmt: skip


def enter_manual(credit_score_id: UUID, answers: ManualAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Enter a manual score; a correction is a new entry. The risk level follows."""
    with transaction(), once(by, "credit-score.manual", actor) as earlier:
        if earlier:
            return
        row, at = changeable(credit_score_id, version=answers.version, actor=actor)
        with answers.judged() as wrong:
            wrong.unless(is_score(answers.score), "score", WHOLE)
            judge_reasons(wrong, answers.reason_codes, scoring.REASONS)
            why = N_("Write why, in at least 20 characters.")
            wrong.unless_fits(answers.reason, "reason", least=MIN_WHY, most=MAX_WHY, message=why)
        entry = ScoreEntry(
            id=new_id(), credit_score=answers.score, credit_score_reason=answers.reason, entered_by=actor.id,
            credit_score_source=ScoreSource.MANUAL, credit_score_updated_at=at,
            credit_score_raw={"reason_codes": list(answers.reason_codes)},
        )  # fmt: skip
        _enter(row, entry, codes=answers.reason_codes, actor=actor)
        remember(by, credit_score_id)


def require_score(answers: ScoreAnswers) -> None:
    """Raise unless this is a score."""
    with answers.judged() as wrong:
        wrong.unless(is_score(answers.score), "score", WHOLE)


def is_score(number: object) -> bool:
    return type(number) is int and scoring.LEAST <= number <= scoring.MOST


def judge_reasons(wrong: Problems, codes: Sequence[str], known: Mapping[str, Any]) -> None:
    """One to four of the reasons that there are."""
    is_right = 1 <= len(set(codes)) <= MAX_REASONS and set(codes) <= known.keys()
    wrong.unless(is_right, "reason_codes", N_("Choose one to four reasons."))


def result_of(row: CreditScore) -> Result:
    """What the policy says about a score as it stands."""
    return policy.evaluate(config.current().score_policy, row.inputs)


def changeable(credit_score_id: UUID, *, version: int | None, actor: Actor) -> tuple[CreditScore, datetime]:
    """The score, locked with its loan, when ``actor`` may still change it; and the database's time.

    The version of a form that does not say it is refused later, with what else it lacks.
    """
    row, at = locked(credit_score_id)
    refuse_own(row, actor)
    users.lock(row.user_id)
    row.require_pending()
    if version not in {None, row.version}:
        raise Conflict(
            N_("This score has changed meanwhile. What you see now is how it stands; what you typed is kept.")
        )
    return row, at


def locked(credit_score_id: UUID) -> tuple[CreditScore, datetime]:
    """The score, locked with its loan until the transaction ends, the loan first; and the database's time."""
    if known := scores.get(credit_score_id):
        loans.locked(known[0].loan_id)
        known = scores.get(credit_score_id, for_update=True)
    if known is None:
        raise NotFound(NO_SUCH)
    return known


def refuse_own(row: CreditScore, actor: Actor) -> None:
    """Nobody scores or decides about themselves."""
    if row.user_id in users.profiles_of(actor.id):
        raise Forbidden(N_("This is your own loan. A colleague has to do this."))


def score_facts(row: CreditScore) -> Facts:
    """The score's columns that the review history tells of."""
    return {name: getattr(row, name) for name in FACTS}


def _of_loan(loan_id: UUID) -> CreditScore:
    """The loan's score, locked with it; made when it has none."""
    loan = loans.locked(loan_id)
    if known := scores.of_loan(loan_id, for_update=True):
        return known[0]
    row = CreditScore(credit_score_id=new_id(), loan_id=loan_id, user_id=loan.user_id, vendor_levels={})
    scores.add(row)
    db.session.refresh(row)
    return row


def _enter(row: CreditScore, entry: ScoreEntry, *, codes: Sequence[str] = (), actor: Actor) -> None:
    """Keep an entry; while nobody has decided it becomes its source's headline, else it is late."""
    before, source = score_facts(row), entry.credit_score_source
    is_late = row.decision is not Decision.PENDING
    entry.credit_score_id = row.credit_score_id
    if is_late:
        entry.credit_score_raw = {"late": True}
    else:
        row.put(source, entry.credit_score)
        weigh(row)
    row.version += 1
    scores.add(entry)
    loans.tell_score(
        row.loan_id,
        "score.recorded" if before[f"{source}_score"] is None else "score.superseded",
        credit=(before, score_facts(row)),
        score=Score(entry.credit_score, entry.credit_score_reason, source, entry.credit_score_updated_at),
        policy=config.current().score_policy.version,
        codes=codes,
        actor=actor,
    )
    audit.record("credit-score.entered", row.credit_score_id, of=row.user_id, actor=actor, source=source,
                 entry=str(entry.id), late=is_late)  # fmt: skip


def weigh(row: CreditScore) -> None:
    """Recompute the risk level; once decided it stays as it was."""
    if row.decision is Decision.PENDING:
        result = result_of(row)
        row.risk_level, row.risk_level_reason = result.risk_level, reason_for(result)


def reason_for(result: Result) -> str | None:
    """The sentence kept in ``risk_level_reason``, in English; None until the score is final."""
    sentence = result.explanation
    return sentence % sentence.parameters if result.final is not None else None
