"""Scores as they come in: by hand, from the scoring service, from vendors; early, again, and too late."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import risk_levels
from portal.credit_scores import entries
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.errors import Conflict, NotFound, Refused
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.client import error_at, filled_in
from tests.credit_scores.book import (
    WHY,
    approve,
    differences,
    enter,
    entries_of,
    id_of_loan,
    press,
    reject,
    score_of,
    traces,
    undo,
)
from tests.factories import audit_events, make_evaluation, make_loan, make_score, make_staff
from tests.loans.book import events_of, history_of, said

WHOLE = "Enter a whole number from 0 to 1000."
BAD = ["", " ", "-1", "1001", "7.5", "7,5", "NaN", "1e2", "2147483648", "0x1", "007", "+7", "٧", "7" * 10_240]


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


def take_in(score_id, source="internal", score=640, **given):
    return entries.take_in(loan_id=score_of(score_id).loan_id, source=ScoreSource(source), score=score, **given)


# By hand


def test_a_manual_score_is_an_entry_the_headline_and_a_line_of_the_history(in_app, visit, bagas):
    score_id = make_score(internal=600, external=600, mandatory={"manual"})
    version = score_of(score_id).version
    answer = press(visit(bagas), "manual-score", score_id, score="720", reason_codes=["INCOME_VERIFIED", "THIN_FILE"])
    assert (answer.status_code, answer.location) == (303, f"/credit-scores/{score_id}")
    score, entry = score_of(score_id), entries_of(score_id)[-1]
    assert (score.manual_score, score.risk_level, score.version) == (720, RiskLevel.MEDIUM, version + 1)
    assert (entry.credit_score, entry.credit_score_source, entry.entered_by) == (720, "manual", bagas.auth_id)
    assert (entry.credit_score_reason, entry.credit_score_raw) == (
        WHY,
        {"reason_codes": ["INCOME_VERIFIED", "THIN_FILE"]},
    )
    told = history_of(score.loan_id)[-1]
    assert told.old_data == {"credit_score": {"manual_score": None, "risk_level": None}}
    assert told.new_data["credit_score"] == {"manual_score": 720, "risk_level": "medium"}
    assert told.new_data["_meta"]["event"] == "score.recorded"
    assert told.new_data["_meta"]["reason_codes"] == ["INCOME_VERIFIED", "THIN_FILE"]
    assert (told.credit_score, told.credit_score_reason, told.credit_score_source) == (720, WHY, "manual")
    event = audit_events("credit-score.entered")[-1]
    assert (event.subject, event.actor_id) == (score_id, bagas.auth_id)
    assert WHY not in json.dumps(event.details)


def test_a_correction_is_another_entry_and_the_first_one_stays(in_app, bagas):
    score_id = make_score()
    enter(score_id, 720, bagas)
    enter(score_id, 500, bagas, reason_codes=["DATA_INCONSISTENT"])
    assert score_of(score_id).manual_score == 500
    assert [(e.credit_score_source, e.credit_score) for e in entries_of(score_id)][-2:] == [
        ("manual", 720),
        ("manual", 500),
    ]
    assert events_of(score_of(score_id).loan_id)[-2:] == ["score.recorded", "score.superseded"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credit_scores_list SET credit_score = 1000",
        "UPDATE credit_scores_list SET entered_by = NULL",
        "DELETE FROM credit_scores_list",
        "TRUNCATE credit_scores_list",
    ],
)
def test_entries_are_never_changed(in_app, superuser, change):
    score_id = make_score(manual=720)
    with pytest.raises(SQLAlchemyError):
        db.session.execute(text(change))
    db.session.rollback()
    with pytest.raises(SQLAlchemyError, match="append-only"), superuser.begin() as connection:
        connection.execute(text(change))
    assert [e.credit_score for e in entries_of(score_id)] == [640, 640, 720]


@pytest.mark.parametrize("typed", BAD, ids=lambda typed: typed[:12] or "empty")
def test_a_bad_score_gets_a_sentence_at_the_field_and_what_was_typed_stays(in_app, superuser, visit, bagas, typed):
    score_id = make_score()
    browser = visit(bagas)
    browser.get(f"/credit-scores/{score_id}")
    before = traces(superuser)
    answer = press(browser, "manual-score", score_id, score=typed, reason_codes=["OTHER", "THIN_FILE"])
    assert answer.status_code == 422
    assert error_at(answer.text, "score") == WHOLE
    kept = filled_in(answer.text)
    assert kept["score"] == [typed]
    assert kept["reason"] == [WHY]
    assert {"OTHER", "THIN_FILE"} <= set(kept["reason_codes"])
    answer = press(browser, "manual-score/preview", score_id, score=typed)
    assert answer.status_code == 422
    assert WHOLE in said(answer)
    assert traces(superuser) == before


@pytest.mark.parametrize("missing", ["score", "version", "command_id"])
def test_a_form_that_lacks_a_field_changes_nothing(in_app, visit, bagas, missing):
    score_id = make_score()
    assert press(visit(bagas), "manual-score", score_id, **{missing: None}).status_code == 422
    assert score_of(score_id).manual_score is None


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"reason_codes": []}, "reason_codes", "Choose one to four reasons."),
        ({"reason_codes": ["NO_SUCH"]}, "reason_codes", "Choose one to four reasons."),
        (
            {"reason_codes": ["OTHER", "THIN_FILE", "OVER_INDEBTED", "INCOME_VERIFIED", "EMPLOYER_UNVERIFIED"]},
            "reason_codes",
            "Choose one to four reasons.",
        ),
        ({"reason": ""}, "reason", "Write why, in at least 20 characters."),
        ({"reason": "Too short"}, "reason", "Write why, in at least 20 characters."),
        ({"reason": "x" * 2001}, "reason", "Use at most 2000 characters."),
    ],
)
def test_a_manual_score_needs_its_reasons(in_app, visit, bagas, fields, field, sentence):
    score_id = make_score()
    answer = press(visit(bagas), "manual-score", score_id, **fields)
    assert answer.status_code == 422
    assert error_at(answer.text, field) == sentence
    assert filled_in(answer.text)["score"] == ["720"]
    assert score_of(score_id).manual_score is None


def test_the_form_sent_twice_enters_once(in_app, visit, bagas):
    score_id, browser = make_score(), visit(bagas)
    form = {"version": score_of(score_id).version, "command_id": str(uuid4())}
    assert [press(browser, "manual-score", score_id, **form).status_code for _ in range(2)] == [303, 303]
    assert len(entries_of(score_id)) == 3


@pytest.mark.parametrize("decide", ["approve", "reject"])
def test_once_decided_no_manual_score_is_entered(in_app, superuser, bagas, decide):
    score_id = make_score()
    approve(score_id, bagas) if decide == "approve" else reject(score_id, "OTHER", by=bagas)
    before = traces(superuser)
    with pytest.raises(Conflict, match="already been"):
        enter(score_id, 1000, bagas)
    assert traces(superuser) == before


@pytest.mark.parametrize("score", [-1, 1001, 7.5, float("nan"), True, "7", None])
def test_the_service_takes_whole_numbers_only(in_app, superuser, bagas, score):
    score_id = make_score()
    before = traces(superuser)
    with pytest.raises(Refused, match="Enter a whole number"):
        enter(score_id, score, bagas)
    with pytest.raises(Refused, match="Enter a whole number"):
        take_in(score_id, score=score)
    assert traces(superuser) == before


# From the scoring service


def test_the_first_score_of_a_loan_makes_its_credit_score(in_app):
    loan_id = make_loan()
    entry_id = entries.take_in(
        loan_id=loan_id,
        source=ScoreSource.INTERNAL,
        score=642,
        reason="Six installments paid in time",
        mandatory=frozenset({ScoreSource.INTERNAL, ScoreSource.MANUAL}),
    )
    score_id = id_of_loan(loan_id)
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
        entries.take_in(loan_id=uuid4(), source=ScoreSource.INTERNAL, score=1)


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
        patch.setattr(entries, "_note_level", fail)
        with pytest.raises(ZeroDivisionError):
            make_evaluation(**given)
    assert score_of(score_id).risk_level is RiskLevel.LOW
    make_evaluation(**given)
    assert score_of(score_id).risk_level is RiskLevel.HIGH


# Too late


def test_what_comes_in_after_the_decision_is_kept_and_flagged_and_changes_nothing(in_app, visit, bagas):
    score_id = make_score(internal=800, external=800)
    approve(score_id, bagas)
    decided = score_of(score_id)
    take_in(score_id, score=100, reason="He stopped paying elsewhere", mandatory=frozenset({ScoreSource.MANUAL}))
    make_evaluation(loan_id=decided.loan_id, risk_level=RiskLevel.HIGH)
    score, entry = score_of(score_id), entries_of(score_id)[-1]
    assert score.decision is Decision.APPROVED
    names = (
        "internal_score",
        "external_score",
        "risk_level",
        "risk_level_reason",
        "decision",
        "manual_score_mandatory",
    )
    assert [getattr(score, name) for name in names] == [getattr(decided, name) for name in names]
    assert (entry.credit_score, entry.credit_score_raw) == (100, {"late": True})
    assert audit_events("credit-score.entered")[-1].details["late"] is True
    assert history_of(score.loan_id)[-1].credit_score == 100
    page = visit(bagas).get(f"/credit-scores/{score_id}")
    assert page.status_code == 200
    assert "He stopped paying elsewhere" in said(page)
    assert differences() == []


def test_an_undo_reopens_it_for_what_comes_then(in_app, bagas):
    score_id = make_score(internal=800, external=800)
    approve(score_id, bagas)
    make_evaluation(loan_id=score_of(score_id).loan_id, risk_level=RiskLevel.HIGH)
    assert score_of(score_id).risk_level is RiskLevel.LOW
    undo(score_id, bagas)
    assert score_of(score_id).risk_level is RiskLevel.HIGH, "what a vendor said meanwhile counts now"
    take_in(score_id, score=100)
    assert score_of(score_id).internal_score == 100


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
    score = score_of(id_of_loan(loan_id))
    assert (score.internal_score, score.manual_score_mandatory, score.internal_score_mandatory) == (642, True, True)
    (entry,) = entries_of(score.credit_score_id)
    assert str(entry.id) == line["entry_id"]
    assert entry.credit_score_updated_at.isoformat() == "2026-03-01T03:00:00+00:00"


def test_a_line_without_an_id_gets_one(intake):
    loan_id = make_loan()
    line = {name: value for name, value in line_of(loan_id).items() if name != "entry_id"}
    assert intake("score", line, line).exit_code == 0
    assert len(entries_of(id_of_loan(loan_id))) == 2


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
    assert id_of_loan(loan_id) is None
    assert score_of(id_of_loan(other)).internal_score == 642


def test_lines_of_vendors_are_taken_in_once_each(intake):
    loan_id = make_loan()
    line = evaluation_of(loan_id)
    for _ in range(2):
        answer = intake("evaluation", line)
        assert answer.exit_code == 0, answer.output
    score = score_of(id_of_loan(loan_id))
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
    assert id_of_loan(loan_id) is None, "what was refused left something behind"
    assert score_of(id_of_loan(other)).vendor_risk_level is RiskLevel.MEDIUM
