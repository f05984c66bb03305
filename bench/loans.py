"""The pages of the loans, what each may cost, and where to find them."""

from collections.abc import Iterator
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine, insert, text

from portal.auth.models import Account, StaffMember
from portal.demo.staff import BAGAS, STAFF
from portal.loans.models import MAX_TENOR
from portal.shared import clock
from portal.shared.pagination import PAGE_SIZE, Cursor

MOST_STATEMENTS_OF_A_LOAN = 10
# A capped counter may read the table itself where most rows are what it counts.
MOST_COUNTED = 2_000
MOST_ENTRIES_OF_A_LOAN = MAX_TENOR + 1

FILTERS: dict[str, dict[str, str]] = {
    "all": {},
    "approved": {"status": "approved"},
    "pending, 12 months": {"status": "pending", "tenor": "12"},
    "6 months": {"tenor": "6"},
}


def hire(engine: Engine) -> None:
    """Let Bagas of the demo sign in."""
    bagas = next(colleague for colleague in STAFF if colleague.auth_id == BAGAS)
    with engine.begin() as connection:
        connection.execute(insert(Account), bagas.account_row(clock.now()))
        connection.execute(insert(StaffMember), bagas.member_row(clock.now()))


def lists(connection: Connection, *, deep: int) -> Iterator[tuple[str, str]]:
    """A name and an address for first pages, for page ``deep`` both ways, for dates, and for one customer."""
    for name, query in FILTERS.items():
        yield name, _address(**query)
    after = _cursor(connection, deep)
    yield f"page {deep:,}", _address(after=after)
    yield f"back to page {deep - 1:,}", _address(before=after)
    middle = connection.execute(text("SELECT created_at::date, user_id FROM loans ORDER BY loan_id LIMIT 1")).one()
    yield "one month", _address(**{"from": str(middle[0].replace(day=1)), "to": str(middle[0].replace(day=28))})
    yield "one customer", _address(user=str(middle[1]))


def page(connection: Connection) -> str:
    """The address of an approved loan of twelve months."""
    found = text("SELECT loan_id FROM loans WHERE status = 'approved' AND tenor_month = 12 ORDER BY loan_id LIMIT 1")
    return f"/loans/{connection.execute(found).scalar_one()}"


def _address(**query: str) -> str:
    return f"/loans?{urlencode(query)}"


def _cursor(connection: Connection, page: int) -> str:
    row = connection.execute(
        text("SELECT created_at, loan_id FROM loans ORDER BY created_at DESC, loan_id DESC OFFSET :skipped LIMIT 1"),
        {"skipped": (page - 1) * PAGE_SIZE - 1},
    ).one()
    return str(Cursor(row.created_at, row.loan_id))
