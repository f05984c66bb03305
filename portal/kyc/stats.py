"""Identity checks in numbers, on the timeline, and whether what a message told of one still holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from prometheus_client.core import GaugeMetricFamily

from portal.kyc.claims import checks, pages
from portal.kyc.models import KycStatus
from portal.kyc.queue import waiting_target
from portal.kyc.repository.numbers import NumberRepository
from portal.notifications import Statement, checks_of
from portal.shared import clock, metrics
from portal.shared.actor import Actor
from portal.shared.ages import Age, ages
from portal.shared.database import db
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening, newest_first

KINDS = {f"kyc-{status}": status for status in (KycStatus.VERIFIED, KycStatus.REJECTED, KycStatus.EXPIRED)}

repository = NumberRepository(db.session)


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


def queue_numbers(actor: Actor) -> QueueNumbers:
    """The queue and the reviewer's own day in one statement."""
    spans, now = ages(waiting_target()), clock.now()
    found = repository.numbers(spans, me=actor.id, now=now, today=clock.midnight())
    return QueueNumbers(
        found["waiting"],
        found["mine"],
        found["decided"],
        now - found["oldest"] if found["oldest"] else None,
        {age: found[f"age{place}"] for place, age in enumerate(spans)},
    )


@metrics.gauges.listen
def measure() -> Iterator[GaugeMetricFamily]:
    """How the queue stands, for the metrics."""
    age = repository.oldest_seconds()
    yield GaugeMetricFamily("portal_kyc_oldest_pending_seconds", "Age of the longest waiting check.", value=age)


def decided_today(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many each of these people decided today."""
    return repository.team(ids, clock.midnight())


def why_rejected(days: int) -> Mapping[str, int]:
    """How often each reason was given in the last days, today included, in the newest 1,000 rejections at most."""
    return repository.reasons(clock.midnight(days - 1))


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening]:
    """The newest submissions and decisions of a customer before a place, newest first."""
    submitted = [
        Happening(row.at, row.id, "kyc.submitted", row.kyc_id, facts={"document_type": row.document_type})
        for row in pages.submitted(user_id, before, limit)
    ]
    decided = [
        Happening(
            row.at, row.id, f"kyc.{row.verdict}", row.kyc_id, row.decided_by,
            {"document_type": row.document_type, "reason_codes": row.reason_codes, "is_undone": row.is_undone},
        )
        for row in pages.decided(user_id, before, limit)
    ]  # fmt: skip
    return list(islice(merge(submitted, decided, key=newest_first), limit))


def still_decided(told: Sequence[Statement]) -> list[bool]:
    """The check stands as it was decided then; of one that asks for another document, none came since."""
    ids = [UUID(each.context["kyc_id"]) if each.context.get("kyc_id") else None for each in told]
    now = {row.kyc_id: row for row in checks.statuses([kyc_id for kyc_id in ids if kyc_id])}
    return [_holds(now.get(kyc_id), KINDS[each.message]) for kyc_id, each in zip(ids, told, strict=True)]


def _holds(row: Any, status: KycStatus) -> bool:
    return row is not None and row.status is status and (status is KycStatus.VERIFIED or not row.is_followed)


checks_of.listen(dict.fromkeys(KINDS, still_decided).get)
