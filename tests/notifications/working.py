"""The job queue as tests see it: what waits in it, and a real worker that does it."""

from typing import Any

from flask import Flask
from procrastinate import PsycopgConnector
from sqlalchemy import make_url, text

from portal.shared.database import db
from portal.shared.jobs import queue, within
from portal.shared.mongo import mongo

MESSAGES = "notifications.write"


def waiting(task: str = MESSAGES) -> list[dict[str, Any]]:
    """The jobs of a task with their status, attempts and arguments, oldest first."""
    found = db.session.execute(
        text("SELECT status, attempts, scheduled_at, args FROM procrastinate_jobs WHERE task_name = :task ORDER BY id"),
        {"task": task},
    )
    jobs = [dict(row) for row in found.mappings()]
    db.session.rollback()
    return jobs


def release_all() -> None:
    """Let the time pass for which jobs are held back."""
    db.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))
    db.session.commit()


def work_off(app: Flask) -> None:
    """Let a worker do every job that is due, and stop."""

    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    with queue.replace_connector(PsycopgConnector(conninfo=url.render_as_string(hide_password=False))):
        queue.run_worker(
            name="tests",
            wait=False,
            queues=["default"],
            task_middleware=[within(app)],
            delete_jobs="successful",
            listen_notify=False,
            install_signal_handlers=False,
        )


def written() -> list[dict[str, Any]]:
    """Every message in Mongo, oldest first."""
    return list(mongo.database["notifications_collection"].find().sort("created_at"))
