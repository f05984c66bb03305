"""What the daily proof of decisions and loans found stands on the administrators' home, and nowhere else."""

from sqlalchemy import text

from portal.credit_scores.reconciliation import check, reconcile_job
from portal.permissions import Role
from portal.shared.database import db
from tests.factories import audit_events, make_score, make_staff

HOLDS = "Every credit decision is its loan"


def test_the_home_of_an_administrator_tells_what_was_found(in_app, visit):
    admin, analyst = visit(make_staff(Role.ADMIN)), visit(make_staff(Role.CREDIT_ANALYST))
    assert "compared once a day" in admin.get("/").text
    scores = [make_score() for _ in range(3)]
    reconcile_job(0)
    assert HOLDS in admin.get("/").text
    assert HOLDS not in analyst.get("/").text
    db.session.execute(
        text("UPDATE credit_scores SET decision = 'rejected' WHERE credit_score_id = ANY(:ids)"), {"ids": scores[:2]}
    )
    db.session.commit()
    check()
    assert "2 loans differ from their credit decisions" in admin.get("/").text


def test_it_is_done_once_a_day_however_often_the_job_runs(in_app):
    for _ in range(3):
        reconcile_job(0)
    assert len(audit_events("credit-scores.reconciled")) == 1
    db.session.rollback()
