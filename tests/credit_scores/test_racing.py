"""Many analysts, the scoring service and the vendors at the same loans at the same moment."""

from collections import Counter
from functools import partial
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal.credit_scores import decisions, entries
from portal.permissions import Role
from portal.shared import clock
from portal.shared.database import LOCK_TIMEOUT, db
from portal.shared.errors import Conflict, Refusal
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.client import at_once
from tests.credit_scores.book import WHY, approve, differences, entries_of, form_of, id_of_loan, score_of, undo
from tests.factories import audit_events, make_evaluation, make_score, make_staff
from tests.loans import book as loan_book
from tests.loans.book import events_of, loan_of, payments_of, said
from tests.notifications.working import waiting

WORKERS = 6


def consistent():
    """Decision and status agree on every row, and every loan is what its history says."""
    return differences() == [] and loan_book.differences() == {}


def test_twenty_analysts_decide_one_loan_at_once_and_one_of_them_wins(in_app, visit):
    score_id = make_score()
    people = [make_staff(Role.CREDIT_ANALYST) for _ in range(20)]
    acts = ["approve" if number % 2 else "reject" for number in range(20)]
    forms = [form_of(act, score_id) for act in acts]
    browsers = [visit(person) for person in people]
    answers = at_once(*(partial(b.post, url, **form) for b, (url, form) in zip(browsers, forms, strict=True)))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: 19}
    (winner,) = (number for number, answer in enumerate(answers) if answer.status_code == 303)
    decision = Decision.APPROVED if acts[winner] == "approve" else Decision.REJECTED
    score = score_of(score_id)
    assert (score.decision, score.decided_by) == (decision, people[winner].auth_id)
    assert loan_of(score.loan_id).status is decision
    assert len(payments_of(score.loan_id)) == (12 if decision is Decision.APPROVED else 0)
    assert len(waiting()) == 1
    assert [event for event in events_of(score.loan_id) if event.startswith("loan.")] == [
        "loan.submitted",
        f"loan.{decision}",
    ]
    told = {said(answer).count(f"This loan has already been {decision}.") > 0 for answer in answers
            if answer.status_code == 409}  # fmt: skip
    assert told == {True}
    assert consistent()


def test_twenty_times_the_same_approval_acts_once_and_answers_the_same(in_app, visit):
    score_id, browser = make_score(), visit(make_staff(Role.CREDIT_ANALYST))
    url, form = form_of("approve", score_id, command_id=str(uuid4()))
    answers = at_once(*(partial(browser.tab().post, url, **form) for _ in range(20)))
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/credit-scores/{score_id}")}
    assert len(audit_events("credit-score.approved")) == 1
    assert len(waiting()) == 1


def test_ten_manual_scores_at_once_leave_one_and_tell_the_others(in_app, visit):
    score_id = make_score()
    forms = [form_of("manual-score", score_id, score=str(number * 100)) for number in range(10)]
    browsers = [visit(make_staff(Role.CREDIT_ANALYST)) for _ in forms]
    answers = at_once(*(partial(b.post, url, **form) for b, (url, form) in zip(browsers, forms, strict=True)))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: 9}
    (entry,) = (one for one in entries_of(score_id) if one.credit_score_source is ScoreSource.MANUAL)
    assert score_of(score_id).manual_score == entry.credit_score
    for number, answer in enumerate(answers):
        if answer.status_code == 409:
            assert f'value="{number * 100}"' in answer.text, "what was typed is still there"


def test_an_approval_and_a_score_at_once_never_mix(in_app):
    """Either the score came first and the approval was told so, or it is late and the headline stays."""
    bagas = make_staff(Role.CREDIT_ANALYST)
    for _ in range(10):
        score_id = make_score(internal=800)
        seen = score_of(score_id)

        def decide(score_id=score_id, version=seen.version):
            with in_app.app_context():
                try:
                    approve(score_id, bagas, version=version)
                except Conflict:
                    return False
                return True

        def hand_over(loan_id=seen.loan_id):
            with in_app.app_context():
                return entries.take_in(loan_id=loan_id, source=ScoreSource.INTERNAL, score=100)

        was_approved, entry_id = at_once(decide, hand_over)
        score = score_of(score_id)
        (entry,) = (one for one in entries_of(score_id) if one.id == entry_id)
        assert was_approved == (score.decision is Decision.APPROVED)
        assert score.internal_score == (800 if was_approved else 100)
        assert entry.credit_score_raw == ({"late": True} if was_approved else None)
    assert consistent()


def test_the_first_scores_of_a_loan_at_once_make_one_credit_score(in_app):
    loan_id = loan_book.make_loan()

    def hand_over(number):
        with in_app.app_context():
            source = ScoreSource.INTERNAL if number % 2 else ScoreSource.EXTERNAL
            return entries.take_in(loan_id=loan_id, source=source, score=number)

    at_once(*(partial(hand_over, number) for number in range(8)))
    assert len(entries_of(id_of_loan(loan_id))) == 8


def test_an_undo_twice_at_once_undoes_once(in_app):
    bagas, score_id = make_staff(Role.CREDIT_ANALYST), make_score()
    approve(score_id, bagas)

    def take_back():
        with in_app.app_context():
            try:
                undo(score_id, bagas)
            except Conflict:
                return 0
            return 1

    assert sum(at_once(*[take_back] * 6)) == 1
    assert events_of(score_of(score_id).loan_id).count("loan.decision_undone") == 1
    assert consistent()


class Crowd:
    """Acts at random on a few scores, as analysts, the scoring service and vendors would, by a fixed seed."""

    def __init__(self, app, scores, people):
        self.app, self.scores, self.people = app, scores, people
        self.outcomes, self.faults = [], []

    def run(self, seed, acts):
        """So many acts, one after the other, in a thread of its own; whatever was no refusal is a fault."""
        random = Random(seed)
        with self.app.app_context():
            for _ in range(acts):
                act = random.choice([self.approve, self.reject, self.undo, self.undo, self.enter, self.hear, self.hand])
                try:
                    act(random, *random.choice(self.scores))
                    self.outcomes.append(act.__name__)
                except Refusal:
                    self.outcomes.append("refused")
                except Exception as error:  # a deadlock too: everybody locks in the same order
                    if getattr(getattr(error, "orig", None), "sqlstate", "") == LOCK_TIMEOUT:
                        self.outcomes.append("waited too long")
                    else:
                        self.faults.append(error)
                finally:
                    db.session.rollback()

    def _acting(self, random, score_id):
        version = db.session.scalar(
            text("SELECT version FROM credit_scores WHERE credit_score_id = :id"), {"id": score_id}
        )
        return {"version": version}, {"by": uuid4(), "actor": random.choice(self.people).actor}

    def approve(self, random, score_id, loan_id):
        seen, acting = self._acting(random, score_id)
        decisions.approve(score_id, decisions.ApproveAnswers(**seen), **acting)

    def reject(self, random, score_id, loan_id):
        seen, acting = self._acting(random, score_id)
        decisions.reject(score_id, decisions.RejectAnswers(reason_codes=["OTHER"], **seen), **acting)

    def undo(self, random, score_id, loan_id):
        """Whoever decided takes it back, or another one tries to."""
        decided_by = db.session.scalar(
            text("SELECT decided_by FROM credit_scores WHERE credit_score_id = :id"), {"id": score_id}
        )
        person = next((one for one in self.people if one.auth_id == decided_by), self.people[0])
        decisions.undo(score_id, by=uuid4(), actor=person.actor)

    def enter(self, random, score_id, loan_id):
        score, (seen, acting) = random.randint(0, 1000), self._acting(random, score_id)
        answers = entries.ManualAnswers(score=score, reason_codes=["OTHER"], reason=WHY, **seen)
        entries.enter_manual(score_id, answers, **acting)

    def hear(self, random, score_id, loan_id):
        vendor, level = f"Vendor {random.randint(1, 3)}", random.choice([None, *RiskLevel])
        make_evaluation(loan_id=loan_id, vendor_name=vendor, risk_level=level, at=clock.now())

    def hand(self, random, score_id, loan_id):
        source = random.choice([ScoreSource.INTERNAL, ScoreSource.EXTERNAL])
        entries.take_in(loan_id=loan_id, source=source, score=random.randint(0, 1000))


@pytest.mark.parametrize(
    ("seed", "acts"), [(1, 300), pytest.param(2, 1_000, marks=pytest.mark.slow)], ids=["300", "1000"]
)
def test_after_any_interleaving_decision_and_status_agree_on_every_row(in_app, seed, acts):
    made = [make_score(mandatory={"internal"}) for _ in range(4)]
    scores = [(score_id, score_of(score_id).loan_id) for score_id in made]
    crowd = Crowd(in_app, scores, [make_staff(Role.CREDIT_ANALYST) for _ in range(3)])
    at_once(*(partial(crowd.run, seed * 1000 + number, -(-acts // WORKERS)) for number in range(WORKERS)))
    assert crowd.faults == []
    assert len(crowd.outcomes) >= acts
    assert {"approve", "reject", "undo", "enter", "hear", "hand"} <= set(crowd.outcomes)
    assert consistent()
    decided = 0
    for score_id, loan_id in scores:
        score, loan = score_of(score_id), loan_of(loan_id)
        assert score.decision is loan.status
        assert (score.decided_by is None) == (score.decided_at is None) == (score.message_id is None)
        assert (score.decided_by is None) == (score.decision is Decision.PENDING)
        assert len(payments_of(loan_id)) == (12 if score.decision is Decision.APPROVED else 0)
        if score.decision is Decision.PENDING:
            assert score.risk_level == entries.result_of(score).risk_level
        decided += score.decision is not Decision.PENDING
    assert len(waiting()) == decided, "one held message for each decision that stands"
