"""A credit score in the browser: read, completed by hand, decided, and the decision taken back."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.loans.models import Loan
from portal.permissions import Role
from portal.shared.database import db
from portal.shared.vocabulary import Decision, RiskLevel, ScoreSource
from tests.browser.acting import sees
from tests.browser.seeing import faults, tab_stops
from tests.credit_scores.book import WHY, score_of
from tests.factories import make_customer, make_evaluation, make_score, make_staff

pytestmark = pytest.mark.browser

EVERY = frozenset(ScoreSource)
NAME = "Maria Magdalena Simbolon boru Hutagalung"


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Nugroho")


@pytest.fixture
def score_id(in_app):
    """A score of 642 and 701 whose mandatory manual score is missing, with what two vendors said."""
    score_id = make_score(user_id=make_customer(fullname=NAME), internal=642, external=701, mandatory=EVERY)
    loan_id = score_of(score_id).loan_id
    make_evaluation(loan_id=loan_id, vendor_name="Nusantara Biro Kredit", score=724)
    make_evaluation(loan_id=loan_id, vendor_name="SkorData Telko", score=668, risk_level=RiskLevel.MEDIUM)
    return score_id


def loan_of(score_id):
    db.session.rollback()
    return db.session.get(Loan, score_of(score_id).loan_id, populate_existing=True)


def held_messages():
    db.session.rollback()
    return db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.write'"))


def save(page, score="720"):
    """Enter a manual score with its reason."""
    page.get_by_label("Score", exact=True).fill(score)
    page.get_by_label("Income verified").check()
    page.get_by_label("Why", exact=True).fill(WHY)
    page.get_by_role("button", name="Save manual score").click()


def test_from_a_missing_score_to_an_approval_and_back(bagas, score_id, open_page):
    page = open_page(bagas, "/credit-scores")
    page.get_by_role("link", name=NAME).click()
    sees(page, "Credit score")
    expect(page.locator("#why-not")).to_contain_text("the manual score is mandatory and missing")
    expect(page.get_by_role("button", name="Approve loan")).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Score", exact=True).fill("720")
    expect(page.locator("#preview")).to_contain_text(
        "Low risk starts at 700. That needs a manual score of 841 or more."
    )
    expect(page.locator("#preview strong")).to_have_text("675")
    expect(page.locator("#build")).to_contain_text("675 with 720")
    assert score_of(score_id).manual_score is None
    save(page)
    expect(page.locator("#sum")).to_have_text("675")
    page.get_by_role("button", name="Approve loan").click()
    expect(page.locator("#undo")).to_contain_text("You approved this loan.")
    assert (loan_of(score_id).status, held_messages()) == (Decision.APPROVED, 1)
    page.goto(f"/loans/{loan_of(score_id).loan_id}")
    expect(page.locator(".timeline li").first).to_contain_text("Final score 675")
    expect(page.get_by_role("region", name="Installments")).to_contain_text("0 of 12 paid")
    page.goto(f"/credit-scores/{score_id}")
    page.get_by_role("button", name="Undo the decision").click()
    expect(page.locator("#decision")).to_be_visible()
    assert (loan_of(score_id).status, loan_of(score_id).approved_at, held_messages()) == (Decision.PENDING, None, 0)
    page.goto(f"/loans/{loan_of(score_id).loan_id}")
    expect(page.locator(".timeline li").first).to_contain_text("Decision undone")
    expect(page.get_by_role("main")).to_contain_text("No schedule yet")


def test_a_raw_answer_is_shown_to_whoever_says_why(bagas, score_id, open_page):
    page = open_page(bagas, f"/credit-scores/{score_id}")
    page.locator("#evaluations summary").first.click()
    page.locator("#evaluations select").first.select_option("AUDIT_REQUEST")
    page.get_by_role("button", name="Show for 60 seconds").first.click()
    expect(page.locator("#raw")).to_contain_text("as the vendor gave it")
    expect(page.get_by_role("main")).to_contain_text("after 60 seconds")


def test_what_was_typed_stays_when_a_reason_is_missing(bagas, score_id, open_page):
    page = open_page(bagas, f"/credit-scores/{score_id}")
    page.get_by_label("Score", exact=True).fill("7.5")
    page.get_by_label("Income verified").check()
    page.get_by_role("button", name="Save manual score").click()
    expect(page.locator(".errsum")).to_be_focused()
    expect(page.locator("#score-error")).to_contain_text("Enter a whole number from 0 to 1000.")
    expect(page.get_by_label("Score", exact=True)).to_have_value("7.5")
    expect(page.get_by_label("Income verified")).to_be_checked()
    assert not faults(page)


def test_every_page_of_a_score_stands_the_eyes_of_axe_and_fits(bagas, score_id, open_page):
    page = open_page(bagas, "/credit-scores")
    assert not faults(page)
    page.goto(f"/credit-scores/{score_id}")
    expect(page.locator("#evaluations tbody tr")).to_have_count(2)
    page.get_by_label("Score", exact=True).fill("720")
    expect(page.locator("#build")).to_contain_text("675 with 720")
    assert not faults(page)
    assert [stop for stop in tab_stops(page) if stop.endswith(")")] == []
    save(page)
    page.get_by_role("button", name="Approve loan").click()
    expect(page.locator("#undo")).to_be_visible()
    assert not faults(page)
    page.goto(f"/loans/{loan_of(score_id).loan_id}")
    expect(page.locator("#build")).to_be_visible()
    assert not faults(page)


def test_it_works_without_scripts(bagas, score_id, open_page):
    page = open_page(bagas, f"/credit-scores/{score_id}", java_script_enabled=False)
    page.get_by_label("Score", exact=True).fill("720")
    page.get_by_role("button", name="Update preview").click()
    expect(page.locator("#preview strong")).to_have_text("675")
    expect(page.get_by_label("Score", exact=True)).to_have_value("720")
    save(page)
    page.locator("summary", has_text="Reject loan").click()
    page.get_by_label("Score below policy").check()
    page.get_by_role("button", name="Reject and notify").click()
    expect(page.locator("#undo")).to_contain_text("You rejected this loan.")
    page.get_by_role("button", name="Undo the decision").click()
    expect(page.locator("#decision")).to_be_visible()
