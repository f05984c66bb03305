"""Counting tries in Postgres, exactly and for all processes together, outside any transaction of the caller."""

import time
from typing import Any, NamedTuple

from sqlalchemy import text

from portal.shared.database import db

_COUNT = (
    "INSERT INTO rate_limits AS r (key, n, expires) VALUES (:key, :amount, :now + :seconds)"
    " ON CONFLICT (key) DO UPDATE SET"
    " n = CASE WHEN r.expires <= :now THEN :amount ELSE r.n + :amount END,"
    " expires = CASE WHEN r.expires <= :now THEN :now + :seconds ELSE r.expires END RETURNING n, expires"
)
_GIVE_BACK = "UPDATE rate_limits SET n = n - 1 WHERE key = :key AND n > 0"
_FORGIVE = "DELETE FROM rate_limits WHERE key = :key"


class Limit(NamedTuple):
    """At most so many of something in a window of so many seconds, which the first of them opens."""

    most: int
    seconds: int

    def key(self, of: str) -> str:
        return f"{of}/{self.most}/{self.seconds}"


class Counted(NamedTuple):
    """How many there were in this window, this time's included, and when it ends, in seconds of the epoch."""

    n: int
    expires: float


def count(key: str, *, seconds: int, amount: int = 1) -> Counted:
    """Count so many more."""
    return Counted(*_run(_COUNT, key=key, amount=amount, seconds=seconds, now=time.time()))


def seconds_to_wait(*limits: tuple[Limit, str]) -> int:
    """Count one try against all of them; 0 when it may go on, else the seconds until the next may."""
    counted = [(limit, count(limit.key(of), seconds=limit.seconds)) for limit, of in limits]
    ends = [window.expires for limit, window in counted if window.n > limit.most]
    return max(1, round(max(ends) - time.time())) if ends else 0


def forgive(limit: Limit, of: str) -> None:
    """Start counting anew."""
    _run(_FORGIVE, key=limit.key(of))


def give_back(limit: Limit, of: str) -> None:
    """Take one try out of the count: it was a good one."""
    _run(_GIVE_BACK, key=limit.key(of))


def _run(statement: str, **parameters: Any) -> Any:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        result = connection.execute(text(statement), parameters)
        return result.one() if result.returns_rows else None
