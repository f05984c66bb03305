"""The pages of the credit scores, and where to find them; they may cost what those of the loans may."""

from collections.abc import Iterator
from urllib.parse import urlencode

from sqlalchemy import Connection, text

from portal.shared.pagination import PAGE_SIZE, Cursor

FILTERS: dict[str, dict[str, str]] = {
    "waiting for an analyst": {},
    "waiting for scores": {"turn": "services"},
    "manual score missing": {"missing": "manual"},
    "external score missing": {"missing": "external"},
    "past target": {"age": "late"},
    "low risk, to decide": {"risk_level": "low"},
    "approved": {"decision": "approved"},
    "rejected, high risk": {"decision": "rejected", "risk_level": "high"},
}


def lists(connection: Connection, *, deep: int) -> Iterator[tuple[str, str]]:
    """A name and an address for first pages, and for page ``deep`` of the approved ones both ways."""
    for name, query in FILTERS.items():
        yield name, _address(**query)
    after = _cursor(connection, deep)
    yield f"approved, page {deep:,}", _address(decision="approved", after=after)
    yield f"approved, back to page {deep - 1:,}", _address(decision="approved", before=after)
    yield f"low risk, page {deep:,}", _address(decision="approved", risk_level="low", after=after)


def page(connection: Connection) -> str:
    """The address of a pending score."""
    found = text("SELECT credit_score_id FROM credit_scores WHERE decision = 'pending' ORDER BY loan_id LIMIT 1")
    return f"/credit-scores/{connection.execute(found).scalar_one()}"


def _address(**query: str) -> str:
    return f"/credit-scores?{urlencode(query)}"


def _cursor(connection: Connection, page: int) -> str:
    row = connection.execute(
        text(
            "SELECT created_at, credit_score_id AS id FROM credit_scores WHERE decision = 'approved'"
            " ORDER BY created_at DESC, credit_score_id DESC OFFSET :skipped LIMIT 1"
        ),
        {"skipped": (page - 1) * PAGE_SIZE - 1},
    ).one()
    return str(Cursor(row.created_at, row.id))
