"""Decisions through the page: what blocks one comes back, and what was typed stays."""

import pytest

from portal.permissions import Role
from portal.shared.vocabulary import Decision
from tests.credit_scores.book import (
    LACKS,
    enter,
    press,
    score_of,
)
from tests.factories import make_customer, make_score, make_staff
from tests.loans import book as loan_book
from tests.loans.book import loan_of


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wirawan")


def test_what_blocks_an_approval_comes_back_on_the_page(in_app, visit, bagas):
    score_id = make_score(mandatory={"manual"})
    browser = visit(bagas)
    answer = press(browser, "approve", score_id)
    assert answer.status_code == 422
    assert LACKS["manual"] in loan_book.said(answer)
    assert press(browser, "manual-score", score_id).status_code == 303
    assert press(browser, "approve", score_id).status_code == 303
    assert loan_of(score_of(score_id).loan_id).status is Decision.APPROVED
    assert press(browser, "undo", score_id).status_code == 303
    assert score_of(score_id).decision is Decision.PENDING


def test_a_stale_page_is_told_so_and_what_was_typed_stays(in_app, visit, bagas):
    score_id = make_score()
    browser, seen = visit(bagas), score_of(score_id).version
    enter(score_id, 720)
    answer = press(browser, "approve", score_id, version=seen, note="Spoke to his employer")
    assert answer.status_code == 409
    assert "Spoke to his employer" in answer.text
    assert "This score has changed meanwhile." in loan_book.said(answer)


def test_own_loans_are_refused_on_the_page_too(in_app, visit, bagas):
    score_id = make_score(user_id=make_customer(auth_id=bagas.auth_id))
    browser = visit(bagas)
    for act in ("approve", "reject", "manual-score"):
        assert press(browser, act, score_id).status_code == 403, act
    assert score_of(score_id).decision is Decision.PENDING


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CREDIT_ANALYST}))
def test_other_roles_neither_see_nor_decide(in_app, visit, role):
    score_id = make_score(manual=1)
    browser = visit(make_staff(role))
    assert browser.get("/credit-scores").status_code == 403
    assert browser.get(f"/credit-scores/{score_id}").status_code == 403
    for act in ("approve", "reject", "manual-score", "manual-score/preview", "undo"):
        assert press(browser, act, score_id, score="1").status_code == 403
    assert score_of(score_id).manual_score == 1
