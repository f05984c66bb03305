"""Sessions and one-time links that ended long ago leave the tables; what happened in them stays in the audit trail."""

from datetime import timedelta

from portal.auth.service import sessions, staff
from portal.shared.database import transaction
from portal.shared.jobs import queue

KEPT = timedelta(days=7)


@queue.periodic(cron="7 * * * *")
@queue.task(name="auth.tidy", queueing_lock="auth.tidy")
def tidy(timestamp: int) -> None:
    with transaction():
        sessions.forget(KEPT)
        staff.forget_tokens(KEPT)
