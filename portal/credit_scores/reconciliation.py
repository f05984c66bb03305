"""The daily proof that a score's decision and its loan's status never differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit, loans
from portal.credit_scores.entries import scores
from portal.shared import clock
from portal.shared.actor import PORTAL
from portal.shared.database import hold_still
from portal.shared.jobs import queue
from portal.shared.vocabulary import Decision

ACTION = "credit-scores.reconciled"


def differences() -> Iterator[tuple[UUID, Decision, Decision | None]]:
    """Every loan whose credit decision is not its status: its id, the decision, and the status (None: no such loan)."""
    hold_still()
    for batch in scores.decisions():
        terms = loans.terms_of([row.loan_id for row in batch])
        for row in batch:
            status = terms[row.loan_id].status if row.loan_id in terms else None
            if row.decision != status:
                yield row.loan_id, row.decision, status


@dataclass(frozen=True, slots=True)
class Checked:
    """What the daily proof found last, and when."""

    at: datetime
    differences: int


def last_reconciled() -> Checked | None:
    """The newest daily proof; None before the first."""
    found = audit.last_recorded(ACTION)
    return Checked(found[0], found[1]["differences"]) if found else None


def check() -> None:
    """Count the differences; the trail keeps the number for the administrators' home."""
    audit.note(ACTION, None, actor=PORTAL, differences=sum(1 for _ in differences()))


@queue.periodic(cron="*/15 * * * *")
@queue.task(name="credit-scores.reconcile", queueing_lock="credit-scores.reconcile")
def reconcile_job(timestamp: int) -> None:
    """Once a WIB day, as early as it can, so that it catches up by itself after downtime."""
    last = last_reconciled()
    if last is None or last.at.astimezone(clock.WIB).date() < clock.today():
        check()
