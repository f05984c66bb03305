"""Scores entered by hand, and those that come in too late."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.credit_scores import service
from portal.permissions import Role
from portal.shared.database import db
from portal.shared.errors import Conflict, Refused
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.client import error_at, filled_in
from tests.credit_scores.book import (
    WHY,
    approve,
    differences,
    enter,
    entries_of,
    press,
    reject,
    score_of,
    traces,
    undo,
)
from tests.factories import audit_events, make_evaluation, make_score, make_staff
from tests.loans.book import events_of, history_of, said

WHOLE = "Enter a whole number from 0 to 1000."
BAD = ["", " ", "-1", "1001", "7.5", "7,5", "NaN", "1e2", "2147483648", "0x1", "007", "+7", "٧", "7" * 10_240]


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


def take_in(score_id, source="internal", score=640, **given):
    return service.take_in(loan_id=score_of(score_id).loan_id, source=ScoreSource(source), score=score, **given)


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
    enter(score_id, 500, bagas, codes=["DATA_INCONSISTENT"])
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
