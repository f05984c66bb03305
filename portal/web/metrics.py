"""``/metrics`` for Prometheus: what the processes counted, and how the queues stand now."""

import hmac
import os
from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from portal import config
from portal.shared.metrics import gauges
from portal.web.access import public

bp = Blueprint("metrics", __name__)


class Queues:
    """What the contexts and the job queue measure."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        return chain.from_iterable(gauges())


@bp.get("/metrics")
@public
def show() -> Response:
    token = config.current().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (token and hmac.compare_digest(given.encode(), token.encode())):
        abort(404)
    queues = CollectorRegistry()
    queues.register(Queues())
    return Response(generate_latest(_counted()) + generate_latest(queues), content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    """Of all processes on this machine where they share a folder, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
