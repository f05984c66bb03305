"""What a score's page shows: how the score builds up, what it lacks, and what a manual score would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth, config, loans, risk_levels, users
from portal.credit_scores import policy
from portal.credit_scores.decisions import blocks_of, missing, seconds_to_undo
from portal.credit_scores.entries import NO_SUCH, is_score, result_of, scores
from portal.credit_scores.models import CreditScore
from portal.credit_scores.policy import Result
from portal.loans import Terms
from portal.risk_levels import RiskEvaluation
from portal.shared.actor import Actor
from portal.shared.errors import N_, NotFound
from portal.shared.scoring import REASONS
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from portal.users import Person


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the score log; ``reasons`` are an analyst's, as msgids."""

    id: UUID
    at: datetime
    source: ScoreSource
    score: int
    text: str | None
    reasons: list[str]
    by: str | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Everything about one credit score; ``blocks`` and ``lacks`` are msgids of what keeps it from a decision.

    ``seconds_to_undo`` is how long the reader may take their decision back.
    """

    credit_score_id: UUID
    loan_id: UUID
    customer: Person
    loan: Terms | None
    result: Result
    risk_level: RiskLevel | None
    decision: Decision
    decided_by: str | None
    decided_at: datetime | None
    version: int
    entries: list[LogEntry]
    blocks: list[str]
    lacks: list[str]
    is_own: bool
    seconds_to_undo: int

    @property
    def is_pending(self) -> bool:
        return self.decision is Decision.PENDING


@dataclass(frozen=True, slots=True)
class Preview:
    """What a manual score would change, and from which manual score on the next better band begins."""

    score: int
    then: Result
    next_band: RiskLevel | None
    next_from: int | None
    needs: int | None


def show(credit_score_id: UUID, *, actor: Actor) -> ScorePage:
    """One score with its breakdown and log; opening it is recorded."""
    found = scores.get(credit_score_id)
    if found is None:
        raise NotFound(NO_SUCH)
    return _page(*found, actor)


def of_loan(loan_id: UUID, *, actor: Actor) -> ScorePage | None:
    """The score of a loan, None when it has none yet; opening it is recorded."""
    if not loans.loan_exists(loan_id):
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    found = scores.of_loan(loan_id)
    return _page(*found, actor) if found else None


def evaluations(credit_score_id: UUID) -> list[RiskEvaluation] | None:
    """What vendors said of a score, newest first; None while they cannot be read."""
    if scores.get(credit_score_id) is None:
        raise NotFound(NO_SUCH)
    return risk_levels.of_score(credit_score_id)


def preview(page: ScorePage, score: int | None) -> Preview | None:
    """What this manual score would give, by the function that saving uses; None when it is none or comes too late."""
    if score is None or not is_score(score) or not page.is_pending:
        return None
    rules, inputs = config.current().score_policy, page.result.inputs
    then = policy.evaluate(rules, inputs.with_manual(score))
    steps = {RiskLevel.HIGH: (RiskLevel.MEDIUM, rules.medium_from), RiskLevel.MEDIUM: (RiskLevel.LOW, rules.low_from)}
    band, threshold = steps.get(rules.band(then.so_far), (None, None))
    needs = policy.manual_score_for(rules, inputs, threshold) if threshold is not None else None
    return Preview(score, then, band, threshold, needs)


def _page(row: CreditScore, at: datetime, actor: Actor) -> ScorePage:
    audit.note_opening("credit-score.opened", row.credit_score_id, of=row.user_id, actor=actor)
    entries = scores.entries(row.credit_score_id)
    names = auth.names_of({id_ for id_ in [row.decided_by, *(entry.entered_by for entry in entries)] if id_})
    customer = users.names_of([row.user_id])[row.user_id]
    is_pending = row.decision is Decision.PENDING
    return ScorePage(
        credit_score_id=row.credit_score_id,
        loan_id=row.loan_id,
        customer=customer,
        loan=loans.terms_of([row.loan_id]).get(row.loan_id),
        result=result_of(row),
        risk_level=row.risk_level,
        decision=row.decision,
        decided_by=names.get(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        version=row.version,
        entries=[_entry(entry, names) for entry in entries],
        blocks=blocks_of(row, customer) if is_pending else [],
        lacks=[*([users.DELETED] if customer.is_deleted else []), *missing(row)] if is_pending else [],
        is_own=row.user_id in users.profiles_of(actor.id),
        seconds_to_undo=seconds_to_undo(row, at, actor),
    )


def _entry(row: Row[Any], names: Mapping[UUID, str]) -> LogEntry:
    raw = row.credit_score_raw or {}
    return LogEntry(
        row.id, row.credit_score_updated_at, row.credit_score_source, row.credit_score, row.credit_score_reason,
        [REASONS.get(code, code) for code in raw.get("reason_codes", [])],
        names.get(row.entered_by) if row.entered_by else None, bool(raw.get("late")),
    )  # fmt: skip
