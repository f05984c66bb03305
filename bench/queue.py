"""The pages of the identity checks' queue, what each may cost, and what it does."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine, insert, text

from bench.plans import captured, entries_by_table, generic_plan_of, most_counted, plan_of, reads_of
from portal.auth.models import Account, StaffMember
from portal.demo.staff import DIAN, RINA, STAFF
from portal.shared import clock
from portal.shared.pagination import PAGE_SIZE, Cursor

MOST_STATEMENTS = 6
MOST_ENTRIES = PAGE_SIZE + 1
MOST_COUNTED = 1001

FILTERS: dict[str, dict[str, str]] = {
    "waiting": {},
    "waiting, SIM": {"document_type": "sim"},
    "waiting, flagged": {"flag": "duplicate"},
    "waiting, NPWP, flagged": {"document_type": "npwp", "flag": "duplicate"},
    "waiting, past target": {"age": "late"},
    "waiting, past target, KTP, flagged": {"age": "late", "document_type": "ktp", "flag": "duplicate"},
    "waiting 4 to 8 hours": {"age": "4-8"},
    "waiting less than 1 hour, SIM": {"age": "0-1", "document_type": "sim"},
    "held by me": {"held": "me"},
    "held by me, KTP": {"held": "me", "document_type": "ktp"},
    "verified": {"status": "verified"},
    "verified, SIM, flagged": {"status": "verified", "document_type": "sim", "flag": "duplicate"},
    "rejected": {"status": "rejected"},
    "rejected, NPWP": {"status": "rejected", "document_type": "npwp"},
    "expired": {"status": "expired"},
    "expired, flagged": {"status": "expired", "flag": "duplicate"},
}
Get = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one page costs: statements, the most entries that one of them read by table, the most that any counter
    read, and the median time.
    """

    statements: int
    entries: dict[str, int]
    counted: int
    milliseconds: float

    def problems(
        self,
        *,
        most_entries: int = MOST_ENTRIES,
        most_statements: int = MOST_STATEMENTS,
        most_counted: int = MOST_COUNTED,
    ) -> list[str]:
        """The bounds that it breaks."""
        found = [f"{table}: {entries:,} entries" for table, entries in self.entries.items() if entries > most_entries]
        if self.statements > most_statements:
            found.append(f"{self.statements} statements")
        if self.counted > most_counted:
            found.append(f"a counter: {self.counted:,} entries")
        return found


HOLD_ONE = text(
    """
    UPDATE user_kyc SET lease_holder = :by, lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour'
    WHERE kyc_id = (SELECT kyc_id FROM user_kyc WHERE status = 'pending' AND document_type = :document_type
                    ORDER BY created_at, kyc_id LIMIT 1)
    """
)
DECIDE_ONE = text(
    """
    INSERT INTO kyc_decisions (decision_id, kyc_id, verdict, decided_by, message_id)
    SELECT :by, kyc_id, 'verified', :by, :by FROM user_kyc WHERE status = 'verified' LIMIT 1
    ON CONFLICT (decision_id) DO UPDATE SET decided_at = clock_timestamp()
    WHERE kyc_decisions.decided_at < clock_timestamp() - interval '20 seconds'
    """
)


def hire(engine: Engine) -> None:
    """Let Rina of the demo sign in, who has made half of the seed's decisions."""
    rina = next(colleague for colleague in STAFF if colleague.auth_id == RINA)
    with engine.begin() as connection:
        connection.execute(insert(Account), rina.account_row(clock.now()))
        connection.execute(insert(StaffMember), rina.member_row(clock.now()))


def keep_busy(engine: Engine) -> None:
    """Rina and Dian hold one of the oldest checks each, and Rina has just decided another: no page can cost more."""
    with engine.begin() as connection:
        connection.execute(HOLD_ONE, {"by": RINA, "document_type": "ktp"})
        connection.execute(HOLD_ONE, {"by": DIAN, "document_type": "sim"})
        connection.execute(DECIDE_ONE, {"by": RINA})


def pages(connection: Connection, *, deep: int) -> Iterator[tuple[str, str]]:
    """A name and an address for each first page, for page ``deep`` both ways, and for pages 80 % down."""
    for name, query in FILTERS.items():
        yield name, _address(**query)
    for status in ("pending", "verified"):
        far = _count(connection, status) * 8 // 10 // PAGE_SIZE
        after, further = _cursor(connection, status, deep), _cursor(connection, status, far)
        yield f"{status}, page {deep:,}", _address(status=status, after=after)
        yield f"{status}, back to page {deep - 1:,}", _address(status=status, before=after)
        yield f"{status}, page {far:,} (80 % down)", _address(status=status, after=further)
    flagged = _cursor(connection, "pending", deep // 20, "AND has_duplicate")
    yield f"pending, flagged, page {deep // 20:,}", _address(flag="duplicate", after=flagged)


def cost(get: Get, address: str, engine: Engine, *, repeat: int) -> Cost:
    """Open a page some times; its statements are explained both for their parameters and for whatever parameters."""
    get(address)
    with captured(engine) as statements:
        get(address)
    times = [_milliseconds(get, address) for _ in range(repeat)]
    with engine.connect() as connection:
        plans = [plan(connection, statement) for statement in statements for plan in (plan_of, generic_plan_of)]
    reads = [reads_of(plan) for plan in plans]
    return Cost(
        len(statements),
        _most(map(entries_by_table, reads)),
        max(map(most_counted, reads)),
        statistics.median(times) if times else 0,
    )


def _most(entries: Iterable[dict[str, int]]) -> dict[str, int]:
    """The largest number by table."""
    most: dict[str, int] = {}
    for by_table in entries:
        most |= {table: max(most.get(table, 0), read) for table, read in by_table.items()}
    return dict(sorted(most.items()))


def _milliseconds(get: Get, address: str) -> float:
    started = time.perf_counter()
    get(address)
    return (time.perf_counter() - started) * 1000


def _address(**query: str) -> str:
    return f"/kyc?{urlencode(query)}"


def _count(connection: Connection, status: str) -> int:
    found = text("SELECT count(*) FROM user_kyc WHERE status = CAST(:status AS kyc_status)")
    return int(connection.execute(found, {"status": status}).scalar_one())


def _cursor(connection: Connection, status: str, page: int, narrowed: str = "") -> str:
    """The place after which that page of a list begins."""
    order = "" if status == "pending" else "DESC"
    row = connection.execute(
        text(
            f"SELECT created_at, kyc_id FROM user_kyc WHERE status = CAST(:status AS kyc_status) {narrowed}"
            f" ORDER BY created_at {order}, kyc_id {order} OFFSET :skipped LIMIT 1"
        ),
        {"status": status, "skipped": (page - 1) * PAGE_SIZE - 1},
    ).one()
    return str(Cursor(row.created_at, row.kyc_id))
