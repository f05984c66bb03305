"""The pages of the credit scores, and where to find them; they may cost what those of the loans may."""

from collections.abc import Iterator
from urllib.parse import urlencode

from sqlalchemy import Connection, text

from portal.credit_scores.models import TURNS
from portal.shared.pagination import PAGE_SIZE, Cursor

FILTERS: dict[str, dict[str, str]] = {
    "waiting for an analyst": {},
    "waiting for scores": {"turn": "services"},
    "internal score missing": {"missing": "internal"},
    "manual score missing": {"missing": "manual"},
    "external score missing": {"missing": "external"},
    "nothing missing": {"missing": "none"},
    "past target": {"age": "late"},
    "waiting 4 to 8 hours": {"age": "4-8"},
    "waiting for scores, past target": {"turn": "services", "age": "late"},
    "low risk, to decide": {"risk_level": "low"},
    "medium risk, to decide": {"risk_level": "medium"},
    "high risk, past target": {"risk_level": "high", "age": "late"},
    "approved": {"decision": "approved"},
    "rejected": {"decision": "rejected"},
    "rejected, high risk": {"decision": "rejected", "risk_level": "high"},
}

IS_APPROVED = "decision = 'approved'"
LONG: tuple[tuple[str, dict[str, str], str], ...] = (
    ("to decide", {}, TURNS["analyst"]),
    ("approved", {"decision": "approved"}, IS_APPROVED),
)


def lists(connection: Connection, *, deep: int) -> Iterator[tuple[str, str]]:
    """A name and an address for first pages, for page ``deep`` both ways, and for pages 80 % down."""
    for name, query in FILTERS.items():
        yield name, _address(**query)
    for name, query, where in LONG:
        far = _count(connection, where) * 8 // 10 // PAGE_SIZE
        after, further = _cursor(connection, where, deep), _cursor(connection, where, far)
        yield f"{name}, page {deep:,}", _address(**query, after=after)
        yield f"{name}, back to page {deep - 1:,}", _address(**query, before=after)
        yield f"{name}, page {far:,} (80 % down)", _address(**query, after=further)
    after = _cursor(connection, IS_APPROVED, deep)
    yield f"approved, low risk, page {deep:,}", _address(decision="approved", risk_level="low", after=after)


def page(connection: Connection) -> str:
    """The address of a pending score."""
    found = text("SELECT credit_score_id FROM credit_scores WHERE decision = 'pending' ORDER BY loan_id LIMIT 1")
    return f"/credit-scores/{connection.execute(found).scalar_one()}"


def _address(**query: str) -> str:
    return f"/credit-scores?{urlencode(query)}"


def _count(connection: Connection, where: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM credit_scores WHERE {where}")).scalar_one())


def _cursor(connection: Connection, where: str, page: int) -> str:
    """The place after which that page of a list begins."""
    order = "DESC" if where == IS_APPROVED else ""
    row = connection.execute(
        text(
            f"SELECT created_at, credit_score_id AS id FROM credit_scores WHERE {where}"
            f" ORDER BY created_at {order}, credit_score_id {order} OFFSET :skipped LIMIT 1"
        ),
        {"skipped": (page - 1) * PAGE_SIZE - 1},
    ).one()
    return str(Cursor(row.created_at, row.id))
