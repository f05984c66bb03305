"""Counting tries in Postgres, exactly and for all processes together."""

import time
from collections.abc import Callable
from typing import Any

from limits import RateLimitItem
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

_INCREMENT = (
    "INSERT INTO rate_limits AS r (key, n, expires) VALUES (:key, :amount, :now + :ttl)"
    " ON CONFLICT (key) DO UPDATE SET"
    " n = CASE WHEN r.expires <= :now THEN :amount ELSE r.n + :amount END,"
    " expires = CASE WHEN r.expires <= :now THEN :now + :ttl ELSE r.expires END RETURNING n"
)
_READ = "SELECT n, expires FROM rate_limits WHERE key = :key AND expires > :now"
_GIVE_BACK = "UPDATE rate_limits SET n = n - 1 WHERE key = :key AND n > 0"
_CLEAR = "DELETE FROM rate_limits WHERE key = :key"
_RESET = "DELETE FROM rate_limits"


class PostgresStorage(Storage):
    """A ``limits`` storage (fixed window) on the table ``rate_limits``, outside any transaction of the caller."""

    STORAGE_SCHEME = ["postgres"]  # noqa: RUF012  as the base class declares it

    def __init__(self, engine: Callable[[], Engine]) -> None:
        super().__init__()
        self.engine = engine

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def _run(self, statement: str, **parameters: Any) -> Any:
        with self.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement), parameters)
            return result.first() if result.returns_rows else result.rowcount

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        return int(self._run(_INCREMENT, key=key, amount=amount, ttl=expiry, now=time.time()).n)

    def get(self, key: str) -> int:
        row = self._run(_READ, key=key, now=time.time())
        return int(row.n) if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._run(_READ, key=key, now=time.time())
        return float(row.expires) if row else time.time()

    def check(self) -> bool:
        return self._run("SELECT 1") is not None

    def reset(self) -> int | None:
        return int(self._run(_RESET))

    def clear(self, key: str) -> None:
        self._run(_CLEAR, key=key)

    def give_back(self, key: str) -> None:
        """One less of what :meth:`incr` counted."""
        self._run(_GIVE_BACK, key=key)


class Throttle:
    """Several limits at once; each try counts against all of them, before anything costly is done."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self.storage = PostgresStorage(engine)
        self.limiter = FixedWindowRateLimiter(self.storage)

    def seconds_to_wait(self, *limits: tuple[RateLimitItem, str]) -> int:
        """Count one try; 0 when it may go on, else the seconds until the next may."""
        refused = [(item, key) for item, key in limits if not self.limiter.hit(item, key)]
        resets = [self.limiter.get_window_stats(item, key).reset_time for item, key in refused]
        return max(1, round(max(resets) - time.time())) if resets else 0

    def forgive(self, item: RateLimitItem, key: str) -> None:
        """Start counting anew."""
        self.limiter.clear(item, key)

    def give_back(self, item: RateLimitItem, key: str) -> None:
        """Take one try out of the count: it was a good one."""
        self.storage.give_back(item.key_for(key))
