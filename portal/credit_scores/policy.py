"""From scores to a final score and a risk level: one pure function, used by preview, save and decision alike."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from portal.shared.errors import N_, Sentence
from portal.shared.scoring import LEAST, MOST, ScorePolicy
from portal.shared.vocabulary import RiskLevel, ScoreSource

WORSE = {RiskLevel.LOW: 0, RiskLevel.MEDIUM: 1, RiskLevel.HIGH: 2}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a credit score knows: a score of 0–1000 or None by source, which must be there, the vendors' worst level."""

    scores: Mapping[ScoreSource, int | None]
    mandatory: frozenset[ScoreSource]
    vendor_level: RiskLevel | None = None

    def with_manual(self, score: int) -> "Inputs":
        """The same with this manual score."""
        return replace(self, scores={**self.scores, ScoreSource.MANUAL: score})

    @property
    def missing(self) -> tuple[ScoreSource, ...]:
        """The mandatory sources without a score."""
        return tuple(s for s in ScoreSource if s in self.mandatory and self.scores[s] is None)

    @property
    def is_complete(self) -> bool:
        """Whether a decision may be made: nothing mandatory is missing, and one score at least is there."""
        return not self.missing and any(score is not None for score in self.scores.values())


@dataclass(frozen=True, slots=True)
class Contribution:
    """One source in the breakdown: its share of the weights (0–1), where it starts on the scale and what it adds.

    A source that does not count has no weight.
    """

    source: ScoreSource
    score: int | None
    is_mandatory: bool
    weight: Fraction
    start: Fraction
    adds: Fraction


@dataclass(frozen=True, slots=True)
class Result:
    """What the policy says: the sum so far (exact), and once nothing is missing the final score, band and risk."""

    policy: ScorePolicy
    inputs: Inputs
    contributions: tuple[Contribution, ...]
    total: Fraction
    final: int | None
    band: RiskLevel | None
    risk_level: RiskLevel | None

    @property
    def so_far(self) -> int:
        """The sum so far, rounded half up."""
        return _rounded(self.total)

    @property
    def explanation(self) -> Sentence:
        """Why the risk level is what it is."""
        if self.final is None or self.band is None:
            return Sentence(N_("The risk level is known once no mandatory score is missing."))
        facts = {"score": self.final, "band": Sentence(self.band.word), "version": self.policy.version}
        vendor = self.inputs.vendor_level
        if vendor is None:
            return Sentence(N_("%(score)s is %(band)s by policy %(version)s; no vendor gave a level."), **facts)
        said = N_("%(score)s is %(band)s by policy %(version)s, but a vendor says %(level)s: the worse counts.")
        if self.risk_level is self.band:
            said = N_("%(score)s is %(band)s by policy %(version)s; the vendors' worst level is %(level)s.")
        return Sentence(said, **facts, level=Sentence(vendor.word))


def evaluate(policy: ScorePolicy, inputs: Inputs) -> Result:
    """Weigh the sources that are mandatory or present; final when none is missing.

    The risk level is the worse of the band and the vendors' worst newest level.
    """
    contributions = _contributions(policy, inputs)
    total = sum((one.adds for one in contributions), Fraction(0))
    final = _rounded(total) if inputs.is_complete else None
    band = policy.band(final) if final is not None else None
    risk = max(filter(None, (band, inputs.vendor_level)), key=WORSE.__getitem__) if band else None
    return Result(policy, inputs, contributions, total, final, band, risk)


def manual_score_for(policy: ScorePolicy, inputs: Inputs, threshold: int) -> int | None:
    """The least manual score that makes the final score reach ``threshold``; None when none does."""
    scores = range(LEAST, MOST + 1)
    place = bisect_left(scores, threshold, key=lambda score: evaluate(policy, inputs.with_manual(score)).so_far)
    return scores[place] if place < len(scores) else None


def _contributions(policy: ScorePolicy, inputs: Inputs) -> tuple[Contribution, ...]:
    counted = [s for s in ScoreSource if s in inputs.mandatory or inputs.scores[s] is not None]
    whole = sum(policy.weights[source] for source in counted)
    start, made = Fraction(0), []
    for source in ScoreSource:
        score = inputs.scores[source]
        weight = Fraction(policy.weights[source], whole) if source in counted else Fraction(0)
        adds = weight * (score or 0)
        made.append(Contribution(source, score, source in inputs.mandatory, weight, start, adds))
        start += adds
    return tuple(made)


def _rounded(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))
