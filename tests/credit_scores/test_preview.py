"""What a manual score would change, shown before it is saved: the same as afterwards."""

import re
from random import Random

import pytest

from portal.permissions import Role
from portal.shared.vocabulary import RiskLevel
from tests.credit_scores.book import press, score_of, traces
from tests.factories import make_evaluation, make_score, make_staff
from tests.loans.book import said

SUM = re.compile(r'id="sum">(\d+)<')
SHOWN = re.compile(r'data-preview="(\d*)"')
RISK = re.compile(r"Risk level</th>\s*<td>.*?</td>\s*<td>(.*?)</td>", re.DOTALL)
WORDS = {RiskLevel.LOW: "Low risk", RiskLevel.MEDIUM: "Medium risk", RiskLevel.HIGH: "High risk", None: "Not final"}
STATES = [
    ({"internal": 700, "external": 600}, None),
    ({"internal": 613, "external": 388, "mandatory": {"internal", "external", "manual"}}, RiskLevel.MEDIUM),
    ({"internal": None, "external": 500, "mandatory": {"manual"}}, None),
    ({"internal": 549, "external": None, "mandatory": ()}, RiskLevel.LOW),
    ({"internal": None, "external": None, "mandatory": ()}, RiskLevel.HIGH),
    ({"internal": None, "external": 640, "mandatory": {"internal"}}, None),
    ({"internal": 1000, "external": 1000}, None),
    ({"internal": 0, "external": 0, "mandatory": {"manual"}}, None),
]


@pytest.fixture
def analyst(in_app, visit):
    return visit(make_staff(Role.CREDIT_ANALYST))


def preview(analyst, score_id, score, **options):
    return analyst.post(f"/credit-scores/{score_id}/manual-score/preview", score=str(score), **options)


def risk_in(answer):
    """The risk level that the preview says the score would give."""
    return re.sub(r"<[^>]*>", "", RISK.search(answer.text)[1]).strip()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(STATES)))
def test_the_preview_is_what_the_page_shows_after_saving(analyst, number):
    """25 scores on each of eight loans, one after the other as corrections."""
    state, vendor = STATES[number]
    score_id = make_score(**state)
    if vendor:
        make_evaluation(loan_id=score_of(score_id).loan_id, risk_level=vendor)
    random = Random(number)
    for score in [0, 1000, *random.sample(range(1001), 23)]:
        tried = preview(analyst, score_id, score, htmx=True)
        assert tried.status_code == 200
        (shown,), risk = SHOWN.findall(tried.text), risk_in(tried)
        assert press(analyst, "manual-score", score_id, score=str(score)).status_code == 303
        page, row = analyst.get(f"/credit-scores/{score_id}"), score_of(score_id)
        assert row.manual_score == score
        assert risk == WORDS[row.risk_level]
        (final,) = SUM.findall(page.text)
        is_final = row.risk_level is not None
        assert shown == (final if is_final else ""), f"{state} with {score}"
        if not is_final:
            assert f"{final} so far" in said(tried)


def test_looking_changes_nothing_and_needs_no_scripts(analyst, superuser):
    score_id = make_score(mandatory={"manual"})
    analyst.get(f"/credit-scores/{score_id}")
    before = traces(superuser)
    page = preview(analyst, score_id, 720)
    assert page.status_code == 200
    assert "<h1" in page.text, "a whole page"
    assert SHOWN.findall(page.text) == ["656"], "320 + 192 + 144"
    assert 'value="720"' in page.text
    assert traces(superuser) == before


def test_it_says_what_the_next_band_needs(analyst):
    score_id = make_score(internal=600, external=600)
    assert "Low risk starts at 700. No manual score reaches that." in said(preview(analyst, score_id, 600))
    assert SHOWN.findall(preview(analyst, score_id, 1000).text) == ["680"]
    poor = make_score(internal=500, external=500)
    told = said(preview(analyst, poor, 500))
    assert "Medium risk starts at 550. That needs a manual score of 748 or more." in told
    assert SHOWN.findall(preview(analyst, poor, 748).text) == ["550"]
    assert SHOWN.findall(preview(analyst, poor, 747).text) == ["549"]


def test_a_vendor_who_says_worse_is_named(analyst):
    score_id = make_score(internal=900, external=900)
    make_evaluation(loan_id=score_of(score_id).loan_id, risk_level=RiskLevel.HIGH)
    tried = preview(analyst, score_id, 900)
    assert risk_in(tried) == "High risk"
    assert "A vendor says High risk, and the worse of both counts." in said(tried)
