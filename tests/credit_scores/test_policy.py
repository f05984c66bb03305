"""The scoring policy: from scores and vendors' levels to a final score and a risk level."""

from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, product

import pytest

from portal.config import SCORE_POLICY
from portal.credit_scores.models import CreditScore
from portal.credit_scores.policy import Inputs, evaluate, manual_score_for
from portal.shared.scoring import parse
from portal.shared.vocabulary import RiskLevel, ScoreSource

POLICY = parse(SCORE_POLICY)
INTERNAL, EXTERNAL, MANUAL = ScoreSource
LOW, MEDIUM, HIGH = RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH
LEVELS = (None, *RiskLevel)
FLAGS = [frozenset(some) for some in chain.from_iterable(combinations(ScoreSource, n) for n in range(4))]
PRESENT = list(product((None, 613), (None, 388)))


def inputs(internal=None, external=None, manual=None, mandatory="", vendor=None):
    flags = frozenset(ScoreSource(word) for word in mandatory.split())
    return Inputs({INTERNAL: internal, EXTERNAL: external, MANUAL: manual}, flags, vendor)


@pytest.mark.parametrize(
    ("given", "final"),
    [
        (inputs(600, 500, 700), 590),
        (inputs(600, 500), 563),  # 62.5 and 37.5 percent: 562.5 is rounded up
        (inputs(600), 600),
        (inputs(external=1), 1),
        (inputs(manual=1000), 1000),
        (inputs(0, 0, 0), 0),
        (inputs(1000, 1000, 1000), 1000),
        (inputs(1, 0, 0), 1),  # exactly a half
        (inputs(0, 1, 0), 0),
        (inputs(0, 0, 1), 0),
        (inputs(0, 0, 2), 0),
        (inputs(0, 0, 3), 1),
        (inputs(0, 600, 0), 180),
        (inputs(600, None, 500), 571),  # 5/7 and 2/7: 571.43
        (inputs(None, 600, 500), 560),  # 3/5 and 2/5
    ],
)
def test_the_weights_of_what_counts_are_made_whole_and_the_sum_is_rounded_half_up(given, final):
    result = evaluate(POLICY, given)
    assert result.final == final
    counted = [one for one in result.contributions if one.score is not None]
    assert sum(one.weight for one in counted) == 1
    assert sum(one.adds for one in result.contributions) == result.total


def test_a_mandatory_source_that_is_missing_keeps_its_weight_and_the_score_is_not_final():
    result = evaluate(POLICY, inputs(600, 500, mandatory="manual"))
    assert (result.final, result.band, result.risk_level) == (None, None, None)
    assert result.so_far == 450
    assert [one.weight for one in result.contributions] == [Fraction(1, 2), Fraction(3, 10), Fraction(1, 5)]
    assert [one.start for one in result.contributions] == [0, 300, 450]
    assert result.inputs.missing == (MANUAL,)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (inputs(), ()),
        (inputs(500), ()),
        (inputs(mandatory="internal external manual"), (INTERNAL, EXTERNAL, MANUAL)),
        (inputs(0, mandatory="internal"), ()),
        (inputs(500, mandatory="external"), (EXTERNAL,)),
        (inputs(500, 500, mandatory="internal external manual"), (MANUAL,)),
    ],
)
def test_what_is_missing_is_what_is_mandatory_and_not_there(given, missing):
    assert given.missing == missing
    assert (evaluate(POLICY, given).final is None) == (bool(missing) or given == inputs())


def test_without_flags_and_scores_there_is_nothing_to_weigh():
    result = evaluate(POLICY, inputs(vendor=HIGH))
    assert (result.final, result.band, result.risk_level, result.total) == (None, None, None, 0)
    assert {one.weight for one in result.contributions} == {0}


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, HIGH), (549, HIGH), (550, MEDIUM), (699, MEDIUM), (700, LOW), (1000, LOW)],
)
def test_the_bands_begin_where_the_policy_says(score, band):
    result = evaluate(POLICY, inputs(score))
    assert (result.band, result.risk_level) == (band, band)


def test_a_score_that_rounds_up_to_a_bound_is_in_its_band():
    assert evaluate(POLICY, inputs(549, 550)).final == 549
    assert evaluate(POLICY, inputs(549, 551, 549)).band is MEDIUM, "549.6"


@pytest.mark.parametrize(
    ("score", "vendor", "risk"),
    [
        (800, None, LOW),
        (800, LOW, LOW),
        (800, MEDIUM, MEDIUM),
        (800, HIGH, HIGH),
        (600, LOW, MEDIUM),
        (600, HIGH, HIGH),
        (100, LOW, HIGH),
        (100, MEDIUM, HIGH),
    ],
)
def test_the_worse_of_band_and_vendor_counts(score, vendor, risk):
    result = evaluate(POLICY, inputs(score, vendor=vendor))
    assert result.risk_level is risk
    assert result.band is evaluate(POLICY, inputs(score)).band, "a vendor never moves the score"


def row_of(given):
    """A credit score that knows just this."""
    row = CreditScore(vendor_risk_level=given.vendor_level)
    for source in ScoreSource:
        setattr(row, f"{source}_score", given.scores[source])
        setattr(row, f"{source}_score_mandatory", source in given.mandatory)
    return row


@pytest.mark.slow
@pytest.mark.parametrize("mandatory", FLAGS, ids=lambda flags: "+".join(sorted(flags)) or "none")
def test_the_preview_is_what_saving_gives_for_every_score_and_every_state(mandatory):
    for (internal, external), vendor in product(PRESENT, LEVELS):
        before = Inputs({INTERNAL: internal, EXTERNAL: external, MANUAL: None}, mandatory, vendor)
        row = row_of(before)
        for score in range(1001):
            preview = evaluate(POLICY, row.inputs.with_manual(score))
            row.put(MANUAL, score)
            assert preview == evaluate(POLICY, row.inputs)
            assert preview.inputs == replace(before, scores={**before.scores, MANUAL: score})


@pytest.mark.parametrize("threshold", [550, 700])
@pytest.mark.parametrize(("internal", "external"), [*PRESENT, (700, 690), (0, 0), (1000, 1000), (549, 551)])
@pytest.mark.parametrize("mandatory", ["", "manual", "internal external"])
def test_the_manual_score_that_is_named_is_the_least_that_is_enough(internal, external, mandatory, threshold):
    given = inputs(internal, external, mandatory=mandatory)
    needed = manual_score_for(POLICY, given, threshold)

    def reached(score):
        return evaluate(POLICY, given.with_manual(score)).so_far

    if needed is None:
        assert reached(1000) < threshold
    else:
        assert reached(needed) >= threshold
        assert needed == 0 or reached(needed - 1) < threshold


def test_one_policy_differs_from_another_by_its_version_weights_and_bounds():
    other = parse(
        '{"version": "v2", "weights": {"internal": 1, "external": 1, "manual": 2}, "medium": 300, "low": 400}'
    )
    result = evaluate(other, inputs(400, 200, 500))
    assert (result.final, result.band, result.policy.version) == (400, LOW, "v2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        SCORE_POLICY.replace('"v1"', '""'),
        SCORE_POLICY.replace("50", "0"),
        SCORE_POLICY.replace("50", "-50"),
        SCORE_POLICY.replace("50", "50.5"),
        SCORE_POLICY.replace("50", "true"),
        SCORE_POLICY.replace("50", "NaN"),
        SCORE_POLICY.replace("550", "0"),
        SCORE_POLICY.replace("550", "700"),
        SCORE_POLICY.replace("700", "1001"),
        SCORE_POLICY.replace('"manual"', '"other"'),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match="must be the policy as JSON"):
        parse(text)
