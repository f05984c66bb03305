"""The trail in numbers, for homes and metrics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily

from portal.audit.chain import Checked, last_checked
from portal.audit.repository import events, seals
from portal.shared import clock, metrics

SEAL_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """Until when the trail is sealed, since when an event waits for its seal, and what the daily walk found."""

    sealed_at: datetime | None
    waits_since: datetime | None
    checked: Checked | None

    @property
    def is_behind(self) -> bool:
        """Whether an event waits for longer than the job that seals every minute can explain."""
        return self.waits_since is not None and clock.now() - self.waits_since > SEAL_TIMEOUT


def counts_today(actions: Sequence[str]) -> Mapping[str, int]:
    """How often each of these actions happened today, counted up to 1,001."""
    return events.since(clock.midnight(), actions)


def chain_health() -> ChainHealth:
    """How the chain stands; nothing is walked, which a job does once a day."""
    return ChainHealth(**seals.health()._mapping, checked=last_checked())


@metrics.gauges.listen
def measure() -> Iterator[GaugeMetricFamily]:
    """What the newest daily walk found."""
    last = last_checked()
    yield GaugeMetricFamily(
        "portal_audit_chain_broken",
        "1 when the daily walk found the trail's chain broken.",
        value=float(last is not None and last.is_broken),
    )
