"""The review history: one format, written here and nowhere else, and folded back into the loan it tells of.

``old_data`` and ``new_data`` hold the changed keys only, the same in both (``old_data`` is empty for the creation):
``{"loan": {column: value}, "payments": {sequence number: {column: value}}, "credit_score": {…}}``. Money is a string,
a time ISO-8601 with ``Z``, a date ISO-8601. ``new_data["_meta"]`` says who did it and why.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.loans.models import Loan, Payment, Review
from portal.loans.schedule import installments
from portal.shared.actor import Actor
from portal.shared.vocabulary import Decision, ScoreSource

LOAN_FACTS = (
    "user_id",
    "loan_amount",
    "tenor_month",
    "status",
    "monthly_installment_amount",
    "monthly_installment_due_date",
    "approved_at",
    "rejected_at",
    "rejected_reason",
)
PAYMENT_FACTS = ("payment_amount", "due_date", "status", "payment_date", "reference")

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """The credit score an event was about or relied on; a final score, made of several, has no source."""

    value: int
    reason: str | None
    source: ScoreSource | None
    updated_at: datetime


def plain(value: Any) -> Any:
    """A value as the history keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, StrEnum | UUID):
        return str(value)
    return value


def loan_facts(loan: Loan) -> Facts:
    """The loan's columns that the history tells of."""
    return {name: plain(getattr(loan, name)) for name in LOAN_FACTS}


def payment_facts(payment: Payment) -> Facts:
    """The installment's columns that the history tells of."""
    return {name: plain(getattr(payment, name)) for name in PAYMENT_FACTS}


def history_entry(
    loan: Loan,
    event: str,
    *,
    before: Mapping[str, Facts],
    after: Mapping[str, Facts],
    actor: Actor,
    codes: Sequence[str] = (),
    note: str | None = None,
    score: Score | None = None,
    policy: str | None = None,
) -> Review:
    """A history entry; of ``before`` and ``after`` only what differs is kept. ``policy``: the scoring's version."""
    old, new = changed(before, after)
    new["_meta"] = {
        "event": event,
        "actor_id": plain(actor.auth_id),
        "actor_role": plain(actor.role),
        "reason_codes": list(codes),
        "note": note,
        **({"policy": policy} if policy else {}),
    }
    return Review(
        loan_id=loan.loan_id,
        old_data=old,
        new_data=new,
        status=loan.status,
        credit_score=score.value if score else None,
        credit_score_reason=score.reason if score else None,
        credit_score_source=score.source if score else None,
        credit_score_updated_at=score.updated_at if score else None,
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Facts, Facts]:
    """Both sides reduced to the keys whose values differ; everything of ``after`` when there was nothing before."""
    if not before:
        return {}, deepcopy(dict(after))
    old: Facts = {}
    new: Facts = {}
    for key in after:
        was, now = before.get(key), after[key]
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            inner_old, inner_new = changed(was, now)
            if inner_new:
                old[key], new[key] = inner_old, inner_new
        elif was != now:
            old[key], new[key] = was, now
    return old, new


def fold(entries: Iterable[Mapping[str, Any]]) -> Facts:
    """The loan as these ``new_data``, oldest first, leave it: ``{"loan": {…}, "payments": {"1": {…}}, …}``."""
    state: Facts = {"loan": {}, "payments": {}}
    for new in entries:
        for part, facts in new.items():
            if part == "_meta":
                continue
            _merge(state.setdefault(part, {}), facts)
        if state["loan"].get("status") != Decision.APPROVED:
            state["payments"] = {}
        elif not state["payments"]:
            state["payments"] = _schedule(state["loan"])
    return state


def _merge(into: Facts, facts: Mapping[str, Any]) -> None:
    for key, value in facts.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = deepcopy(value)


def _schedule(loan: Facts) -> Facts:
    """The installments an approval makes; they follow from the loan, so the history need not list them."""
    lines = installments(
        Decimal(loan["loan_amount"]), loan["tenor_month"], date.fromisoformat(loan["monthly_installment_due_date"])
    )
    return {
        str(line.sequence_number): {
            "payment_amount": plain(line.amount),
            "due_date": plain(line.due_date),
            "status": "pending",
            "payment_date": None,
            "reference": None,
        }
        for line in lines
    }
