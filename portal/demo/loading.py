"""Puts the demo's data into the stores: images and messages first, then all rows in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from portal import risk_levels
from portal.auth.models import Account, StaffMember
from portal.credit_scores.models import CreditScore
from portal.demo.checks import Check, illustrated, numbers_of_several
from portal.demo.loans import Story, loans
from portal.demo.messages import messages
from portal.demo.people import Customer, customers
from portal.demo.pictures import draw
from portal.demo.sent import lives, of_loans
from portal.demo.settled import settled
from portal.demo.staff import RINA, STAFF
from portal.demo.waiting import waiting
from portal.kyc.models import KycCheck, KycDecision
from portal.loans.models import Loan
from portal.notifications.models import ATTEMPTS, COLLECTION, Notification
from portal.risk_levels.models import COLLECTION as EVALUATIONS
from portal.shared.database import Base, db, transaction
from portal.shared.mongo import mongo
from portal.users.models import Profile

TABLES: tuple[type[Base], ...] = (Account, Profile, KycCheck, Loan, CreditScore)


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything the demo consists of, at a moment."""

    at: datetime
    customers: list[Customer]
    checks: list[Check]
    messages: list[Notification]
    attempts: list[dict[str, Any]]
    loans: list[Story]

    @classmethod
    def of(cls, at: datetime) -> "Demo":
        people = customers(at)
        checks = illustrated([*waiting(people, at), *settled(people, at)])
        borrowed = list(loans(checks, at))
        told = list(lives([*messages(checks, at), *of_loans(borrowed, checks, at)], people, at))
        attempts = [attempt for _, tried in told for attempt in tried]
        return cls(at, people, checks, [message for message, _ in told], attempts, borrowed)


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
    for done, total in draw(demo.checks):
        if done % 20 == 0 or done == total:
            yield f"{done} of {total} pictures drawn"
    _write(COLLECTION, [message.to_document() for message in demo.messages])
    _write(ATTEMPTS, demo.attempts)
    yield f"{len(demo.messages)} messages written"
    yield f"{_write_evaluations(demo.loans)} vendors' evaluations written"
    with transaction() as session:
        _insert_people(session, demo)
        _insert_checks(session, demo)
        _insert_loans(session, demo)
    yield f"{len(demo.customers)} customers, {len(demo.checks)} identity checks and {len(demo.loans)} loans written"


def _insert_people(session: Session, demo: Demo) -> None:
    _insert(session, Account, [colleague.account_row(demo.at) for colleague in STAFF])
    _insert(session, Account, [customer.account_row() for customer in demo.customers])
    _insert(session, StaffMember, [colleague.member_row(demo.at) for colleague in STAFF])
    _insert(session, Profile, [customer.profile_row(demo.at) for customer in demo.customers])


def _insert_checks(session: Session, demo: Demo) -> None:
    several = numbers_of_several(demo.checks)
    _insert(session, KycCheck, [check.row(has_duplicate=check.number in several) for check in demo.checks])
    _insert(session, KycDecision, [row for check in demo.checks for row in check.decision_rows()])


def _insert_loans(session: Session, demo: Demo) -> None:
    for story in demo.loans:
        session.add_all(story.rows)
    session.flush()


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(model), rows)


def _write(collection: str, documents: list[dict[str, Any]]) -> None:
    """Each under its id, instead of what an interrupted run has left there."""
    mongo.database[collection].bulk_write(
        [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
    )


def _write_evaluations(stories: list[Story]) -> int:
    """Likewise; returns how many."""
    said = [evaluation for story in stories for evaluation in story.scoring.evaluations()]
    mongo.database[EVALUATIONS].delete_many({"_id": {"$in": [evaluation["evaluation_id"] for evaluation in said]}})
    for evaluation in said:
        risk_levels.take_in(**evaluation)
    return len(said)
