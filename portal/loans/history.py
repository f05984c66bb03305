"""The review history: one format, written here and nowhere else, and folded back into the loan it tells of.

``old_data`` and ``new_data`` hold the changed keys only, the same in both (``old_data`` is empty for the creation):
``{"loan": {column: value}, "payments": {sequence number: {column: value}}, "credit_score": {…}}``. Money is a string,
a time ISO-8601 with ``Z``, a date ISO-8601. ``new_data["_meta"]`` says who did it and why.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict, Unpack
from uuid import UUID

from portal.loans.models import Loan, Payment, PaymentStatus, Review
from portal.loans.reasons import reason_word
from portal.loans.schedule import installments
from portal.shared.actor import Actor
from portal.shared.errors import N_, Sentence
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource

Facts = dict[str, Any]
Kinds = Mapping[str, tuple[str, Callable[[Any], Any]]]
"""What the history tells of, by column: its word, and how a kept value is read back."""


def _reasons(kept: str) -> list[Sentence]:
    return [Sentence(reason_word(code)) for code in kept.split(", ")]


LOAN_FACTS: Kinds = {
    "user_id": (N_("Customer"), UUID),
    "loan_amount": (N_("Amount"), Decimal),
    "tenor_month": (N_("Tenor (months)"), int),
    "status": (N_("Status"), Decision),
    "monthly_installment_amount": (N_("Monthly installment"), Decimal),
    "monthly_installment_due_date": (N_("First due date"), date.fromisoformat),
    "approved_at": (N_("Approved at"), datetime.fromisoformat),
    "rejected_at": (N_("Rejected at"), datetime.fromisoformat),
    "rejected_reason": (N_("Reason for rejection"), _reasons),
}
PAYMENT_FACTS: Kinds = {
    "payment_amount": (N_("Installment amount"), Decimal),
    "due_date": (N_("Due date"), date.fromisoformat),
    "status": (N_("Status"), PaymentStatus),
    "payment_date": (N_("Paid at"), datetime.fromisoformat),
    "reference": (N_("Reference"), str),
}
SCORE_FACTS: Kinds = {
    "decision": (N_("Credit decision"), Decision),
    "risk_level": (N_("Risk level"), RiskLevel),
    "internal_score": (N_("Internal score"), int),
    "external_score": (N_("External score"), int),
    "manual_score": (N_("Manual score"), int),
}
_SCORES = {
    ScoreSource.INTERNAL: N_("Internal score %(score)s"),
    ScoreSource.EXTERNAL: N_("External score %(score)s"),
    ScoreSource.MANUAL: N_("Manual score %(score)s"),
}


@dataclass(frozen=True, slots=True)
class Score:
    """The credit score an event was about or relied on; a final score, made of several, has no source."""

    value: int
    reason: str | None
    source: ScoreSource | None
    updated_at: datetime

    @property
    def sentence(self) -> Sentence:
        kind = _SCORES[self.source] if self.source else N_("Final score %(score)s")
        return Sentence(kind, score=self.value)


class Why(TypedDict, total=False):
    """What else an entry keeps: codes of reasons, a note, the score relied on, the version of the scoring."""

    codes: Sequence[str]
    note: str | None
    score: Score | None
    policy: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field, its values read back; ``part`` is ``loan``, ``credit_score`` or an installment's number."""

    part: str
    field: str
    old: Any
    new: Any

    @property
    def word(self) -> Sentence:
        """The field's msgid; of an installment with its number."""
        field = Sentence(_facts_of(self.part)[self.field][0])
        if not self.part.isdigit():
            return field
        return Sentence(N_("Installment %(number)s: %(field)s"), number=self.part, field=field)


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


def read(part: str, kept: Mapping[str, Any]) -> Facts:
    """Kept values by column as they were before."""
    facts = _facts_of(part)
    return {field: None if value is None else facts[field][1](value) for field, value in kept.items()}


def loan_facts(loan: Loan) -> Facts:
    """The loan's columns that the history tells of."""
    return {name: plain(getattr(loan, name)) for name in LOAN_FACTS}


def payment_facts(payment: Payment) -> Facts:
    """The installment's columns that the history tells of."""
    return {name: plain(getattr(payment, name)) for name in PAYMENT_FACTS}


def history_entry(
    loan: Loan, event: str, *, before: Mapping[str, Facts], after: Mapping[str, Facts], actor: Actor, **why: Unpack[Why]
) -> Review:
    """A history entry; of ``before`` and ``after`` only what differs is kept."""
    old, new = changed(before, after)
    policy = why.get("policy")
    new["_meta"] = {
        "event": plain(event),
        "actor_id": plain(actor.auth_id),
        "actor_role": plain(actor.role),
        "reason_codes": list(why.get("codes", ())),
        "note": why.get("note"),
        **({"policy": policy} if policy else {}),
    }
    score = _score_columns(why.get("score"))
    return Review(loan_id=loan.loan_id, old_data=old, new_data=new, status=loan.status, **score)


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


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """What an entry changed, field by field."""
    for part, facts in new.items():
        if part == "payments":
            for number, line in facts.items():
                yield from _changes(number, old.get(part, {}).get(number, {}), line)
        elif part != "_meta":
            yield from _changes(part, old.get(part, {}), facts)


def fold(entries: Iterable[Mapping[str, Any]]) -> Facts:
    """The loan as these ``new_data``, oldest first, leave it: ``{"loan": {…}, "payments": {"1": {…}}, …}``."""
    state: Facts = {"loan": {}, "payments": {}}
    for new in entries:
        for part, facts in new.items():
            if part != "_meta":
                _merge(state.setdefault(part, {}), facts)
        if state["loan"].get("status") != Decision.APPROVED:
            state["payments"] = {}
        elif not state["payments"]:
            state["payments"] = _schedule(state["loan"])
    return state


def _score_columns(score: Score | None) -> Facts:
    if score is None:
        return {}
    return {
        "credit_score": score.value,
        "credit_score_reason": score.reason,
        "credit_score_source": score.source,
        "credit_score_updated_at": score.updated_at,
    }


def _facts_of(part: str) -> Kinds:
    return PAYMENT_FACTS if part.isdigit() else LOAN_FACTS if part == "loan" else SCORE_FACTS


def _changes(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    was = read(part, old)
    return (Change(part, field, was.get(field), value) for field, value in read(part, new).items())


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
