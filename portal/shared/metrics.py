"""What the processes count, and what is measured when somebody asks.

Labels are route templates and enums, never an id and nothing of a person.
"""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from portal.shared.hooks import Hook

METHODS = {"GET", "HEAD", "POST"}

requests = Counter("portal_requests", "Requests answered.", ["route", "method", "status"])
latency = Histogram(
    "portal_request_seconds",
    "How long requests took.",
    ["route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
messages = Counter("portal_messages", "Tries to send a message, and how they ended.", ["channel", "outcome"])
gauges: Hook[[], Iterable[GaugeMetricFamily]] = Hook()
"""Asks for what stands in a store now, the same whichever process is asked."""


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    method = method if method in METHODS else "other"
    requests.labels(route, method, status).inc()
    latency.labels(route, method).observe(seconds)


def count_message(channel: str, outcome: str) -> None:
    """One more try to send a message; both words come from an enum."""
    messages.labels(channel, outcome).inc()
