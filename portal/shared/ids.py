"""Ids as people type them: whole, or as much of one as a page shows."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.shared.database import db

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOWN = 8
_LEAST = "00000000-0000-0000-0000-000000000000"
_MOST = _LEAST.replace("0", "f")


def span(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin like this; None unless it is the beginning of one, 8 characters or more."""
    beginning = text.strip().lower()
    least, most = beginning + _LEAST[len(beginning) :], beginning + _MOST[len(beginning) :]
    if len(beginning) < SHOWN or not CANONICAL_UUID.fullmatch(least):
        return None
    return UUID(least), UUID(most)


def between(column: Any, least: UUID, most: UUID, limit: int, *rules: Any) -> list[UUID]:
    """The first ids of a table's column that lie between these, both included."""
    wanted = select(column).where(column.between(least, most), *rules).order_by(column).limit(limit)
    return list(db.session.scalars(wanted))
