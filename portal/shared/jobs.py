"""Background jobs on the same Postgres, added inside the caller's transaction."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import procrastinate
import structlog
from flask import Flask
from procrastinate import JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.tasks import Task
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from portal.shared.database import db, require_transaction, transaction
from portal.shared.metrics import gauges

HEARTBEAT = 10.0
REQUEST_ID = "_request_id"

queue = procrastinate.App(connector=SyncPsycopgConnector())
# Adds jobs by the session's own connection; a worker's connector is asynchronous and cannot use that.
_by_connection = JobManager(SyncPsycopgConnector())


def defer(task: Task[..., Any, Any], *, key: UUID, after: timedelta | None = None, **arguments: Any) -> None:
    """Add a job to the caller's transaction: it exists when that commits, and never otherwise.

    ``key`` finds the job again for :func:`cancel`; ``after`` holds it back by database time.
    """
    session = require_transaction()
    due = session.execute(text(_DUE), {"after": after or timedelta()}).scalar_one()
    _add(task, session, arguments, queueing_lock=str(key), schedule_at=due)


def wake(task: Task[..., Any, Any], *, key: str, after: timedelta | None = None, **arguments: Any) -> None:
    """Have a job done in a transaction of its own, unless one of this ``key`` is waiting; two never run at once."""
    with suppress(AlreadyEnqueued), transaction() as session:
        due = session.execute(text(_DUE), {"after": after or timedelta()}).scalar_one() if after else None
        if session.execute(text(_WAITS), {"key": key}).first() is None:
            _add(task, session, arguments, lock=key, queueing_lock=key, schedule_at=due)


def _add(task: Task[..., Any, Any], session: Session, arguments: dict[str, Any], **options: Any) -> None:
    """By the session's own connection; inside a worker the queue's connector could not use it."""
    connection = session.connection().connection.driver_connection
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        arguments[REQUEST_ID] = request_id
    deferrer = task.configure(connection=connection, **options)
    deferrer.job_manager = _by_connection
    deferrer.defer(**arguments)


def cancel(key: UUID) -> bool:
    """Delete a job nobody has started yet, in the caller's transaction; False when it is too late."""
    return require_transaction().execute(text(_CANCEL), {"key": str(key)}).first() is not None


_DUE = "SELECT clock_timestamp() + CAST(:after AS interval)"
_WAITS = "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo'"
_NUMBERS = (
    "SELECT task_name, status::text AS status, count(*) AS number,"
    " coalesce(extract(epoch FROM max(now() - coalesce(scheduled_at, now()))), 0) AS late"
    " FROM procrastinate_jobs GROUP BY task_name, status"
)
_CANCEL = (
    "WITH waiting AS MATERIALIZED"
    " (SELECT id FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo' FOR UPDATE)"
    " SELECT procrastinate_cancel_job_v1(id, false, true) FROM waiting"
)


@gauges.listen
def measure() -> Iterator[GaugeMetricFamily]:
    """How the queue stands, by task and state."""
    number = GaugeMetricFamily("portal_jobs", "Jobs in the queue.", labels=["task", "status"])
    late = GaugeMetricFamily(
        "portal_jobs_oldest_seconds", "How long the longest waiting job is due.", labels=["task", "status"]
    )
    for row in db.session.execute(text(_NUMBERS)):
        number.add_metric([row.task_name, row.status], row.number)
        late.add_metric([row.task_name, row.status], max(float(row.late), 0))
    yield number
    yield late


def within(app: Flask) -> Callable[..., Any]:
    """Middleware: a job runs in an application context of its own, and logs the id of the request that asked for it."""

    def run(call_next: Callable[[], Any], context: JobContext, worker: Any) -> Any:
        request_id = context.job.task_kwargs.pop(REQUEST_ID, None)
        known = {"request_id": request_id} if request_id else {}
        with (
            app.app_context(),
            structlog.contextvars.bound_contextvars(job=context.job.id, task=context.job.task_name, **known),
        ):
            return call_next()

    return run


def run_worker(app: Flask, *, name: str, concurrency: int = 4) -> None:
    """Work off jobs until told to stop; each one in an application context of its own."""

    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    connector = PsycopgConnector(conninfo=url.render_as_string(hide_password=False))
    with queue.replace_connector(connector):
        queue.run_worker(
            name=name,
            concurrency=concurrency,
            task_middleware=[within(app)],
            delete_jobs="successful",
            fetch_job_polling_interval=1.0,
            shutdown_graceful_timeout=10.0,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=3 * HEARTBEAT,
        )


@queue.periodic(cron="* * * * *")
@queue.task(name="jobs.retry-stalled", queueing_lock="jobs.retry-stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Give the jobs of a worker that died to another one."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=3 * HEARTBEAT):
        with suppress(ConnectorException):  # its worker was slow, not dead, and has ended it meanwhile
            try:
                await manager.retry_job(job)
            except UniqueViolation:  # another of the same key waits already
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)
