"""The queue and the decisions in numbers; no count goes beyond 1,001."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import scoped_session

from portal.kyc.models import IS_LISTED, IS_MADE, IS_REJECTION, MAX_REJECTIONS
from portal.shared.ages import Age
from portal.shared.counting import capped

_WAITS = f"status = 'pending' AND {IS_LISTED}"
_OLDEST = f"SELECT extract(epoch FROM now() - min(created_at)) FROM user_kyc WHERE {_WAITS}"  # noqa: S608
_TEAM = (
    "SELECT id, "  # noqa: S608  the rules are constants
    + capped("kyc_decisions", f"{IS_MADE} AND decided_by = id AND decided_at >= :since")
    + " AS number FROM unnest(CAST(:ids AS uuid[])) id"
)
_REASONS = (
    "SELECT code, count(*) AS number FROM (SELECT reason_codes FROM kyc_decisions"  # noqa: S608
    f" WHERE {IS_REJECTION} AND decided_at >= :since"
    f" ORDER BY decided_at DESC, decision_id DESC LIMIT {MAX_REJECTIONS}) r,"
    " unnest(reason_codes) code GROUP BY code ORDER BY number DESC, code"
)


@cache
def _numbers(spans: int) -> TextClause:
    """The queue's numbers with those of so many spans; the last one has no beginning, as it is past the target."""
    counted = {
        "waiting": capped("user_kyc", _WAITS),
        "mine": capped("user_kyc", f"lease_holder = :me AND {_WAITS} AND lease_until > clock_timestamp()"),
        "decided": capped("kyc_decisions", f"{IS_MADE} AND decided_by = :me AND decided_at >= :today"),
        "oldest": f"(SELECT created_at FROM user_kyc WHERE {_WAITS} ORDER BY created_at, kyc_id LIMIT 1)",  # noqa: S608
        **{f"age{n}": capped("user_kyc", f"{_WAITS} AND {_spanned(n, spans)}") for n in range(spans)},
    }
    return text("SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in counted.items()))


def _spanned(number: int, spans: int) -> str:
    bounds = ([f"created_at <= :until{number}"] if number else []) + (
        [f"created_at > :since{number}"] if number < spans - 1 else []
    )
    return " AND ".join(bounds) or "true"


class NumberRepository:
    """``user_kyc`` and ``kyc_decisions`` in numbers."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def numbers(self, spans: Sequence[Age], *, me: UUID, now: datetime, today: datetime) -> Mapping[str, Any]:
        bounds = {f"since{n}": age.since(now) for n, age in enumerate(spans)}
        bounds |= {f"until{n}": age.until(now) for n, age in enumerate(spans)}
        given = {name: at for name, at in bounds.items() if at is not None}
        return self.session.execute(_numbers(len(spans)), {"me": me, "today": today, **given}).one()._asdict()

    def oldest_seconds(self) -> float:
        """How long the longest waiting check has been waiting."""
        return float(self.session.scalar(text(_OLDEST)) or 0)

    def team(self, ids: Sequence[UUID], since: datetime) -> dict[UUID, int]:
        """How many each of these people decided since then."""
        rows = self.session.execute(text(_TEAM), {"ids": list(ids), "since": since})
        return {row.id: row.number for row in rows}

    def reasons(self, since: datetime) -> dict[str, int]:
        """How often each reason stands in the newest rejections since then, the most frequent first."""
        return {row.code: row.number for row in self.session.execute(text(_REASONS), {"since": since})}
