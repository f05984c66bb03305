"""What the score list and a score's page show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth, config, loans, risk_levels, users
from portal.credit_scores import policy
from portal.credit_scores.deciding import blocks_of, missing, seconds_to_undo
from portal.credit_scores.listing import ScoreLists
from portal.credit_scores.models import CreditScore, Filters, inputs_of
from portal.credit_scores.policy import Result
from portal.credit_scores.service import require_sound, result_of
from portal.loans import Terms
from portal.risk_levels import RiskEvaluation
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.database import db
from portal.shared.errors import N_, NotFound
from portal.shared.pagination import Cursor, Page, Slice
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from portal.users import Person

NO_SUCH = N_("There is no such credit score. Check the address, or look for it in the list.")

lists = ScoreLists(db.session)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One line of the list."""

    credit_score_id: UUID
    customer: Person
    loan: Terms | None
    result: Result
    risk_level: RiskLevel | None
    decision: Decision
    created_at: datetime
    decided_at: datetime | None
    age: timedelta
    is_late: bool


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the score log; ``codes`` are an analyst's reasons."""

    id: UUID
    at: datetime
    source: ScoreSource
    score: int
    reason: str | None
    codes: list[str]
    by: str | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """For how long the actor may take his decision back."""

    seconds_left: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Everything about one credit score; ``blocks`` and ``lacks`` are msgids of what keeps it from a decision."""

    credit_score_id: UUID
    loan_id: UUID
    customer: Person
    loan: Terms | None
    result: Result
    risk_level: RiskLevel | None
    vendor_level: RiskLevel | None
    decision: Decision
    decided_by: str | None
    decided_at: datetime | None
    version: int
    entries: list[LogEntry]
    blocks: list[str]
    lacks: list[str]
    is_own: bool
    undo: Undo | None

    @property
    def is_pending(self) -> bool:
        return self.decision is Decision.PENDING


@dataclass(frozen=True, slots=True)
class Preview:
    """What a manual score would change, and from which manual score on the next better band begins."""

    score: int
    now: Result
    then: Result
    next_band: RiskLevel | None
    next_from: int | None
    needs: int | None


def browse(filters: Filters, part: Slice) -> Page[ScoreRow]:
    """A page of the list."""
    rows = lines_of([] if filters.is_impossible else lists.page(filters, part))
    if filters.by:
        return Page.of(rows, part, lambda line: Cursor(line.decided_at or line.created_at, line.credit_score_id))
    return Page.of(rows, part, lambda line: Cursor(line.created_at, line.credit_score_id))


def lines_of(rows: Sequence[Row[Any]]) -> list[ScoreRow]:
    """These rows of the list with their customers and loans."""
    people = users.names_of(row.user_id for row in rows)
    terms = loans.terms_of([row.loan_id for row in rows])
    now = clock.now()
    return [_line(row, people[row.user_id], terms.get(row.loan_id), now) for row in rows]


def count() -> dict[str, int]:
    """How many wait for whom and how many were decided, counted up to 1,001."""
    return dict(lists.counts()._mapping)


def waiting_target() -> timedelta:
    """Within which a decision is due."""
    return config.current().score_target


def name_of(auth_id: UUID) -> str:
    """A colleague's name; empty when there is no such person."""
    return auth.names_of({auth_id}).get(auth_id, "")


def show(credit_score_id: UUID, *, actor: Actor) -> ScorePage:
    """One score with its breakdown and log; opening it is recorded."""
    found = lists.score(credit_score_id)
    if found is None:
        raise NotFound(NO_SUCH)
    return _page(found, actor)


def of_loan(loan_id: UUID, *, actor: Actor) -> ScorePage | None:
    """The score of a loan, None when it has none yet; opening it is recorded."""
    if not loans.loan_exists(loan_id):
        raise NotFound(N_("There is no such loan. Check the address, or look for it in the list."))
    found = lists.score_of_loan(loan_id)
    return _page(found, actor) if found else None


def ids_between(least: UUID, most: UUID, *, limit: int) -> list[UUID]:
    """The scores whose ids lie between these."""
    return lists.ids_between(least, most, limit)


def of_customer(user_id: UUID) -> list[ScoreRow]:
    """A customer's newest scores, for the panel on other pages."""
    customer = users.names_of([user_id])[user_id]
    if customer.is_deleted:
        raise NotFound(N_("There is no such customer."))
    rows, now = lists.of_customer(user_id), clock.now()
    terms = loans.terms_of([row.loan_id for row in rows])
    return [_line(row, customer, terms.get(row.loan_id), now) for row in rows]


def evaluations(credit_score_id: UUID) -> list[RiskEvaluation] | None:
    """What vendors said of a score, newest first; None while they cannot be read."""
    if lists.score(credit_score_id) is None:
        raise NotFound(NO_SUCH)
    return risk_levels.of_score(credit_score_id)


def preview(page: ScorePage, score: int) -> Preview:
    """What this manual score would give, by the function that saving uses."""
    require_sound(score)
    rules, inputs = config.current().score_policy, page.result.inputs
    then = policy.evaluate(rules, inputs.with_manual(score))
    reached = rules.band(then.so_far)
    steps = {RiskLevel.HIGH: (RiskLevel.MEDIUM, rules.medium_from), RiskLevel.MEDIUM: (RiskLevel.LOW, rules.low_from)}
    band, threshold = steps.get(reached, (None, None))
    needs = policy.manual_score_for(rules, inputs, threshold) if threshold is not None else None
    return Preview(score, page.result, then, band, threshold, needs)


def _page(found: tuple[CreditScore, datetime], actor: Actor) -> ScorePage:
    row, at = found
    audit.note_opening("credit-score.opened", row.credit_score_id, of=row.user_id, actor=actor)
    entries = lists.entries(row.credit_score_id)
    names = auth.names_of({id_ for id_ in [row.decided_by, *(entry.entered_by for entry in entries)] if id_})
    customer = users.names_of([row.user_id])[row.user_id]
    is_pending = row.decision is Decision.PENDING
    left = seconds_to_undo(row, at, actor)
    return ScorePage(
        credit_score_id=row.credit_score_id,
        loan_id=row.loan_id,
        customer=customer,
        loan=loans.terms_of([row.loan_id]).get(row.loan_id),
        result=result_of(row),
        risk_level=row.risk_level,
        vendor_level=row.vendor_risk_level,
        decision=row.decision,
        decided_by=names.get(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        version=row.version,
        entries=[_entry(entry, names) for entry in entries],
        blocks=blocks_of(row, customer) if is_pending else [],
        lacks=[*([users.DELETED] if customer.is_deleted else []), *missing(row)] if is_pending else [],
        is_own=row.user_id in users.profiles_of(actor.id),
        undo=Undo(left, at + timedelta(seconds=left)) if left else None,
    )


def _entry(row: Row[Any], names: dict[UUID, str]) -> LogEntry:
    raw = row.credit_score_raw or {}
    return LogEntry(
        row.id,
        row.credit_score_updated_at,
        row.credit_score_source,
        row.credit_score,
        row.credit_score_reason,
        raw.get("reason_codes", []),
        names.get(row.entered_by) if row.entered_by else None,
        bool(raw.get("late")),
    )


def _line(row: Row[Any], customer: Person, terms: Terms | None, now: datetime) -> ScoreRow:
    age = now - row.created_at
    return ScoreRow(
        row.credit_score_id,
        customer,
        terms,
        policy.evaluate(config.current().score_policy, inputs_of(row)),
        row.risk_level,
        row.decision,
        row.created_at,
        row.decided_at,
        age,
        row.decision is Decision.PENDING and age >= waiting_target(),
    )
