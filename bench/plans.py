"""Which statements a request runs, and how many rows and index entries Postgres reads for each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import Connection, Engine, event

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was sent, with its parameters."""

    text: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What one node of a plan read of a table: rows, or entries of an index, kept or thrown away.

    ``is_counter`` means that the rows were only counted, so that a cap bounds them and not the size of a page.
    """

    table: str
    index: str | None
    entries: int
    is_counter: bool


@contextmanager
def captured(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that this engine runs meanwhile, in their order."""
    statements: list[Statement] = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _is_many: bool) -> None:
        statements.append(Statement(text, dict(parameters or {})))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plan_of(connection: Connection, statement: Statement) -> dict[str, Any]:
    """The plan that Postgres makes for these very parameters, as it ran; what it wrote is rolled back."""
    with connection.begin() as attempt:
        explained = connection.exec_driver_sql(EXPLAIN + statement.text, statement.parameters or None).scalar_one()
        attempt.rollback()
    return _plan(explained)


def generic_plan_of(connection: Connection, statement: Statement) -> dict[str, Any]:
    """The plan for whatever parameters, which a connection may keep once it has run a statement a few times."""
    text, names = statement.text, list(statement.parameters)
    for place, name in enumerate(names, start=1):
        text = text.replace(f"%({name})s", f"${place}")
    values = f"({', '.join(f'%({name})s' for name in names)})" if names else ""
    driver: Any = connection.connection.driver_connection
    with connection.begin() as attempt, ClientCursor(driver) as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("PREPARE measured AS " + text.replace("%%", "%"))
        cursor.execute(f"{EXPLAIN} EXECUTE measured{values}", statement.parameters or None)
        (explained,) = cursor.fetchone() or [[]]
        cursor.execute("DEALLOCATE measured")
        attempt.rollback()
    return _plan(explained)


def reads_of(plan: dict[str, Any]) -> list[Read]:
    """What every scan of the plan read; CTEs and functions are no tables."""
    return list(_reads(plan, table=None, is_counter=False))


def entries_by_table(reads: Iterable[Read]) -> dict[str, int]:
    """The rows and index entries read of each table, those only counted left out."""
    entries: Counter[str] = Counter()
    for read in reads:
        if not read.is_counter:
            entries[read.table] += read.entries
    return dict(entries)


def most_counted(reads: Iterable[Read]) -> int:
    """The most entries that any one counter read."""
    return max((read.entries for read in reads if read.is_counter), default=0)


def _plan(explained: list[dict[str, Any]]) -> dict[str, Any]:
    plan: dict[str, Any] = explained[0]["Plan"]
    return plan


def _reads(node: dict[str, Any], *, table: str | None, is_counter: bool) -> Iterator[Read]:
    table = node.get("Relation Name", table)
    kind = node["Node Type"]
    if kind.endswith("Scan") and table and ("Relation Name" in node or kind == "Bitmap Index Scan"):
        yield Read(table, node.get("Index Name"), _entries(node), is_counter)
    below = is_counter or kind == "Aggregate"
    for child in node.get("Plans", []):
        yield from _reads(child, table=table, is_counter=below)


def _entries(node: dict[str, Any]) -> int:
    """For all loops; a bitmap's rows were counted as entries of its index, so that only lost ones count here."""
    lost: float = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    kept: float = 0 if node["Node Type"] == "Bitmap Heap Scan" else node["Actual Rows"]
    loops: int = node["Actual Loops"]
    return round((kept + lost) * loops)
