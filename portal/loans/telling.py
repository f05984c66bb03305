"""The review history as a page shows it: who did what, which fields changed, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import auth
from portal.loans import history
from portal.loans.listing import LoanLists
from portal.shared.database import db
from portal.shared.vocabulary import Decision

lists = LoanLists(db.session)

TOLD_TO_ALL = ("payment.reversed", "payment.rescheduled")
"""Why a payment was moved is for everybody who may read the loan: support has to explain it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field: ``part`` is ``loan``, ``credit_score`` or the installment's number; values as kept."""

    part: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the review history; scores, and notes on them, are for those who may see scores."""

    id: UUID
    event: str
    at: datetime
    status: Decision
    by: str | None
    role: str | None
    codes: list[str]
    note: str | None
    changes: list[Change]
    unchanged: int
    raw: dict[str, Any]
    score: history.Score | None


def entries(loan_id: UUID, *, sees_scores: bool) -> list[Entry]:
    """The history, oldest first, with the names of who acted."""
    rows = lists.reviews(loan_id)
    actors = {UUID(id_) for row in rows if (id_ := row.new_data.get("_meta", {}).get("actor_id"))}
    names = auth.names_of(actors)
    return [_entry(row, names, sees_scores=sees_scores) for row in rows]


def _entry(row: Row[Any], names: Mapping[UUID, str], *, sees_scores: bool) -> Entry:
    meta = row.new_data.get("_meta", {})
    hidden = set() if sees_scores else {"credit_score", "_meta"}
    changes = [change for change in _changes(row.old_data, row.new_data) if change.part not in hidden]
    has_score = sees_scores and row.credit_score is not None
    return Entry(
        row.id,
        meta.get("event", ""),
        row.created_at,
        row.status,
        names.get(UUID(meta["actor_id"])) if meta.get("actor_id") else None,
        meta.get("actor_role"),
        meta.get("reason_codes", []),
        meta.get("note") if sees_scores or meta.get("event") in TOLD_TO_ALL else None,
        changes,
        len(history.LOAN_FACTS) - sum(change.part == "loan" for change in changes),
        {
            "old_data": {key: value for key, value in row.old_data.items() if key not in hidden},
            "new_data": {key: value for key, value in row.new_data.items() if key not in hidden},
        },
        history.Score(row.credit_score, row.credit_score_reason, row.credit_score_source, row.credit_score_updated_at)
        if has_score
        else None,
    )


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for part, facts in new.items():
        if part == "_meta":
            continue
        if part == "payments":
            for number, fields in facts.items():
                before = old.get("payments", {}).get(number, {})
                yield from (Change(number, name, before.get(name), value) for name, value in fields.items())
        else:
            before = old.get(part, {})
            yield from (Change(part, name, before.get(name), value) for name, value in facts.items())
