"""The reviewers' work in numbers, for their home page, and the decisions behind those numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client.core import GaugeMetricFamily

from portal import auth, users
from portal.kyc import browsing
from portal.kyc.browsing import QueueRow
from portal.kyc.models import DecisionFilters, DocumentType, KycStatus
from portal.kyc.reasons import REASONS
from portal.kyc.tallying import Tallies
from portal.shared import clock, metrics
from portal.shared.actor import Actor
from portal.shared.ages import Age, ages
from portal.shared.database import db
from portal.shared.pagination import Cursor, Page, Slice
from portal.users import Person

tallies = Tallies(db.session)


@dataclass(frozen=True, slots=True)
class QueueNumbers:
    """What waits, for how long, and what this reviewer did today; no count goes beyond 1,001."""

    waiting: int
    mine: int
    decided: int
    oldest: timedelta | None
    ages: dict[Age, int]

    @property
    def late(self) -> int:
        return next(number for age, number in self.ages.items() if age.is_late)


@dataclass(frozen=True, slots=True)
class Made:
    """A decision in force; ``reasons`` are msgids."""

    decision_id: UUID
    kyc_id: UUID
    customer: Person
    document_type: DocumentType
    verdict: KycStatus
    reasons: list[str]
    decided_by: str | None
    decided_at: datetime


def queue_numbers(actor: Actor) -> QueueNumbers:
    """The queue and the reviewer's own day in one statement."""
    spans, now = ages(browsing.waiting_target()), clock.now()
    found = tallies.numbers(spans, me=actor.id, now=now, today=clock.midnight())
    return QueueNumbers(
        found["waiting"],
        found["mine"],
        found["decided"],
        now - found["oldest"] if found["oldest"] else None,
        {age: found[f"age{place}"] for place, age in enumerate(spans)},
    )


def oldest_waiting(actor: Actor, most: int) -> Sequence[QueueRow]:
    """The first of the queue."""
    return browsing.first(most, actor=actor)


@metrics.gauges.listen
def measure() -> Iterator[GaugeMetricFamily]:
    """How the queue stands, for the metrics."""
    age = tallies.oldest_seconds()
    yield GaugeMetricFamily("portal_kyc_oldest_pending_seconds", "Age of the longest waiting check.", value=age)


def decided_today(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many each of these people decided today."""
    return tallies.team(ids, clock.midnight())


def why_rejected(days: int) -> Mapping[str, int]:
    """How often each reason was given in the last days, today included, in the newest 1,000 rejections at most."""
    return tallies.reasons(clock.midnight(days - 1))


def decisions(filters: DecisionFilters, part: Slice) -> Page[Made]:
    """A page of the decisions in force, newest first."""
    page = Page.of(tallies.page(filters, part), part, lambda row: Cursor(row.decided_at, row.decision_id))
    people = users.names_of(row.user_id for row in page.rows)
    staff = auth.names_of({row.decided_by for row in page.rows if row.decided_by})
    rows = [
        Made(
            row.decision_id,
            row.kyc_id,
            people[row.user_id],
            row.document_type,
            row.verdict,
            [REASONS[code].label for code in row.reason_codes],
            staff.get(row.decided_by),
            row.decided_at,
        )
        for row in page.rows
    ]
    return Page(rows, page.before, page.after)


def name_of(auth_id: UUID) -> str:
    """A colleague's name; empty when there is no such person."""
    return auth.names_of({auth_id}).get(auth_id, "")
