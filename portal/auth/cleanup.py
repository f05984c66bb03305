"""Sessions and one-time links that ended long ago leave the tables; what happened in them stays in the audit trail."""

from datetime import timedelta

from portal.auth.repository import auth_sessions, staff_tokens
from portal.shared.database import transaction
from portal.shared.jobs import queue

KEPT = timedelta(days=7)


@queue.periodic(cron="7 * * * *")
@queue.task(name="auth.tidy", queueing_lock="auth.tidy")
def tidy(timestamp: int) -> None:
    with transaction():
        auth_sessions.forget(KEPT)
        staff_tokens.forget(KEPT)
