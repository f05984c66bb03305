"""Vendors' raw answers as tests speak of them: as they lie in Mongo, and as an analyst asks for one."""

import base64
from typing import Any
from uuid import UUID

from bson import Binary
from werkzeug.test import TestResponse

from portal.credit_scores.models import CreditScore
from portal.risk_levels import REVEAL_REASONS
from portal.risk_levels.models import COLLECTION
from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.shared.vault import COLLECTION as VAULT
from portal.shared.vault import FieldKey
from tests.client import Browser
from tests.factories import make_evaluation, make_score

REASON = next(iter(REVEAL_REASONS))


def make_answer(**given: Any) -> tuple[UUID, UUID]:
    """An evaluation of a loan that has a score; returns the score's id and the evaluation's."""
    credit_score_id = make_score(**{name: given.pop(name) for name in ("user_id",) if name in given})
    return credit_score_id, make_evaluation(loan_id=loan_of(credit_score_id), **given)


def loan_of(credit_score_id: UUID) -> UUID:
    loan_id = db.session.scalar(db.select(CreditScore.loan_id).where(CreditScore.credit_score_id == credit_score_id))
    db.session.rollback()
    assert loan_id
    return loan_id


def document(evaluation_id: UUID) -> dict[str, Any]:
    """An evaluation as Mongo keeps it."""
    found = mongo.database[COLLECTION].find_one({"_id": evaluation_id})
    assert found
    return found


def put(evaluation_id: UUID, raw_score: bytes) -> None:
    """Lay something else where the ciphertext was, as whoever may write to Mongo could."""
    mongo.database[COLLECTION].update_one({"_id": evaluation_id}, {"$set": {"raw_score": Binary(raw_score, 6)}})


def data_keys() -> list[dict[str, Any]]:
    return list(mongo.database[VAULT].find())


def own_key(name: str, byte: int) -> FieldKey:
    """A key of our own, 96 times that byte."""
    return FieldKey(f"local:{name}", {"key": bytes([byte]) * 96})


def setting(name: str, byte: int) -> str:
    """The same as FIELD_KEYS names it."""
    return f"{name}={base64.b64encode(bytes([byte]) * 96).decode()}"


def ask(browser: Browser, evaluation_id: UUID, **fields: Any) -> TestResponse:
    """Ask for the raw answer and say why."""
    return browser.post(f"/risk-evaluations/{evaluation_id}/reveal", **{"reason": REASON, **fields})
