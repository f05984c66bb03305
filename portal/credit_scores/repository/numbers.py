"""Pending scores and people's decisions in numbers, none beyond 1,001."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import scoped_session

from portal.credit_scores.models import IS_DECIDED, TURNS
from portal.shared.ages import Age
from portal.shared.counting import capped
from portal.shared.vocabulary import RiskLevel

_COUNTED = ("analyst", "ready", "manual", "services")
_TEAM = (
    "SELECT id, "  # noqa: S608  the rules are constants
    + capped("credit_scores", f"{IS_DECIDED} AND decided_by = id AND decided_at >= :since")
    + " AS number FROM unnest(CAST(:ids AS uuid[])) id"
)


@cache
def _numbers(spans: int) -> TextClause:
    """The numbers with those of so many spans; the last one has no beginning, as it is past the target."""
    waits = TURNS["analyst"]
    counted = {name: capped("credit_scores", TURNS[name]) for name in _COUNTED}
    counted |= {f"{level}_risk": capped("credit_scores", f"{waits} AND risk_level = '{level}'") for level in RiskLevel}
    mine = f"{IS_DECIDED} AND decided_by = :me AND decided_at >= :today"
    counted["decided"] = capped("credit_scores", mine)
    for n in range(spans):
        until = f" AND created_at <= :until{n}" if n else ""
        since = f" AND created_at > :since{n}" if n < spans - 1 else ""
        counted[f"age{n}"] = capped("credit_scores", f"{waits}{until}{since}")
    first = f"(SELECT created_at FROM credit_scores WHERE {waits} ORDER BY created_at, credit_score_id LIMIT 1)"  # noqa: S608
    return text("SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in {**counted, "oldest": first}.items()))


class NumberRepository:
    """``credit_scores`` in numbers."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def numbers(self, spans: Sequence[Age], *, me: UUID, now: datetime, today: datetime) -> Mapping[str, Any]:
        bounds = {f"since{n}": age.since(now) for n, age in enumerate(spans)}
        bounds |= {f"until{n}": age.until(now) for n, age in enumerate(spans)}
        given = {name: at for name, at in bounds.items() if at is not None}
        return self.session.execute(_numbers(len(spans)), {"me": me, "today": today, **given}).one()._asdict()

    def team(self, ids: Sequence[UUID], since: datetime) -> dict[UUID, int]:
        """How many each of these people decided since then."""
        rows = self.session.execute(text(_TEAM), {"ids": list(ids), "since": since})
        return {row.id: row.number for row in rows}
