"""The list of credit scores: who waits for whom, what was decided, and who decided it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from portal import auth, config, loans, users
from portal.credit_scores import policy
from portal.credit_scores.entries import scores
from portal.credit_scores.models import IS_DECIDED, TURNS, CreditScore, inputs_of
from portal.credit_scores.policy import Result
from portal.credit_scores.repository.scores import COLUMNS
from portal.loans import Terms
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.errors import N_, NotFound
from portal.shared.fields import Choice, Id, Rule, Since, Waiting, nowhere
from portal.shared.lists import Asked, Listing, Tab
from portal.shared.pagination import Slice
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from portal.users import Person

NOTHING = "none"
RULES: dict[str, str] = {
    **TURNS,
    **{decided: f"decision = '{decided}'" for decided in Decision if decided is not Decision.PENDING},
}
"""Whom a score waits for, or how it was decided, as SQL."""
TAB_OF = {"ready": "analyst", "manual": "analyst", "internal": "services", "external": "services"}
"""Under which tab a score stands that lacks this source, or none."""
AS_KEPT = ("credit_score_id", "risk_level", "decision", "created_at", "decided_at")


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

    @property
    def is_late(self) -> bool:
        return self.decision is Decision.PENDING and self.age >= waiting_target()


def waiting_target() -> timedelta:
    """Within which a decision is due."""
    return config.current().score_target


def _rows(rows: Sequence[Row[Any]], actor: Actor) -> list[ScoreRow]:
    return _of(users.names_of(row.user_id for row in rows), rows)


def _of(people: Mapping[UUID, Person], rows: Sequence[Row[Any]]) -> list[ScoreRow]:
    terms, now = loans.terms_of([row.loan_id for row in rows]), clock.now()
    return [
        ScoreRow(
            customer=people[row.user_id],
            loan=terms.get(row.loan_id),
            result=policy.evaluate(config.current().score_policy, inputs_of(row)),
            age=now - row.created_at,
            **{name: getattr(row, name) for name in AS_KEPT},
        )
        for row in rows
    ]


def _meant(values: dict[str, Any]) -> dict[str, Any]:
    """One rule says it: the decision, the source that is missing, or whose turn it is; what has a level lacks none."""
    decision, missing = values.pop("decision"), values.pop("missing", None)
    if decision is not Decision.PENDING:
        return {name: value for name, value in values.items() if name == "risk_level"} | {"turn": decision}
    if missing == NOTHING:
        missing = None if "risk_level" in values else "ready"
    return values | ({"turn": missing} if missing else {})


def _tab_of(values: Mapping[str, Any]) -> str:
    return str(TAB_OF.get(values["turn"], values["turn"]))


def is_waiting(values: Mapping[str, Any]) -> bool:
    """Whether the list is of scores that nobody has decided yet, which are read oldest first."""
    return values.get("turn") in TURNS


class _Scores(Listing[ScoreRow]):
    def rows(self, asked: Asked, part: Slice, actor: Actor) -> Sequence[Any]:
        """Nothing is looked for at a risk level among scores that have none, as a source is missing."""
        lacks = is_waiting(asked.values) and asked["turn"] not in {"analyst", "ready"}
        return [] if lacks and asked["risk_level"] else super().rows(asked, part, actor)


TABS = [
    Tab("analyst", N_("Waiting for an analyst"), {}, RULES["analyst"]),
    Tab("services", N_("Waiting for scores"), {"turn": "services"}, RULES["services"]),
    Tab("approved", N_("Approved"), {"decision": "approved"}, RULES["approved"]),
    Tab("rejected", N_("Rejected"), {"decision": "rejected"}, RULES["rejected"]),
]
SCORES: Listing[ScoreRow] = _Scores(
    *COLUMNS,
    key=(CreditScore.created_at, CreditScore.credit_score_id),
    is_ascending=is_waiting,
    fields=[
        Choice(name="decision", among=Decision, default=Decision.PENDING, in_bar=nowhere),
        Rule(
            name="turn",
            among=dict.fromkeys(("analyst", "services"), ""),
            rules=RULES,
            default="analyst",
            in_bar=nowhere,
        ),
        Choice(
            name="risk_level",
            label=N_("Risk"),
            all=N_("Any"),
            among=RiskLevel,
            column=CreditScore.risk_level,
            in_bar=lambda values: "risk_level" in values or _tab_of(values) != "services",
        ),
        Choice(
            name="missing",
            label=N_("Missing score"),
            all=N_("Any"),
            among={**{source.value: source.word for source in ScoreSource}, NOTHING: N_("None")},
            in_bar=is_waiting,
        ),
        Waiting(
            name="age", label=N_("Waiting"), column=CreditScore.created_at, target=waiting_target, in_bar=is_waiting
        ),
    ],
    meant=_meant,
    tabs=TABS,
    tab_of=_tab_of,
    shown=_rows,
)
DECIDED: Listing[ScoreRow] = Listing(
    *COLUMNS,
    key=(CreditScore.decided_at, CreditScore.credit_score_id),
    where=[text(IS_DECIDED)],
    fields=[
        Id(
            name="by",
            column=CreditScore.decided_by,
            token=N_("Decided by: %(name)s"),
            all=N_("Show the scores of all"),
            named=lambda auth_id, rows: auth.names_of({auth_id}).get(auth_id, ""),
        ),
        Since(name="from", column=CreditScore.decided_at, in_bar=nowhere),
    ],
    tabs=TABS,
    tab_of=lambda values: "",
    shown=_rows,
)
"""What one person decided, whichever way, newest first."""


def listed(given: Mapping[str, str]) -> Listing[ScoreRow]:
    """The list that an address asks for."""
    return DECIDED if DECIDED.read(given)["by"] else SCORES


def oldest_waiting(actor: Actor, most: int) -> Sequence[ScoreRow]:
    """The scores that wait for an analyst longest."""
    return SCORES.page(SCORES.read({}), Slice(), actor=actor).rows[:most]


def of_customer(user_id: UUID) -> Sequence[ScoreRow]:
    """A customer's newest scores, for the panel on other pages."""
    customer = users.names_of([user_id])[user_id]
    if customer.is_deleted:
        raise NotFound(N_("There is no such customer."))
    return _of({user_id: customer}, scores.of_customer(user_id))
