"""Accounts, staff and sessions in Postgres."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, any_, bindparam, func, select, text, update
from sqlalchemy.orm import scoped_session

from portal.auth.models import Account, AuthSession, StaffMember, StaffToken
from portal.shared.database import db

# One statement finds the living session with its staff row and, for an activity, marks it used.
_RESOLVE = text(
    """
    WITH live AS (
        SELECT s.id, s.auth_id, s.used_at, m.role, m.display_name, m.preferences,
               s.verified_at > now() - CAST(:fresh AS interval) AS is_fresh
        FROM auth_sessions s
        JOIN users_auth a ON a.auth_id = s.auth_id AND a.status = 'active'
        JOIN staff_members m ON m.auth_id = s.auth_id AND m.deactivated_at IS NULL
        WHERE s.refresh_token = :token_hash AND s.revoked_at IS NULL
          AND s.expired_at > now() AND s.used_at > now() - CAST(:idle AS interval)
    ), touched AS (
        UPDATE auth_sessions s SET used_at = now() FROM live
        WHERE s.id = live.id AND :is_activity AND live.used_at < now() - interval '15 seconds'
    )
    SELECT * FROM live
    """
)
_NAMES = select(StaffMember.auth_id, StaffMember.display_name).where(
    StaffMember.auth_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
)
_IDLE = text(
    "SELECT 1 FROM auth_sessions WHERE refresh_token = :token_hash AND revoked_at IS NULL"
    " AND expired_at > now() AND used_at <= now() - CAST(:idle AS interval)"
)


class SessionRepository:
    """``auth_sessions`` with the staff behind them."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def resolve(self, **parameters: Any) -> Row[Any] | None:
        """The living session of a token's hash; read on a connection of its own, so that nothing else is expired."""
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(_RESOLVE, parameters).first()

    def is_idle(self, **parameters: Any) -> bool:
        return self.session.execute(_IDLE, parameters).first() is not None

    def add(self, new: AuthSession, *, lifetime: Any) -> None:
        new.expired_at = self.session.execute(select(func.now() + lifetime)).scalar_one()
        self.session.add(new)
        self.session.flush()

    def revoke(self, session_id: UUID) -> None:
        """End a session and every other of its family."""
        family = select(AuthSession.family_id).where(AuthSession.id == session_id).scalar_subquery()
        self.session.execute(
            update(AuthSession)
            .where(AuthSession.family_id == family, AuthSession.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )

    def revoke_all(self, auth_id: UUID) -> None:
        """End every session of an account."""
        self.session.execute(
            update(AuthSession)
            .where(AuthSession.auth_id == auth_id, AuthSession.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )

    def get(self, session_id: UUID) -> AuthSession:
        return self.session.get_one(AuthSession, session_id, with_for_update=True)


class StaffRepository:
    """``users_auth`` joined with ``staff_members``."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def by_email(self, email: str) -> tuple[Account, StaffMember] | None:
        """The account and staff row of a folded e-mail; None for strangers and borrowers."""
        found = self.session.execute(
            select(Account, StaffMember)
            .join(StaffMember, StaffMember.auth_id == Account.auth_id)
            .where(Account.email == email)
        ).first()
        return (found[0], found[1]) if found else None

    def account(self, email: str) -> Account | None:
        return self.session.scalar(select(Account).where(Account.email == email))

    def get(self, auth_id: UUID) -> tuple[Account, StaffMember]:
        return self.session.get_one(Account, auth_id), self.session.get_one(StaffMember, auth_id)

    def add(self, *rows: Account | StaffMember | StaffToken) -> None:
        for row in rows:
            self.session.add(row)
            self.session.flush()

    def token(self, token_hash: str) -> StaffToken | None:
        """An unused, unexpired one-time link, locked."""
        return self.session.scalar(
            select(StaffToken)
            .where(
                StaffToken.token_hash == token_hash, StaffToken.used_at.is_(None), StaffToken.expires_at > func.now()
            )
            .with_for_update()
        )

    def names(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        return {row.auth_id: row.display_name for row in self.session.execute(_NAMES, {"ids": list(ids)})}

    def is_reachable(self) -> None:
        self.session.execute(select(1))
