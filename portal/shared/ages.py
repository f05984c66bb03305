"""How long something has been waiting: the spans that pictures and lists tell apart, up to the target and beyond."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from portal.shared.errors import N_, Sentence

STEPS = (1, 4, 8, 16)
LATE = "late"


@dataclass(frozen=True, slots=True)
class Age:
    """From ``least`` hours up to ``most``, which no longer counts; without ``most`` it is past the target."""

    least: int
    most: int | None = None

    def __str__(self) -> str:
        return LATE if self.most is None else f"{self.least}-{self.most}"

    @property
    def is_late(self) -> bool:
        return self.most is None

    def since(self, now: datetime) -> datetime | None:
        """What is of this age came in after this moment; None when there is no such bound."""
        return now - timedelta(hours=self.most) if self.most is not None else None

    def until(self, now: datetime) -> datetime | None:
        """What is of this age came in at this moment or before; None when there is no such bound."""
        return now - timedelta(hours=self.least) if self.least else None


def ages(target: timedelta) -> list[Age]:
    """Every span, youngest first; the last one is past the target."""
    hours = int(target / timedelta(hours=1))
    bounds = sorted({0, *(step for step in STEPS if step < hours), hours})
    return [*(Age(least, most) for least, most in pairwise(bounds)), Age(hours)]


def age_of(key: str, target: timedelta) -> Age | None:
    """The span of that key, None for any other text."""
    return next((age for age in ages(target) if str(age) == key), None)


def age_word(age: Age) -> Sentence:
    """``Under 1 hour``, ``4 to 8 hours``, ``Over 24 hours``."""
    if age.most is None:
        return Sentence(N_("Over %(hours)s hours"), hours=age.least)
    if age.least:
        return Sentence(N_("%(least)s to %(most)s hours"), least=age.least, most=age.most)
    return Sentence(N_("Under 1 hour")) if age.most == 1 else Sentence(N_("Under %(hours)s hours"), hours=age.most)
