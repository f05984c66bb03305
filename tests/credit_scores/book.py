"""Credit scores as tests speak of them: what an analyst does to one, and what it leaves."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from portal.credit_scores import deciding, reconciling, service
from portal.credit_scores.models import CreditScore, ScoreEntry
from portal.permissions import Role
from portal.shared.database import db
from tests.client import Browser
from tests.factories import Staff, make_staff

LACKS = {
    "internal": "Not final: the internal score is mandatory and missing.",
    "external": "Not final: the external score is mandatory and missing.",
    "manual": "Not final: the manual score is mandatory and missing.",
}
NO_SCORE = "Not final: there is no score yet."
OWN = "This is your own loan. A colleague has to do this."
WHY = "Payslips of three months were seen"
TABLES = (
    "credit_scores",
    "credit_scores_list",
    "loans",
    "loans_payments",
    "loans_review_history",
    "audit_events",
    "commands",
    "procrastinate_jobs",
)


def score_of(credit_score_id: UUID) -> CreditScore:
    """The score as it stands now; what was read earlier keeps the values it had."""
    (row,) = _read(db.select(CreditScore).where(CreditScore.credit_score_id == credit_score_id))
    return row


def entries_of(credit_score_id: UUID) -> Sequence[ScoreEntry]:
    """Its entries, oldest first."""
    statement = db.select(ScoreEntry).where(ScoreEntry.credit_score_id == credit_score_id)
    return _read(statement.order_by(ScoreEntry.credit_score_updated_at, ScoreEntry.id))


def _read(statement: Any) -> Sequence[Any]:
    db.session.rollback()
    found = db.session.scalars(statement, execution_options={"populate_existing": True}).all()
    for row in found:
        db.session.expunge(row)
    db.session.rollback()
    return found


def approve(credit_score_id: UUID, by: Staff | None = None, **given: Any) -> None:
    deciding.approve(credit_score_id, **_acting(credit_score_id, by, given))


def reject(credit_score_id: UUID, *codes: str, by: Staff | None = None, **given: Any) -> None:
    deciding.reject(credit_score_id, codes=codes, **_acting(credit_score_id, by, given))


def enter(credit_score_id: UUID, score: int, by: Staff | None = None, **given: Any) -> None:
    """Enter a manual score."""
    reasons = {"codes": ["INCOME_VERIFIED"], "reason": WHY}
    service.enter_manual(credit_score_id, score=score, **{**reasons, **_acting(credit_score_id, by, given)})


def undo(credit_score_id: UUID, by: Staff) -> None:
    deciding.undo(credit_score_id, command=uuid4(), actor=by.actor)


def _acting(credit_score_id: UUID, by: Staff | None, given: dict[str, Any]) -> dict[str, Any]:
    actor = (by or make_staff(Role.CREDIT_ANALYST)).actor
    version = given.pop("version", None) or score_of(credit_score_id).version
    return {"version": version, "command": uuid4(), "actor": actor, **given}


def form_of(act: str, credit_score_id: UUID, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Where a form of the score goes, and what stands in it: what should, unless said otherwise."""
    usual: dict[str, dict[str, Any]] = {
        "manual-score": {"score": "720", "reason_codes": ["INCOME_VERIFIED"], "reason": WHY},
        "reject": {"reason_codes": ["INCOME_INSUFFICIENT"]},
    }
    form = {"version": score_of(credit_score_id).version, **usual.get(act, {}), **fields}
    return f"/credit-scores/{credit_score_id}/{act}", form


def press(browser: Browser, act: str, credit_score_id: UUID, **fields: Any) -> TestResponse:
    """Send a form of the score's page."""
    url, form = form_of(act, credit_score_id, **fields)
    return browser.post(url, **form)


def let_pass(seconds: float, credit_score_id: UUID) -> None:
    """Since the decision on this score, so many seconds more have passed."""
    db.session.rollback()
    db.session.execute(
        text(
            "UPDATE credit_scores SET decided_at = decided_at - make_interval(secs => :seconds)"
            " WHERE credit_score_id = :id"
        ),
        {"seconds": seconds, "id": credit_score_id},
    )
    db.session.commit()


def differences() -> list[Any]:
    """What the daily proof finds."""
    found = list(reconciling.differences())
    db.session.rollback()
    return found


def traces(superuser: Engine) -> dict[str, list[Any]]:
    """Every row that a decision could leave anywhere, to compare before with after."""
    with superuser.connect() as connection:
        return {
            table: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY t::text")))
            for table in TABLES
        }
