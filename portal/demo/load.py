"""Puts the demo's data into the stores: images and messages first, then all rows in one transaction."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ReplaceOne
from sqlalchemy import Select, insert, select

from portal import risk_levels
from portal.auth.models import Account, StaffMember
from portal.credit_scores.models import CreditScore
from portal.demo.checks import Check, illustrated, numbers_of_several
from portal.demo.decided import decided
from portal.demo.images import Specimen, document_front, selfie
from portal.demo.loans import DemoLoan, demo_loans
from portal.demo.messages import messages
from portal.demo.pending import pending
from portal.demo.people import Customer, customers
from portal.demo.staff import RINA, STAFF
from portal.kyc import store
from portal.kyc.models import KycCheck, KycDecision
from portal.loans.models import Loan
from portal.notifications.models import ATTEMPTS, COLLECTION, Notification
from portal.risk_levels.models import COLLECTION as EVALUATIONS
from portal.shared.database import Base, db, transaction
from portal.shared.errors import NotFound
from portal.shared.mongo import mongo
from portal.users.models import Profile

TABLES: tuple[type[Base], ...] = (Account, Profile, KycCheck, Loan, CreditScore)


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything the demo consists of, at a moment."""

    at: datetime
    customers: list[Customer]
    checks: list[Check]
    messages: list[tuple[Notification, list[dict[str, Any]]]]
    loans: list[DemoLoan]

    @classmethod
    def of(cls, at: datetime) -> "Demo":
        people = customers(at)
        checks = illustrated([*pending(people, at), *decided(people, at)])
        loans = list(demo_loans(checks, at))
        return cls(at, people, checks, list(messages(checks, loans, at)), loans)


def is_loaded() -> bool:
    """Whether the demo's accounts are there."""
    return _has_any(select(Account.auth_id).where(Account.auth_id == RINA))


def is_empty() -> bool:
    """Whether there is no business data in Postgres at all."""
    return not any(_has_any(select(1).select_from(table)) for table in TABLES)


def _has_any(rows: Select[Any]) -> bool:
    """Asked outside of any transaction: none may stay open during what follows."""
    with db.engine.connect() as connection:
        return connection.execute(rows.limit(1)).first() is not None


def load(demo: Demo) -> Iterator[str]:
    """Load it step by step, saying what is done; the rows come last and at once, so that a broken run leaves none."""
    yield f"{_keep_images(demo.checks)} images made"
    _write(COLLECTION, [message.to_document() for message, _ in demo.messages])
    _write(ATTEMPTS, [attempt for _, attempts in demo.messages for attempt in attempts])
    yield f"{len(demo.messages)} messages written"
    evaluations = [said for loan in demo.loans for said in loan.scoring.evaluations]
    mongo.database[EVALUATIONS].delete_many({"_id": {"$in": [said["evaluation_id"] for said in evaluations]}})
    for said in evaluations:
        risk_levels.take_in(**said)
    yield f"{len(evaluations)} vendors' evaluations written"
    several = numbers_of_several(demo.checks)
    with transaction() as session:
        for model, rows in (
            (Account, [colleague.account_row(demo.at) for colleague in STAFF]),
            (Account, [customer.account_row() for customer in demo.customers]),
            (StaffMember, [colleague.member_row(demo.at) for colleague in STAFF]),
            (Profile, [customer.profile_row(demo.at) for customer in demo.customers]),
            (KycCheck, [check.row(has_duplicate=check.number in several) for check in demo.checks]),
            (KycDecision, [row for check in demo.checks for row in check.decision_rows()]),
        ):
            session.execute(insert(model), rows)
        session.add_all(row for loan in demo.loans for row in loan.rows)
    yield f"{len(demo.customers)} customers, {len(demo.checks)} identity checks and {len(demo.loans)} loans written"


def _keep_images(checks: Sequence[Check]) -> int:
    """Put the images that the store lacks into it, as many at a time as there are processors; returns how many."""
    missing = [
        (check.kyc_id, side, specimen)
        for check in checks
        for side, specimen in (("front", check.front), ("selfie", check.selfie))
        if specimen and not _is_kept(check.kyc_id, side)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return len([*pool.map(_keep_image, missing)])


def _keep_image(image: tuple[UUID, str, Specimen]) -> None:
    kyc_id, side, specimen = image
    store.put(kyc_id, side, document_front(specimen) if side == "front" else selfie(specimen))


def _is_kept(kyc_id: UUID, side: str) -> bool:
    try:
        store.get(f"kyc/{kyc_id}/{side}.jpg")
    except NotFound:
        return False
    return True


def _write(collection: str, documents: list[dict[str, Any]]) -> None:
    """Each under its id, instead of what an interrupted run has left there."""
    mongo.database[collection].bulk_write(
        [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
    )
