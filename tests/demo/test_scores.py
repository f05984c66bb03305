"""The credit scores of demo and seed: one for every loan, true to the policy, in every state an analyst meets."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from portal import users
from portal.credit_scores import policy, reconciling
from portal.credit_scores.deciding import INACTIVE, MISSING, UNIDENTIFIED, blocks_of
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.credit_scores.service import SHORTEST_REASON, reason_for, result_of
from portal.demo.identity import id_of
from portal.demo.load import Demo
from portal.demo.loans import LOANS, OF_AN_INACTIVE, OF_AN_UNIDENTIFIED, PENDING_EVERY
from portal.demo.scores import FIRST_IN_LINE
from portal.demo.staff import BAGAS, SARI
from portal.loans import reconciliation as loans_reconciling
from portal.loans.models import Review
from portal.permissions import Role
from portal.risk_levels import service as risk_levels
from portal.risk_levels.models import COLLECTION
from portal.shared import clock, scoring
from portal.shared.actor import Actor
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.sessions import signed_in

INTERNAL, EXTERNAL, MANUAL = ScoreSource
AUDITOR = Actor(BAGAS, Role.CREDIT_ANALYST, "Bagas Nugroho")


@pytest.fixture
def seeded(in_app: Flask) -> Flask:
    """The portal with the loans of 400 customers."""
    result = in_app.test_cli_runner().invoke(args=["seed", "--users", "400"])
    assert result.exit_code == 0, result.output
    return in_app


def scores() -> list[CreditScore]:
    db.session.rollback()
    return list(db.session.scalars(db.select(CreditScore)))


def entries() -> list[ScoreEntry]:
    return list(db.session.scalars(db.select(ScoreEntry).order_by(ScoreEntry.credit_score_updated_at, ScoreEntry.id)))


def blocked_by(row: CreditScore) -> list[str]:
    return blocks_of(row, users.names_of([row.user_id])[row.user_id])


def is_late(entry: ScoreEntry) -> bool:
    return bool((entry.credit_score_raw or {}).get("late"))


def headlines() -> dict[tuple[Any, ScoreSource], int]:
    """The newest score of each source that came in before the decision."""
    return {
        (entry.credit_score_id, entry.credit_score_source): entry.credit_score
        for entry in entries()
        if not is_late(entry)
    }


def require_true_to_the_policy() -> None:
    """Every loan has a score; decision, headlines, risk and vendors' level are what their sources say."""
    every = scores()
    assert {row.loan_id for row in every} == set(db.session.scalars(text("SELECT loan_id FROM loans")))
    assert list(reconciling.differences()) == []
    assert [found for _, found in loans_reconciling.differences() if found] == []
    came = headlines()
    for row in scores():
        for source in ScoreSource:
            assert getattr(row, f"{source}_score") == came.get((row.credit_score_id, source))
        result = result_of(row)
        assert (row.risk_level, row.risk_level_reason) == (result.risk_level, reason_for(result))
        assert (row.decided_by is None, row.decided_at is None) == (row.decision is Decision.PENDING,) * 2
        assert row.decision is Decision.PENDING or result.final is not None
        levels = [RiskLevel(said["level"]) for said in row.vendor_levels.values()]
        assert row.vendor_risk_level == max(levels, key=policy.WORSE.__getitem__, default=None)


def require_vendors_levels_said(documents: list[dict[str, Any]]) -> None:
    said = {(found["credit_score_id"], found["vendor_name"]): found["risk_level"] for found in documents}
    kept = {
        (row.credit_score_id, vendor): level["level"] for row in scores() for vendor, level in row.vendor_levels.items()
    }
    assert said == kept
    assert len(documents) == len(said)


@pytest.mark.slow
def test_every_loan_of_the_demo_has_a_score_true_to_the_policy(demo: Flask) -> None:
    require_true_to_the_policy()
    assert len(scores()) == LOANS


@pytest.mark.slow
def test_the_demos_pending_scores_wait_for_everybody(demo: Flask) -> None:
    states = Counter(
        ("complete",) if row.inputs.is_complete else row.inputs.missing
        for row in scores()
        if row.decision is Decision.PENDING
    )
    assert sum(states.values()) == LOANS // PENDING_EVERY
    assert 10 <= states[(MANUAL,)] <= 18
    assert states[("complete",)] >= 3
    assert states[(EXTERNAL,)] >= 3
    assert any(not row.inputs.mandatory for row in scores())


@pytest.mark.slow
def test_the_first_in_line_is_approved_once_its_manual_score_is_there(demo: Flask) -> None:
    first = min((row for row in scores() if row.decision is Decision.PENDING), key=lambda row: row.created_at)
    assert first.credit_score_id == id_of("score", FIRST_IN_LINE)
    assert (first.internal_score, first.external_score, first.manual_score) == (642, 701, None)
    assert blocked_by(first) == [MISSING[MANUAL]]
    page = signed_in(demo, SARI).get(f"/credit-scores/{first.credit_score_id}")
    assert (page.status_code, "642" in page.text, "701" in page.text) == (200, True, True)


@pytest.mark.slow
def test_only_two_pending_loans_are_blocked_by_their_customers(demo: Flask) -> None:
    about = {INACTIVE, UNIDENTIFIED}
    blocked = {
        row.credit_score_id: found
        for row in scores()
        if row.decision is Decision.PENDING and (found := [block for block in blocked_by(row) if block in about])
    }
    assert blocked.keys() == {id_of("score", OF_AN_INACTIVE), id_of("score", OF_AN_UNIDENTIFIED)}
    assert INACTIVE in blocked[id_of("score", OF_AN_INACTIVE)]
    assert blocked[id_of("score", OF_AN_UNIDENTIFIED)] == [UNIDENTIFIED]


@pytest.mark.slow
def test_the_demos_entries_say_who_and_why(demo: Flask) -> None:
    every = entries()
    manual = [entry for entry in every if entry.credit_score_source is MANUAL]
    assert {entry.entered_by for entry in manual} == {SARI, BAGAS}
    for entry in manual:
        assert len(entry.credit_score_reason or "") >= SHORTEST_REASON
        assert set((entry.credit_score_raw or {})["reason_codes"]) <= scoring.REASONS.keys()
    assert max(Counter(entry.credit_score_id for entry in manual).values()) == 2, "somebody corrected a score"
    decided_at = {row.credit_score_id: row.decided_at for row in scores()}
    late = {entry.id for entry in every if is_late(entry)}
    assert len(late) >= 3
    for entry in entries():
        decided = decided_at[entry.credit_score_id]
        assert (entry.id in late) == (decided is not None and entry.credit_score_updated_at > decided)


@pytest.mark.slow
def test_the_demos_history_tells_of_every_score_and_of_the_final_one(demo: Flask) -> None:
    told = Counter(row.new_data["_meta"]["event"] for row in db.session.scalars(db.select(Review)))
    assert told["score.recorded"] + told["score.superseded"] == len(entries())
    assert told["score.superseded"] > 0
    finals = {row.loan_id: result_of(row).final for row in scores() if row.decision is not Decision.PENDING}
    decisions = {
        review.loan_id: (review.credit_score, review.credit_score_source, review.new_data["_meta"]["policy"])
        for review in db.session.scalars(db.select(Review).order_by(Review.created_at))
        if review.new_data["_meta"]["event"] in ("loan.approved", "loan.rejected")
    }
    assert decisions == {loan_id: (final, None, "v1") for loan_id, final in finals.items()}


@pytest.mark.slow
def test_the_demos_vendors_said_what_the_scores_keep_and_their_raw_answers_open(demo: Flask) -> None:
    documents = list(mongo.database[COLLECTION].find())
    require_vendors_levels_said(documents)
    asked = Counter(found["credit_score_id"] for found in documents)
    assert asked.keys() == {row.credit_score_id for row in scores() if row.external_score is not None}
    assert {*asked.values()} == {1, 2, 3}
    assert {found["normalized_score"]["max"] for found in documents} == {850, 1000}
    raw = risk_levels.reveal(documents[0]["_id"], reason="AUDIT_REQUEST", actor=AUDITOR)
    assert '"factors"' in raw


def test_the_demos_scores_are_the_same_every_time(in_app: Flask) -> None:
    at = clock.now()
    first, again = ([facts_of(loan.scoring) for loan in Demo.of(at).loans] for _ in range(2))
    assert first == again


def test_every_loan_of_the_seed_has_a_score_true_to_the_policy(seeded: Flask) -> None:
    require_true_to_the_policy()
    documents = list(mongo.database[COLLECTION].find())
    require_vendors_levels_said(documents)
    assert 0.05 < len(documents) / len(scores()) < 0.15
    assert '"score"' in risk_levels.reveal(documents[0]["_id"], reason="AUDIT_REQUEST", actor=AUDITOR)


def test_the_seeds_pending_scores_wait_for_everybody(seeded: Flask) -> None:
    states = Counter(
        ("complete",) if row.inputs.is_complete else row.inputs.missing
        for row in scores()
        if row.decision is Decision.PENDING
    )
    whole = sum(states.values())
    assert states.keys() == {("complete",), (MANUAL,), (EXTERNAL,)}
    assert states[(MANUAL,)] / whole == pytest.approx(0.6, abs=0.15)
    assert states[(EXTERNAL,)] / whole == pytest.approx(0.2, abs=0.12)


@pytest.mark.slow
def test_a_seed_beside_the_demo_says_nothing_of_the_demos_scores(own_demo: Flask) -> None:
    of_demo = mongo.database[COLLECTION].count_documents({})
    assert own_demo.test_cli_runner().invoke(args=["seed", "--users", "10"]).exit_code == 0
    assert mongo.database[COLLECTION].count_documents({}) > of_demo
    require_vendors_levels_said(list(mongo.database[COLLECTION].find()))


def facts_of(scoring_: Any) -> Any:
    row = scoring_.row
    return (
        row.credit_score_id,
        row.internal_score,
        row.external_score,
        row.manual_score,
        row.risk_level_reason,
        row.vendor_levels,
        [(entry.id, entry.credit_score, entry.credit_score_updated_at) for entry in scoring_.entries],
        scoring_.evaluations,
    )
