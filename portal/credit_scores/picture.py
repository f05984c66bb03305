"""The analysts' work in numbers, for their home page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal.credit_scores.models import Filters
from portal.credit_scores.reading import ScoreRow, lines_of, lists, waiting_target
from portal.credit_scores.tallying import ScoreTallies
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.ages import Age, ages
from portal.shared.database import db
from portal.shared.pagination import Slice
from portal.shared.vocabulary import RiskLevel

tallies = ScoreTallies(db.session)


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
    found = tallies.numbers(spans, me=actor.id, now=now, today=clock.midnight())
    return ScoreNumbers(
        found["analyst"],
        found["ready"],
        found["manual"],
        found["services"],
        found["decided"],
        now - found["oldest"] if found["oldest"] else None,
        {age: found[f"age{place}"] for place, age in enumerate(spans)},
        {level: found[f"{level}_risk"] for level in RiskLevel},
    )


def oldest_waiting(most: int) -> Sequence[ScoreRow]:
    """The scores that wait for an analyst longest."""
    return lines_of(lists.page(Filters(), Slice())[:most])


def decided_today(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many each of these people decided today."""
    return tallies.team(ids, clock.midnight())
