"""``auth_sessions``: sessions, and the tokens they had before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select, text, true, update

from portal.auth.models import IS_ALIVE, AuthSession
from portal.shared.database import db, require_transaction
from portal.shared.pagination import PAGE_SIZE

# One statement finds the living session of a token, or of a former one for half a minute more, with its staff row and,
# for an activity, marks it used.
_RESOLVE = """
    WITH live AS (
        SELECT s.id, s.auth_id, s.used_at, m.role, m.display_name, m.preferences, a.is_biometric_enabled,
               s.verified_at > now() - CAST(:fresh AS interval) AS is_fresh,
               t.replaced_at IS NULL AND s.renew_at <= now() AS is_due
        FROM auth_sessions t
        JOIN auth_sessions s ON s.id = t.family_id
        JOIN users_auth a ON a.auth_id = s.auth_id AND a.status = 'active'
        JOIN staff_members m ON m.auth_id = s.auth_id AND m.deactivated_at IS NULL
        WHERE t.refresh_token = :token_hash
          AND (t.replaced_at IS NULL OR t.replaced_at > now() - CAST(:grace AS interval))
          AND s.revoked_at IS NULL AND s.expired_at > now() AND s.used_at > now() - CAST(:idle AS interval)
    ), touched AS (
        UPDATE auth_sessions s SET used_at = now() FROM live
        WHERE s.id = live.id AND :is_activity AND live.used_at < now() - interval '15 seconds'
    )
    SELECT * FROM live
"""
# Of several at once one replaces the token; the others find it taken, and go on with the former one for its time.
_ROTATE = """
    WITH turned AS (
        UPDATE auth_sessions SET refresh_token = :new_hash, renew_at = now() + CAST(:rotation AS interval)
        WHERE id = (SELECT id FROM auth_sessions WHERE refresh_token = :token_hash AND revoked_at IS NULL
                    AND replaced_at IS NULL FOR UPDATE SKIP LOCKED)
          AND refresh_token = :token_hash
        RETURNING id, auth_id, expired_at, started_at
    )
    INSERT INTO auth_sessions (id, auth_id, refresh_token, expired_at, family_id, started_at, replaced_at)
    SELECT gen_random_uuid(), auth_id, :token_hash, expired_at, id, started_at, now() FROM turned
    RETURNING family_id
"""
_STALE = """
    SELECT s.id, s.auth_id FROM auth_sessions t JOIN auth_sessions s ON s.id = t.family_id
    WHERE t.refresh_token = :token_hash AND t.replaced_at <= now() - CAST(:grace AS interval)
      AND s.revoked_at IS NULL AND s.expired_at > now()
    FOR UPDATE OF s
"""
_IDLE = (
    "SELECT 1 FROM auth_sessions WHERE refresh_token = :token_hash AND revoked_at IS NULL AND replaced_at IS NULL"
    " AND expired_at > now() AND used_at <= now() - CAST(:idle AS interval)"
)


def resolve(**parameters: Any) -> Row[Any] | None:
    """The living session of a token's hash; read on a connection of its own, so that nothing else is expired."""
    return _at_once(_RESOLVE, parameters)


def rotate(**parameters: Any) -> bool:
    """Whether this call replaced the token; of several at once one does."""
    return _at_once(_ROTATE, parameters) is not None


def stale(**parameters: Any) -> Row[Any] | None:
    """The session, locked, of a token that was replaced too long ago to come from its holder."""
    return db.session.execute(text(_STALE), parameters).first()


def is_idle(**parameters: Any) -> bool:
    return db.session.execute(text(_IDLE), parameters).first() is not None


def add(new: AuthSession, *, lifetime: timedelta) -> None:
    new.expired_at = db.session.execute(select(func.now() + lifetime)).scalar_one()
    db.session.add(new)
    db.session.flush()


def get(session_id: UUID, *, for_update: bool = False) -> AuthSession:
    return db.session.get_one(AuthSession, session_id, with_for_update=for_update)


def living(auth_id: UUID, idle: timedelta) -> Sequence[AuthSession]:
    """The sessions of an account that are alive, the last used first."""
    alive = select(AuthSession).where(AuthSession.auth_id == auth_id, text(IS_ALIVE))
    newest = alive.order_by(AuthSession.used_at.desc(), AuthSession.id).limit(PAGE_SIZE)
    return db.session.scalars(newest, {"idle": idle}).all()


def revoke(session_id: UUID, *, of: UUID | None = None) -> bool:
    """End a session and every token it had; whether there was one, which ``of`` has to hold."""
    return _end(AuthSession.family_id == session_id, AuthSession.auth_id == of if of else true())


def revoke_all(auth_id: UUID, *, but: UUID | None = None) -> None:
    """End every session of an account, or every other one, in the caller's transaction."""
    require_transaction()
    _end(AuthSession.auth_id == auth_id, AuthSession.family_id != but if but else true())


def renew(auth_id: UUID) -> None:
    """Have every session of an account replace its token with the next click, in the caller's transaction."""
    require_transaction()
    rules = (AuthSession.auth_id == auth_id, AuthSession.revoked_at.is_(None))
    db.session.execute(update(AuthSession).where(*rules).values(renew_at=func.now()))


def forget(kept: timedelta) -> None:
    """Delete sessions, with every token they had, that ended longer ago than this."""
    db.session.execute(delete(AuthSession).where(AuthSession.expired_at < func.now() - kept))


def _at_once(statement: str, parameters: dict[str, Any]) -> Row[Any] | None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.execute(text(statement), parameters).first()


def _end(*which: ColumnElement[bool]) -> bool:
    ended = update(AuthSession).where(*which, AuthSession.revoked_at.is_(None)).values(revoked_at=func.now())
    return db.session.execute(ended.returning(AuthSession.id)).first() is not None
