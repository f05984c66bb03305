"""The trail in numbers, for the administrators' home page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Row, Text, bindparam, text
from sqlalchemy.orm import scoped_session

from portal.audit import service
from portal.audit.service import Checked
from portal.shared import clock
from portal.shared.counting import capped
from portal.shared.database import db

PATIENCE = timedelta(minutes=5)
_TODAY = text(
    "SELECT watched, "  # noqa: S608  the rule is a constant
    + capped("audit_events", "action = watched AND at >= :since")
    + " AS number FROM unnest(:actions) watched"
).bindparams(bindparam("actions", type_=ARRAY(Text())))

_CHAIN = text(
    "SELECT sealed_at, (SELECT at FROM audit_events WHERE at > coalesce(sealed_at, '-infinity') ORDER BY at LIMIT 1)"
    " AS waits_since FROM (SELECT (SELECT sealed_at FROM audit_seals ORDER BY sequence DESC LIMIT 1)) head(sealed_at)"
)


class TrailTallies:
    """``audit_events`` in numbers."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def since(self, moment: datetime, actions: Sequence[str]) -> dict[str, int]:
        rows = self.session.execute(_TODAY, {"actions": list(actions), "since": moment})
        return {row.watched: row.number for row in rows}

    def chain(self) -> Row[Any]:
        """When the newest link was made, and the first event after that."""
        return self.session.execute(_CHAIN).one()


tallies = TrailTallies(db.session)


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """Until when the trail is sealed, since when an event waits for its seal, and what the daily walk found."""

    sealed_at: datetime | None
    waits_since: datetime | None
    checked: Checked | None

    @property
    def is_behind(self) -> bool:
        """Whether an event waits for longer than the job that seals every minute can explain."""
        return self.waits_since is not None and clock.now() - self.waits_since > PATIENCE


def counts_today(actions: Sequence[str]) -> Mapping[str, int]:
    """How often each of these actions happened today, counted up to 1,001."""
    return tallies.since(clock.midnight(), actions)


def chain_health() -> ChainHealth:
    """How the chain stands; nothing is walked, which a job does once a day."""
    return ChainHealth(**tallies.chain()._mapping, checked=service.last_checked())
