"""``staff_tokens``: one-time links."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from portal.auth.models import StaffToken
from portal.shared.database import db, require_transaction


def good(token_hash: str) -> StaffToken | None:
    """An unused, unexpired one-time link, locked."""
    return _good(StaffToken.token_hash == token_hash)


def good_of(auth_id: UUID) -> StaffToken | None:
    """A good one-time link of this account, locked: no other transaction uses it up meanwhile."""
    return _good(StaffToken.auth_id == auth_id)


def add(token_hash: str, auth_id: UUID, lifetime: timedelta) -> None:
    db.session.add(StaffToken(token_hash=token_hash, auth_id=auth_id, expires_at=func.now() + lifetime))
    db.session.flush()


def use_up(auth_id: UUID) -> None:
    """No earlier one-time link opens anything any more, in the caller's transaction."""
    require_transaction()
    rules = (StaffToken.auth_id == auth_id, StaffToken.used_at.is_(None))
    db.session.execute(update(StaffToken).where(*rules).values(used_at=func.now()))


def forget(kept: timedelta) -> None:
    """Delete one-time links that ended longer ago than this."""
    db.session.execute(delete(StaffToken).where(StaffToken.expires_at < func.now() - kept))


def _good(rule: ColumnElement[bool]) -> StaffToken | None:
    rules = (rule, StaffToken.used_at.is_(None), StaffToken.expires_at > func.now())
    return db.session.scalar(select(StaffToken).where(*rules).limit(1).with_for_update())
