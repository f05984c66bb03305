"""The analysts' work in numbers, and the scores on a customer's timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from portal.credit_scores.entries import scores
from portal.credit_scores.index import waiting_target
from portal.credit_scores.models import CreditScore
from portal.credit_scores.repository.numbers import NumberRepository
from portal.shared import clock, ids
from portal.shared.actor import Actor
from portal.shared.ages import Age, ages
from portal.shared.database import db
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening
from portal.shared.vocabulary import RiskLevel

repository = NumberRepository(db.session)
ids_between = partial(ids.between, CreditScore.credit_score_id)


@dataclass(frozen=True, slots=True)
class ScoreNumbers:
    """What waits for an analyst, what for others, and what this analyst decided today; no count beyond 1,001."""

    analyst: int
    ready: int
    manual: int
    services: int
    decided: int
    oldest: timedelta | None
    ages: dict[Age, int]
    risks: dict[RiskLevel, int]

    @property
    def late(self) -> int:
        return next(number for age, number in self.ages.items() if age.is_late)


def score_numbers(actor: Actor) -> ScoreNumbers:
    """All of them in one statement."""
    spans, now = ages(waiting_target()), clock.now()
    found = repository.numbers(spans, me=actor.id, now=now, today=clock.midnight())
    return ScoreNumbers(
        **{name: found[name] for name in ("analyst", "ready", "manual", "services", "decided")},
        oldest=now - found["oldest"] if found["oldest"] else None,
        ages={age: found[f"age{place}"] for place, age in enumerate(spans)},
        risks={level: found[f"{level}_risk"] for level in RiskLevel},
    )


def decided_today(people: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many each of these people decided today."""
    return repository.team(people, clock.midnight())


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest score entries of a customer before a place, newest first."""
    return [
        Happening(
            row.at, row.id, "score.entered", row.credit_score_id, row.entered_by,
            {"source": row.credit_score_source, "score": row.credit_score},
        )
        for row in scores.entries_of_customer(user_id, before, limit)
    ]  # fmt: skip
