"""The customers' pages, and every kind of search."""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, insert, text

from bench.loans import MOST_COUNTED
from portal.auth.models import Account, StaffMember
from portal.demo.staff import STAFF
from portal.shared import clock
from portal.shared.pagination import PAGE_SIZE, Cursor

MOST_STATEMENTS = 16
MOST_ENTRIES = 120
# The index of trigrams looks at all that share some with a name, before 500 of them are ranked: the more, the commoner.
SHARE_OF_A_NAME = 0.05


def bounds(name: str, users: int) -> dict[str, int]:
    """What a page or search of this name may cost with so many customers."""
    most = int(users * SHARE_OF_A_NAME) if "name" in name and "beginning" not in name else MOST_ENTRIES
    return {"most_entries": most, "most_statements": MOST_STATEMENTS, "most_counted": MOST_COUNTED}


def hire(engine: Engine) -> None:
    """Let Adi of the demo sign in."""
    adi = next(colleague for colleague in STAFF if colleague.name == "adi")
    with engine.begin() as connection:
        connection.execute(insert(Account), adi.account_row(clock.now()))
        connection.execute(insert(StaffMember), adi.member_row(clock.now()))


def pages(connection: Connection, *, deep: int) -> Iterator[tuple[str, str]]:
    """A name and an address: the list at its beginning and far down, a customer, and his timeline."""
    yield "customers", "/customers"
    yield f"customers, page {deep:,}", f"/customers?after={_cursor(connection, deep)}"
    user_id = connection.execute(text("SELECT user_id FROM loans WHERE status = 'approved' LIMIT 1")).scalar_one()
    yield "one customer", f"/customers/{user_id}"
    yield "one customer, timeline", f"/customers/{user_id}/timeline"


def searches(connection: Connection) -> Iterator[tuple[str, str]]:
    """A name and a term for each kind of input."""
    columns = "id, email, phone_number, fullname"
    one = connection.execute(text(f"SELECT {columns} FROM user_profile ORDER BY id LIMIT 1")).one()
    first, *_, last = str(one.fullname).split()
    yield "a customer's id", str(one.id)
    yield "beginning of an id", str(one.id)[:8]
    yield "email", str(one.email).upper()
    yield "phone", "0" + str(one.phone_number)[3:]
    yield "name", str(one.fullname)
    yield "beginning of a name", str(one.fullname)[:3]
    yield "mistyped name", f"{first[:-1]}x {last}"
    yield "last name", last
    yield "nobody's name", "Xyzzy Qwertz"
    for table, column in (("loans", "loan_id"), ("user_kyc", "kyc_id"), ("credit_scores", "credit_score_id")):
        id_ = connection.execute(text(f"SELECT {column} FROM {table} ORDER BY {column} LIMIT 1")).scalar_one()
        yield f"{table} by id", str(id_)


def _cursor(connection: Connection, page: int) -> str:
    row = connection.execute(
        text("SELECT created_at, id FROM user_profile ORDER BY created_at DESC, id DESC OFFSET :skipped LIMIT 1"),
        {"skipped": (page - 1) * PAGE_SIZE - 1},
    ).one()
    return str(Cursor(row.created_at, row.id))
