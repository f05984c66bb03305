"""Scores as they come in from outside: from the scoring service, from vendors, and as lines of a file."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from portal.credit_scores import service
from portal.permissions import Role
from portal.risk_levels import service as risk_levels
from portal.shared import clock
from portal.shared.errors import Conflict, NotFound, Refused
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.credit_scores.book import (
    entries_of,
    score_of,
    traces,
)
from tests.factories import make_evaluation, make_loan, make_score, make_staff
from tests.loans.book import events_of


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


def take_in(score_id, source="internal", score=640, **given):
    return service.take_in(loan_id=score_of(score_id).loan_id, source=ScoreSource(source), score=score, **given)


# From the scoring service


def test_the_first_score_of_a_loan_makes_its_credit_score(in_app):
    loan_id = make_loan()
    entry_id = service.take_in(
        loan_id=loan_id,
        source=ScoreSource.INTERNAL,
        score=642,
        reason="Six installments paid in time",
        mandatory=frozenset({ScoreSource.INTERNAL, ScoreSource.MANUAL}),
    )
    score_id = service.scores.id_of_loan(loan_id)
    score = score_of(score_id)
    assert (score.internal_score, score.external_score, score.decision) == (642, None, Decision.PENDING)
    assert (score.internal_score_mandatory, score.external_score_mandatory, score.manual_score_mandatory) == (
        True,
        False,
        True,
    )
    assert score.risk_level is None, "the manual score is missing"
    (entry,) = entries_of(score_id)
    assert (entry.id, entry.credit_score_reason, entry.entered_by) == (entry_id, "Six installments paid in time", None)


def test_a_newer_score_is_the_headline_and_the_risk_level_follows(in_app):
    score_id = make_score(internal=800, external=None, mandatory={"internal"})
    assert score_of(score_id).risk_level is RiskLevel.LOW
    take_in(score_id, score=549)
    score = score_of(score_id)
    assert (score.internal_score, score.risk_level) == (549, RiskLevel.HIGH)
    assert score.risk_level_reason == "549 is High risk by policy v1; no vendor gave a level."
    assert events_of(score.loan_id)[-1] == "score.superseded"


def test_the_same_entry_twice_is_taken_in_once(in_app, superuser):
    score_id, entry_id = make_score(), uuid4()
    take_in(score_id, score=500, entry_id=entry_id)
    take_in(score_id, score=600)
    before = traces(superuser)
    assert take_in(score_id, score=500, entry_id=entry_id) == entry_id
    assert traces(superuser) == before, "and it does not become the headline again"
    with pytest.raises(Conflict, match="Another score has this id already"):
        take_in(score_id, score=501, entry_id=entry_id)
    assert traces(superuser) == before


def test_the_scoring_service_hands_over_no_manual_scores(in_app):
    with pytest.raises(Refused, match="A manual score is entered by an analyst"):
        take_in(make_score(), "manual")


def test_a_score_of_no_loan_is_refused(in_app):
    with pytest.raises(NotFound):
        service.take_in(loan_id=uuid4(), source=ScoreSource.INTERNAL, score=1)


# From vendors


def test_the_worst_of_the_vendors_newest_levels_counts(in_app):
    score_id = make_score(internal=900, external=900)
    loan_id, now = score_of(score_id).loan_id, clock.now()

    def say(vendor, level, minutes):
        make_evaluation(loan_id=loan_id, vendor_name=vendor, risk_level=level, at=now + timedelta(minutes=minutes))
        score = score_of(score_id)
        return score.vendor_risk_level, score.risk_level

    assert say("A", RiskLevel.LOW, 0) == ("low", "low")
    assert say("B", RiskLevel.HIGH, 0) == ("high", "high")
    assert say("B", RiskLevel.MEDIUM, -5) == ("high", "high"), "older than what is known"
    assert say("B", RiskLevel.MEDIUM, 5) == ("medium", "medium")
    assert say("B", None, 6) == ("low", "low"), "he takes it back"
    assert say("A", None, 6) == (None, "low")
    assert score_of(score_id).internal_score == 900


def test_the_same_evaluation_twice_is_taken_in_once(in_app, superuser):
    score_id, at = make_score(), clock.now()
    given = {"evaluation_id": uuid4(), "loan_id": score_of(score_id).loan_id, "vendor_name": "A", "at": at}
    make_evaluation(**given)
    before = traces(superuser)
    make_evaluation(**given)
    assert traces(superuser) == before
    assert len(risk_levels.of_score(score_id)) == 1
    with pytest.raises(Conflict, match="Another evaluation has this id already"):
        make_evaluation(**given, score=700)


def test_what_a_failure_between_the_two_stores_left_is_mended_by_handing_it_over_again(in_app, monkeypatch):
    score_id = make_score(internal=900, external=900)
    given = {"evaluation_id": uuid4(), "loan_id": score_of(score_id).loan_id, "vendor_name": "A", "at": clock.now(),
             "risk_level": RiskLevel.HIGH}  # fmt: skip

    def fail(*_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(service, "_hear", fail)
        with pytest.raises(ZeroDivisionError):
            make_evaluation(**given)
    assert score_of(score_id).risk_level is RiskLevel.LOW
    make_evaluation(**given)
    assert score_of(score_id).risk_level is RiskLevel.HIGH


# `flask intake score FILE`, `flask intake evaluation FILE`


@pytest.fixture
def intake(in_app, tmp_path):
    def intake(kind, *lines):
        file = tmp_path / "lines.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return in_app.test_cli_runner().invoke(args=["intake", kind, str(file)])

    return intake


def line_of(loan_id, **given):
    return {"entry_id": str(uuid4()), "loan_id": str(loan_id), "source": "internal", "score": 642, **given}


def evaluation_of(loan_id, **given):
    return {
        "evaluation_id": str(uuid4()),
        "loan_id": str(loan_id),
        "vendor_name": "Skorlife",
        "raw_score": {"band": "C2"},
        "normalized_score": {"score": 611, "min": 300, "max": 850, "reason_codes": []},
        "risk_level": "medium",
        "at": "2026-03-01T10:00:00+07:00",
        **given,
    }


def test_lines_of_the_scoring_service_are_taken_in_once_each(intake):
    loan_id = make_loan()
    line = line_of(loan_id, mandatory=["internal", "manual"], reason="Pays in time", at="2026-03-01T10:00:00+07:00")
    for _ in range(2):
        answer = intake("score", line)
        assert answer.exit_code == 0, answer.output
        assert f"taken in as {line['entry_id']}" in answer.output
    score = score_of(service.scores.id_of_loan(loan_id))
    assert (score.internal_score, score.manual_score_mandatory, score.internal_score_mandatory) == (642, True, True)
    (entry,) = entries_of(score.credit_score_id)
    assert str(entry.id) == line["entry_id"]
    assert entry.credit_score_updated_at.isoformat() == "2026-03-01T03:00:00+00:00"


def test_a_line_without_an_id_gets_one(intake):
    loan_id = make_loan()
    line = {name: value for name, value in line_of(loan_id).items() if name != "entry_id"}
    assert intake("score", line, line).exit_code == 0
    assert len(entries_of(service.scores.id_of_loan(loan_id))) == 2


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nothing of ours",
        "[]",
        {"loan_id": None},
        {"loan_id": "7"},
        {"source": "manual"},
        {"source": "neighbour"},
        {"score": -1},
        {"score": 1001},
        {"score": 7.5},
        {"score": "642"},
        {"score": True},
        {"score": None},
        {"score": float("nan")},
        {"entry_id": "x"},
        {"reason": 7},
        {"reason": "x" * 2001},
        {"reason": "two\nlines"},
        {"reason": "\0"},
        {"mandatory": "internal"},
        {"mandatory": ["neighbour"]},
        {"mandatory": 7},
        {"at": "yesterday"},
        {"at": "2026-03-01T10:00:00"},
        {"at": 7},
        {"at": "0001-01-01T00:00:00+00:00"},
    ],
    ids=str,
)
def test_a_bad_line_is_refused_in_a_sentence_and_the_next_one_is_taken_in(intake, superuser, bad):
    loan_id, other = make_loan(), make_loan()
    answer = intake("score", {**line_of(loan_id), **bad} if isinstance(bad, dict) else bad, line_of(other))
    assert answer.exit_code == 1
    assert "refused: " in answer.output
    assert "Traceback" not in answer.output
    assert service.scores.id_of_loan(loan_id) is None
    assert score_of(service.scores.id_of_loan(other)).internal_score == 642


def test_lines_of_vendors_are_taken_in_once_each(intake):
    loan_id = make_loan()
    line = evaluation_of(loan_id)
    for _ in range(2):
        answer = intake("evaluation", line)
        assert answer.exit_code == 0, answer.output
    score = score_of(service.scores.id_of_loan(loan_id))
    assert score.vendor_risk_level is RiskLevel.MEDIUM
    (evaluation,) = risk_levels.of_score(score.credit_score_id)
    assert (str(evaluation.id), evaluation.vendor_name, evaluation.score, evaluation.share) == (
        line["evaluation_id"],
        "Skorlife",
        611,
        56.55,
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"evaluation_id": None},
        {"vendor_name": ""},
        {"vendor_name": 7},
        {"vendor_name": "\0"},
        {"vendor_name": "x" * 256},
        {"raw_score": "text"},
        {"raw_score": {"text": "x" * 70_000}},
        {"raw_score": {"number": 2**70}},
        {"raw_score": {"word": "\ud800"}},
        {"raw_score": {"wo\0rd": 1}},
        {"normalized_score": None},
        {"normalized_score": {}},
        {"normalized_score": {"score": 1, "min": 300, "max": 850}},
        {"normalized_score": {"score": 7.5, "min": 0, "max": 10}},
        {"normalized_score": {"score": 5, "min": 10, "max": 10}},
        {"normalized_score": {"score": 5, "min": 0, "max": 10, "reason_codes": [{}]}},
        {"normalized_score": {"score": 5, "min": 0, "max": 10, "reason_codes": "R1"}},
        {"normalized_score": {"score": 5, "min": 0, "max": 10, "reason_codes": ["R1"]}},
        {"normalized_score": "5 of 10"},
        {"normalized_score": {"score": 5, "min": 0, "max": 10,
                              "reason_codes": [{"code": "R", "text": "t", "direction": "up"}]}},
        {"risk_level": "fatal"},
        {"at": "2026-03-01T10:00:00"},
    ],
    ids=lambda bad: str(bad)[:60],
)  # fmt: skip
def test_a_bad_line_of_a_vendor_is_refused_in_a_sentence(intake, bad):
    loan_id, other = make_loan(), make_loan()
    answer = intake("evaluation", {**evaluation_of(loan_id), **bad}, evaluation_of(other))
    assert answer.exit_code == 1, answer.output
    assert "refused: " in answer.output
    assert "Traceback" not in answer.output
    assert service.scores.id_of_loan(loan_id) is None, "what was refused left something behind"
    assert score_of(service.scores.id_of_loan(other)).vendor_risk_level is RiskLevel.MEDIUM
