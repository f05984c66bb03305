"""A reviewer's desk: what he does there through the pages, and what it leaves behind."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from portal.kyc.models import KycCheck, KycDecision
from portal.shared.database import db
from tests.client import Browser

CHECKLIST = ("readable", "right_type", "name_matches", "same_person", "not_altered")
YES = {f"checks-{name}": "yes" for name in CHECKLIST}
UNREADABLE = {"number_unreadable": "y"}
TRACES = ("user_kyc", "kyc_decisions", "audit_events", "commands", "procrastinate_jobs", "procrastinate_events")


def check_of(kyc_id: UUID) -> KycCheck:
    """The check as it stands now."""
    db.session.rollback()
    found = db.session.get(KycCheck, kyc_id, populate_existing=True)
    assert found
    return found


def held(kyc_id: UUID) -> dict[str, str]:
    """The fields that the page of a held check carries."""
    check = check_of(kyc_id)
    return {"version": str(check.version), "lease_token": str(check.lease_token)}


def claim(browser: Browser, kyc_id: UUID, **fields: Any) -> TestResponse:
    return browser.post(f"/kyc/{kyc_id}/claim", **fields)


def verify(browser: Browser, kyc_id: UUID, **fields: Any) -> TestResponse:
    """Press Verify with every check answered Yes and the number marked unreadable, unless said otherwise."""
    page = {} if "version" in fields else held(kyc_id)
    return browser.post(f"/kyc/{kyc_id}/verify", **{**YES, **UNREADABLE, **page, **fields})


def reject(browser: Browser, kyc_id: UUID, *codes: str, **fields: Any) -> TestResponse:
    page = {} if "version" in fields else held(kyc_id)
    return browser.post(f"/kyc/{kyc_id}/reject", **{**page, "reason_codes": list(codes), **fields})


def undo(browser: Browser, kyc_id: UUID, **fields: Any) -> TestResponse:
    return browser.post(f"/kyc/{kyc_id}/undo", **fields)


def place_of(page: str) -> str:
    """Where Skip goes on, as the page says it."""
    found = re.search(r'name="after" value="([^"]+)"', page)
    assert found
    return found[1]


def decisions(kyc_id: UUID) -> Sequence[KycDecision]:
    """Every decision ever made on a check, oldest first."""
    db.session.rollback()
    return db.session.query(KycDecision).filter_by(kyc_id=kyc_id).order_by(KycDecision.decided_at).all()


def let_lease_run_out(kyc_id: UUID) -> None:
    _sql("UPDATE user_kyc SET lease_until = clock_timestamp() - interval '1 second' WHERE kyc_id = :id", id=kyc_id)


def let_pass(span: timedelta, kyc_id: UUID) -> None:
    """Since the decision on this check, ``span`` more has passed."""
    _sql("UPDATE kyc_decisions SET decided_at = decided_at - :span WHERE kyc_id = :id", id=kyc_id, span=span)


def traces(superuser: Engine) -> dict[str, list[Any]]:
    """Every row that a decision could leave anywhere, to compare before with after."""
    with superuser.connect() as connection:
        return {
            table: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY t::text")))
            for table in TRACES
        }


def _sql(statement: str, **values: Any) -> None:
    db.session.rollback()
    db.session.execute(text(statement), values)
    db.session.commit()
