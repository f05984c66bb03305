"""``/metrics`` for Prometheus: what the processes counted, and how the queues stand now."""

import hmac
import os
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from portal import config
from portal.shared.database import db
from portal.web.access import public

bp = Blueprint("metrics", __name__)

_JOBS = text(
    "SELECT task_name, status::text AS status, count(*) AS number,"
    " coalesce(extract(epoch FROM max(now() - coalesce(scheduled_at, now()))), 0) AS late"
    " FROM procrastinate_jobs GROUP BY task_name, status"
)
_BROKEN = text(
    "SELECT (details->>'is_broken')::boolean FROM audit_events WHERE action = 'audit.checked'"
    " ORDER BY at DESC, event_id DESC LIMIT 1"
)
_OLDEST_CHECK = text(
    "SELECT extract(epoch FROM now() - min(created_at)) FROM user_kyc WHERE status = 'pending' AND withdrawn_at IS NULL"
)


class Queues:
    """Gauges read from Postgres, the same whichever process is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        number = GaugeMetricFamily("portal_jobs", "Jobs in the queue.", labels=["task", "status"])
        late = GaugeMetricFamily(
            "portal_jobs_oldest_seconds", "How long the longest waiting job is due.", labels=["task", "status"]
        )
        for row in db.session.execute(_JOBS):
            number.add_metric([row.task_name, row.status], row.number)
            late.add_metric([row.task_name, row.status], max(float(row.late), 0))
        yield number
        yield late
        broken = float(db.session.scalar(_BROKEN) or False)
        yield GaugeMetricFamily(
            "portal_audit_chain_broken", "1 when the daily walk found the trail's chain broken.", value=broken
        )
        age = float(db.session.scalar(_OLDEST_CHECK) or 0)
        yield GaugeMetricFamily("portal_kyc_oldest_pending_seconds", "Age of the longest waiting check.", value=age)


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
