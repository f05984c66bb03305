"""The four homes, and the lists that only they lead to: what each may cost, and where to find them."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine, insert, text

from portal.auth.models import Account, StaffMember
from portal.demo.staff import BAGAS, MAYA, RINA, STAFF
from portal.shared import clock
from portal.shared.pagination import PAGE_SIZE, Cursor

LIMITS = {"most_statements": 10, "most_counted": 2_002}
"""A team's counter counts for each of its two people; no other goes beyond 1,001."""
MOST_ENTRIES = PAGE_SIZE + 1
OF_HALF = 3 * MOST_ENTRIES
"""Of somebody who made half of all decisions the planner may pass by the others' on the way."""
OF_REASONS = 1_000
"""So many rejections are looked through for a reason."""

REVIEWER, ANALYST, SUPPORT, ADMIN = (f"{name}@portal.example" for name in ("rina", "bagas", "maya", "adi"))


def hire(engine: Engine) -> None:
    """Let Maya of the demo sign in."""
    maya = next(colleague for colleague in STAFF if colleague.auth_id == MAYA)
    with engine.begin() as connection:
        connection.execute(insert(Account), maya.account_row(clock.now()))
        connection.execute(insert(StaffMember), maya.member_row(clock.now()))


def pages(connection: Connection, *, deep: int) -> Iterator[tuple[str, str, str, int]]:
    """Who opens it, a name, an address, and the most it may read of a table: homes and counters, then the lists."""
    for email in (REVIEWER, ANALYST, SUPPORT, ADMIN):
        name = email.split("@")[0]
        yield email, f"home of {name}", "/", MOST_ENTRIES
        yield email, f"counters of {name}", "/counters", MOST_ENTRIES
    week = str(clock.midnight(6).date())
    place = _decision(connection, deep)
    for name, query, most in (
        ("all", {}, MOST_ENTRIES),
        ("of one", {"by": str(RINA)}, OF_HALF),
        ("of one, lately", {"by": str(RINA), "from": week}, OF_HALF),
        ("for one reason", {"reason": "BLURRY"}, OF_REASONS),
        ("for a rare reason, of one", {"reason": "UNDER_AGE", "by": str(RINA)}, OF_REASONS),
        (f"page {deep:,}", {"after": place}, MOST_ENTRIES),
        (f"back to page {deep - 1:,}", {"before": place}, MOST_ENTRIES),
        (f"of one, page {deep:,}", {"by": str(RINA), "after": place}, OF_HALF),
    ):
        yield REVIEWER, f"decisions, {name}", f"/kyc/decisions?{urlencode(query)}", most
    place = _installment(connection, deep)
    for name, query in (
        ("first page", {}),
        (f"page {deep:,}", {"after": place}),
        (f"back to page {deep - 1:,}", {"before": place}),
    ):
        yield SUPPORT, f"overdue, {name}", f"/loans/overdue?{urlencode(query)}", MOST_ENTRIES
    decided = f"/credit-scores?{urlencode({'by': str(BAGAS)})}"
    yield ANALYST, "scores that one decided", decided, MOST_ENTRIES
    yield ANALYST, "scores that one decided lately", f"{decided}&from={week}", MOST_ENTRIES


def _decision(connection: Connection, page: int) -> str:
    found = text(
        "SELECT decided_at, decision_id FROM kyc_decisions WHERE undone_at IS NULL AND verdict <> 'expired'"
        " ORDER BY decided_at DESC, decision_id DESC OFFSET :skipped LIMIT 1"
    )
    return str(Cursor(*connection.execute(found, {"skipped": (page - 1) * PAGE_SIZE - 1}).one()))


def _installment(connection: Connection, page: int) -> str:
    found = text(
        "SELECT due_date, id FROM loans_payments WHERE status = 'overdue' ORDER BY due_date, id OFFSET :skipped LIMIT 1"
    )
    due_date, id_ = connection.execute(found, {"skipped": (page - 1) * PAGE_SIZE - 1}).one()
    return str(Cursor(datetime.combine(due_date, time(), UTC), id_))
