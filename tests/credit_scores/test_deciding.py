"""Approve, reject, undo: score and loan in one transaction, and nothing of it when any part fails."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal import notifications
from portal.credit_scores import deciding, reconciling
from portal.loans import decisions as loans
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import db
from portal.shared.errors import Conflict, Forbidden, NotFound, Refused
from portal.shared.vocabulary import Decision
from tests.credit_scores.book import (
    LACKS,
    NO_SCORE,
    OWN,
    approve,
    differences,
    enter,
    let_pass,
    reject,
    score_of,
    traces,
    undo,
)
from tests.factories import audit_events, make_customer, make_loan, make_score, make_staff
from tests.loans import book as loan_book
from tests.loans.book import events_of, history_of, loan_of, payments_of
from tests.notifications.working import release_all, waiting, work_off, written

TOO_LATE = "It is too late to undo this"


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


# Approving


def test_an_approval_is_score_loan_schedule_history_trail_and_a_held_message_at_once(in_app, bagas):
    score_id = make_score(internal=700, external=600, manual=720, mandatory={"internal", "external", "manual"})
    before, version = clock.now(), score_of(score_id).version
    approve(score_id, bagas, note="Checked by phone")
    score = score_of(score_id)
    assert (score.decision, score.decided_by, score.version) == (Decision.APPROVED, bagas.auth_id, version + 1)
    assert before - timedelta(seconds=1) <= score.decided_at <= clock.now() + timedelta(seconds=1)
    assert loan_of(score.loan_id).status is Decision.APPROVED
    assert len(payments_of(score.loan_id)) == 12
    approved = [entry for entry in history_of(score.loan_id) if entry.new_data["_meta"]["event"] == "loan.approved"]
    (entry,) = approved
    assert entry.new_data["credit_score"] == {"decision": "approved"}
    assert entry.old_data["credit_score"] == {"decision": "pending"}
    assert (entry.credit_score, entry.credit_score_source) == (674, None), "350 + 180 + 144"
    assert entry.credit_score_reason == score.risk_level_reason
    assert entry.new_data["_meta"]["note"] == "Checked by phone"
    assert entry.new_data["_meta"]["policy"] == "v1"
    (event,) = audit_events("credit-score.approved")
    assert (event.subject, event.of_user, event.actor_id) == (score_id, score.user_id, bagas.auth_id)
    (job,) = waiting()
    assert job["args"]["message"] == "loan-approved"
    assert job["args"]["message_id"] == str(score.message_id)
    assert timedelta(seconds=55) < job["scheduled_at"] - before < timedelta(seconds=65)
    assert differences() == []
    assert loan_book.differences() == {}


@pytest.mark.parametrize("decide", [approve, reject])
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"internal": None}, LACKS["internal"]),
        ({"external": None}, LACKS["external"]),
        ({"mandatory": {"manual"}}, LACKS["manual"]),
        ({"internal": None, "external": None, "mandatory": ()}, NO_SCORE),
    ],
    ids=["internal", "external", "manual", "none"],
)
def test_every_decision_waits_for_the_scores(in_app, superuser, bagas, decide, given, sentence):
    score_id = make_score(**given)
    before = traces(superuser)
    with pytest.raises(Refused) as refused:
        decide(score_id, *(["INCOME_INSUFFICIENT"] if decide is reject else []), by=bagas)
    assert refused.value.message == sentence
    assert traces(superuser) == before


def test_an_approval_needs_an_active_customer(in_app, superuser, bagas):
    score_id = make_score()
    db.session.execute(text("UPDATE user_profile SET status = 'inactive'"))
    db.session.commit()
    before = traces(superuser)
    with pytest.raises(Refused, match="The customer is not active"):
        approve(score_id, bagas)
    assert traces(superuser) == before
    reject(score_id, "OTHER", by=bagas)
    assert score_of(score_id).decision is Decision.REJECTED, "a rejection does not"


def test_an_approval_needs_a_verified_ktp(in_app, superuser, bagas):
    score_id = make_score(is_identified=False)
    before = traces(superuser)
    with pytest.raises(Refused, match="The customer has no verified KTP"):
        approve(score_id, bagas)
    assert traces(superuser) == before
    reject(score_id, "OTHER", by=bagas)
    assert score_of(score_id).decision is Decision.REJECTED, "a rejection does not"


@pytest.mark.parametrize("document", [{"status": "expired"}, {"status": "pending"}, {"document_type": "sim"}])
def test_another_document_is_no_verified_ktp(in_app, bagas, document):
    score_id = make_score()
    ((column, value),) = document.items()
    db.session.execute(text(f"UPDATE user_kyc SET {column} = :value"), {"value": value})
    db.session.commit()
    with pytest.raises(Refused, match="The customer has no verified KTP"):
        approve(score_id, bagas)


def test_nobody_scores_decides_or_undoes_about_himself(in_app, superuser, bagas):
    customer = make_customer(auth_id=bagas.auth_id)
    score_id, decided = make_score(user_id=customer), make_score(user_id=make_customer())
    before = traces(superuser)
    for act in (
        lambda: approve(score_id, bagas),
        lambda: reject(score_id, "OTHER", by=bagas),
        lambda: enter(score_id, 900, bagas),
    ):
        with pytest.raises(Forbidden) as refused:
            act()
        assert refused.value.message == OWN
    assert traces(superuser) == before
    approve(decided, bagas)
    db.session.execute(text("UPDATE user_profile SET auth_id = :me"), {"me": bagas.auth_id})
    db.session.commit()
    with pytest.raises(Forbidden):
        undo(decided, bagas)


@pytest.mark.parametrize("decide", [approve, reject])
def test_a_score_is_decided_once(in_app, superuser, bagas, decide):
    score_id, other = make_score(), make_score()
    approve(score_id, bagas)
    reject(other, "OTHER", by=bagas)
    before = traces(superuser)
    codes = ["OTHER"] if decide is reject else []
    with pytest.raises(Conflict, match="already been approved"):
        decide(score_id, *codes, by=bagas)
    with pytest.raises(Conflict, match="already been rejected"):
        decide(other, *codes, by=bagas)
    assert traces(superuser) == before


def test_a_score_that_changed_meanwhile_is_not_decided_as_it_was_seen(in_app, superuser, bagas):
    score_id = make_score()
    seen = score_of(score_id).version
    enter(score_id, 100, bagas)
    before = traces(superuser)
    with pytest.raises(Conflict, match="This score has changed meanwhile"):
        approve(score_id, bagas, version=seen)
    with pytest.raises(Conflict, match="This score has changed meanwhile"):
        enter(score_id, 200, bagas, version=seen)
    assert traces(superuser) == before


@pytest.mark.parametrize("decide", [approve, reject])
def test_the_same_command_twice_acts_once(in_app, superuser, bagas, decide):
    score_id, command = make_score(), uuid4()
    codes = ["OTHER"] if decide is reject else []
    seen = score_of(score_id).version
    decide(score_id, *codes, by=bagas, command=command, version=seen)
    before = traces(superuser)
    decide(score_id, *codes, by=bagas, command=command, version=seen)
    assert traces(superuser) == before


def test_no_score_no_decision(in_app, bagas):
    with pytest.raises(NotFound):
        deciding.approve(uuid4(), version=1, command=uuid4(), actor=bagas.actor)
    with pytest.raises(NotFound):
        deciding.undo(uuid4(), command=uuid4(), actor=bagas.actor)


# Rejecting


def test_a_rejection_keeps_its_codes_on_both_sides(in_app, bagas):
    score_id = make_score()
    reject(score_id, "DEBT_RATIO_TOO_HIGH", "FRAUD", by=bagas, note="Two employers deny it")
    score = score_of(score_id)
    loan = loan_of(score.loan_id)
    assert (score.decision, loan.status) == (Decision.REJECTED, Decision.REJECTED)
    assert loan.rejected_reason == "DEBT_RATIO_TOO_HIGH, FRAUD"
    assert payments_of(score.loan_id) == []
    assert history_of(score.loan_id)[-1].new_data["_meta"]["reason_codes"] == ["DEBT_RATIO_TOO_HIGH", "FRAUD"]
    (event,) = audit_events("credit-score.rejected")
    assert event.details == {"codes": ["DEBT_RATIO_TOO_HIGH", "FRAUD"]}
    assert waiting()[0]["args"]["message"] == "loan-rejected"
    assert differences() == []


@pytest.mark.parametrize(
    "codes",
    [
        (),
        ("NOT_A_REASON",),
        ("FRAUD", "NOT_A_REASON"),
        ("FRAUD", "OTHER", "INCOME_INSUFFICIENT", "DEBT_RATIO_TOO_HIGH", "POLICY_EXCLUSION"),
    ],
)
def test_a_rejection_names_one_to_four_known_reasons(in_app, superuser, bagas, codes):
    score_id = make_score()
    before = traces(superuser)
    with pytest.raises(Refused, match="Choose one to four reasons"):
        reject(score_id, *codes, by=bagas)
    assert traces(superuser) == before


# One transaction


@pytest.mark.parametrize(
    "broken", [(notifications, "queue"), (loans.history, "history_entry")], ids=["message", "history"]
)
@pytest.mark.parametrize("decide", [approve, reject])
def test_a_decision_whose_last_part_fails_leaves_no_trace(in_app, superuser, bagas, monkeypatch, decide, broken):
    score_id = make_score()
    before = traces(superuser)

    def fail(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(*broken, fail)
        with pytest.raises(ZeroDivisionError):
            decide(score_id, *(["OTHER"] if decide is reject else []), by=bagas)
    assert traces(superuser) == before
    approve(score_id, bagas)
    assert differences() == []


def test_an_undo_that_fails_leaves_the_decision(in_app, superuser, bagas, monkeypatch):
    score_id = make_score()
    approve(score_id, bagas)
    before = traces(superuser)

    def fail(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(deciding.audit, "record", fail)
        with pytest.raises(ZeroDivisionError):
            undo(score_id, bagas)
    assert traces(superuser) == before
    undo(score_id, bagas)


# Undoing


@pytest.mark.parametrize("decide", [approve, reject])
def test_undoing_takes_everything_back(in_app, superuser, bagas, decide):
    score_id = make_score(manual=720)
    before, before_loan = score_of(score_id), loan_of(score_of(score_id).loan_id)
    decide(score_id, *(["OTHER"] if decide is reject else []), by=bagas)
    undo(score_id, bagas)
    score, loan = score_of(score_id), loan_of(before.loan_id)
    changed = {"version", "updated_at"}
    for old, new in ((before, score), (before_loan, loan)):
        names = [column.key for column in type(old).__table__.columns if column.key not in changed]
        assert [getattr(new, name) for name in names] == [getattr(old, name) for name in names]
        assert new.version == old.version + 2
    assert payments_of(before.loan_id) == []
    assert waiting() == [], "the held message is gone"
    assert events_of(before.loan_id)[-2:] == [f"loan.{decide.__name__}{'d' if decide is approve else 'ed'}",
                                              "loan.decision_undone"]  # fmt: skip
    assert len(audit_events("credit-score.decision-undone")) == 1
    release_all()
    work_off(in_app)
    assert written() == []
    assert differences() == []
    assert loan_book.differences() == {}


def test_an_undone_decision_can_be_made_anew(in_app, bagas):
    score_id = make_score()
    approve(score_id, bagas)
    undo(score_id, bagas)
    reject(score_id, "OTHER", by=bagas)
    undo(score_id, bagas)
    approve(score_id, bagas)
    assert loan_of(score_of(score_id).loan_id).status is Decision.APPROVED
    assert len(waiting()) == 1
    assert differences() == []


@pytest.mark.parametrize(("seconds", "may"), [(50, True), (61, False), (3600, False)])
def test_a_decision_may_be_undone_for_sixty_seconds(in_app, superuser, bagas, seconds, may):
    score_id = make_score()
    approve(score_id, bagas)
    let_pass(seconds, score_id)
    before = traces(superuser)
    if may:
        undo(score_id, bagas)
        assert score_of(score_id).decision is Decision.PENDING
    else:
        with pytest.raises(Conflict, match=TOO_LATE):
            undo(score_id, bagas)
        assert traces(superuser) == before


def test_only_who_decided_undoes(in_app, superuser, bagas):
    score_id, colleague = make_score(), make_staff(Role.CREDIT_ANALYST)
    approve(score_id, bagas)
    before = traces(superuser)
    with pytest.raises(Conflict, match=TOO_LATE):
        undo(score_id, colleague)
    assert traces(superuser) == before


def test_it_is_too_late_once_the_message_went_out(in_app, superuser, bagas):
    score_id = make_score()
    approve(score_id, bagas)
    release_all()
    work_off(in_app)
    before = traces(superuser)
    with pytest.raises(Conflict, match=TOO_LATE):
        undo(score_id, bagas)
    assert traces(superuser) == before
    assert len(written()) == 1


def test_a_pending_score_has_nothing_to_undo(in_app, superuser, bagas):
    score_id = make_score()
    before = traces(superuser)
    with pytest.raises(Conflict, match=TOO_LATE):
        undo(score_id, bagas)
    assert traces(superuser) == before


# The daily proof


def test_a_loan_that_was_decided_elsewhere_is_found(in_app, bagas):
    fine, odd = make_score(), make_score()
    approve(fine, bagas)
    loan_id = score_of(odd).loan_id
    loan_book.approve(loan_id)
    assert differences() == [(loan_id, Decision.PENDING, Decision.APPROVED)]
    answer = in_app.test_cli_runner().invoke(args=["scores", "reconcile"])
    assert answer.exit_code == 1
    assert f"{loan_id}: decided pending, the loan is approved" in answer.output
    assert "1 differ." in answer.output


def test_the_command_is_silent_about_what_agrees(in_app, bagas):
    approve(make_score(), bagas)
    make_loan()
    answer = in_app.test_cli_runner().invoke(args=["scores", "reconcile"])
    assert (answer.exit_code, answer.output) == (0, "Every decision is its loan's status.\n")


def test_every_day_the_count_goes_into_the_trail(in_app, bagas, monkeypatch):
    odd = make_score()
    approve(make_score(), bagas)
    reconciling.reconcile_job(timestamp=0)
    loan_book.approve(score_of(odd).loan_id)
    tomorrow = clock.today() + timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda: tomorrow)
    reconciling.reconcile_job(timestamp=0)
    assert [event.details["differences"] for event in audit_events("credit-scores.reconciled")] == [0, 1]
