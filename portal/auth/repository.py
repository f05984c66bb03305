"""Accounts, staff and sessions in Postgres."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    true,
    update,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import scoped_session

from portal.auth.models import Account, AuthSession, Challenge, Passkey, StaffMember, StaffToken
from portal.shared.crypto import new_id
from portal.shared.database import db
from portal.shared.pagination import PAGE_SIZE
from portal.shared.vocabulary import Activity

# One statement finds the living session of a token, or of a former one for half a minute more, with its staff row and,
# for an activity, marks it used.
_RESOLVE = text(
    """
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
)
# Of several at once one replaces the token; the others find it taken, and go on with the former one for its time.
_ROTATE = text(
    """
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
)
_STALE = text(
    """
    SELECT s.id, s.auth_id FROM auth_sessions t JOIN auth_sessions s ON s.id = t.family_id
    WHERE t.refresh_token = :token_hash AND t.replaced_at <= now() - CAST(:grace AS interval)
      AND s.revoked_at IS NULL AND s.expired_at > now()
    FOR UPDATE OF s
    """
)
_NAMES = select(StaffMember.auth_id, StaffMember.display_name).where(
    StaffMember.auth_id == any_(bindparam("ids", type_=ARRAY(Uuid())))
)
_IDLE = text(
    "SELECT 1 FROM auth_sessions WHERE refresh_token = :token_hash AND revoked_at IS NULL AND replaced_at IS NULL"
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

    def rotate(self, **parameters: Any) -> bool:
        """Whether this call replaced the token; of several at once one does."""
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(_ROTATE, parameters).first() is not None

    def stale(self, **parameters: Any) -> Row[Any] | None:
        """The session, locked, of a token that was replaced too long ago to come from its holder."""
        return self.session.execute(_STALE, parameters).first()

    def is_idle(self, **parameters: Any) -> bool:
        return self.session.execute(_IDLE, parameters).first() is not None

    def add(self, new: AuthSession, *, lifetime: Any) -> None:
        new.expired_at = self.session.execute(select(func.now() + lifetime)).scalar_one()
        self.session.add(new)
        self.session.flush()

    def revoke(self, session_id: UUID) -> None:
        """End a session and every token it had."""
        self._end(AuthSession.family_id == session_id)

    def revoke_all(self, auth_id: UUID, *, but: UUID | None = None) -> None:
        """End every session of an account, or every other one."""
        self._end(AuthSession.auth_id == auth_id, AuthSession.family_id != but if but else true())

    def _end(self, *which: ColumnElement[bool]) -> None:
        self.session.execute(
            update(AuthSession).where(*which, AuthSession.revoked_at.is_(None)).values(revoked_at=func.now())
        )

    def forget(self, kept: Any) -> None:
        """Delete sessions, with every token they had, that ended longer ago than this."""
        self.session.execute(delete(AuthSession).where(AuthSession.expired_at < func.now() - kept))

    def renew(self, auth_id: UUID) -> None:
        """Have every session of an account replace its token with the next click."""
        self.session.execute(
            update(AuthSession)
            .where(AuthSession.auth_id == auth_id, AuthSession.revoked_at.is_(None))
            .values(renew_at=func.now())
        )

    def living(self, auth_id: UUID, idle: Any) -> Sequence[Any]:
        """The sessions of an account that are alive, the last used first."""
        return self.session.execute(
            select(AuthSession.id, AuthSession.started_at, AuthSession.used_at, AuthSession.user_agent, AuthSession.ip)
            .where(
                AuthSession.auth_id == auth_id,
                AuthSession.replaced_at.is_(None),
                AuthSession.revoked_at.is_(None),
                AuthSession.expired_at > func.now(),
                AuthSession.used_at > func.now() - idle,
            )
            .order_by(AuthSession.used_at.desc(), AuthSession.id)
            .limit(PAGE_SIZE)
        ).all()

    def own(self, session_id: UUID, auth_id: UUID) -> AuthSession | None:
        """A session of this account that was not ended."""
        return self.session.scalar(
            select(AuthSession).where(
                AuthSession.id == session_id,
                AuthSession.auth_id == auth_id,
                AuthSession.replaced_at.is_(None),
                AuthSession.revoked_at.is_(None),
            )
        )

    def get(self, session_id: UUID) -> AuthSession:
        return self.session.get_one(AuthSession, session_id, with_for_update=True)


class BorrowerRepository:
    """``users_auth`` of whom ``staff_members`` does not name."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def set_status(self, auth_id: UUID, status: Activity) -> bool:
        """Whether there is such an account."""
        is_staff = select(StaffMember.auth_id).where(StaffMember.auth_id == Account.auth_id).exists()
        changed = self.session.execute(
            update(Account)
            .where(Account.auth_id == auth_id, ~is_staff)
            .values(status=status)
            .returning(Account.auth_id)
            .execution_options(synchronize_session=False)
        )
        return changed.first() is not None


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

    def account(self, email: str) -> Account:
        """The account of this e-mail, held; made when there is none. Of two at once the second waits for the first."""
        self.session.execute(upsert(Account).values(auth_id=new_id(), email=email).on_conflict_do_nothing())
        return self.session.scalars(select(Account).where(Account.email == email).with_for_update()).one()

    def add_member(self, auth_id: UUID, **values: Any) -> bool:
        """Whether he was none before."""
        added = upsert(StaffMember).values(auth_id=auth_id, **values).on_conflict_do_nothing()
        return self.session.execute(added.returning(StaffMember.auth_id)).first() is not None

    def get(self, auth_id: UUID) -> tuple[Account, StaffMember]:
        return self.session.get_one(Account, auth_id), self.session.get_one(StaffMember, auth_id)

    def find(self, auth_id: UUID) -> tuple[Account, StaffMember] | None:
        """The account and staff row as they are now; None when there is no staff row any more."""
        found = self.session.execute(
            select(Account, StaffMember)
            .join(StaffMember, StaffMember.auth_id == Account.auth_id)
            .where(Account.auth_id == auth_id)
            .execution_options(populate_existing=True)
        ).first()
        return (found[0], found[1]) if found else None

    def lock(self, auth_id: UUID) -> Account:
        """The account, held and read anew."""
        return self.session.get_one(Account, auth_id, with_for_update=True, populate_existing=True)

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

    def has_token(self, auth_id: UUID) -> bool:
        """Whether a one-time link of his is good; no other transaction uses it up meanwhile."""
        token = select(StaffToken.token_hash).where(
            StaffToken.auth_id == auth_id, StaffToken.used_at.is_(None), StaffToken.expires_at > func.now()
        )
        return self.session.execute(token.limit(1).with_for_update()).first() is not None

    def use_up_tokens(self, auth_id: UUID) -> None:
        """No earlier one-time link opens anything any more."""
        self.session.execute(
            update(StaffToken)
            .where(StaffToken.auth_id == auth_id, StaffToken.used_at.is_(None))
            .values(used_at=func.now())
        )

    def forget_tokens(self, kept: Any) -> None:
        """Delete one-time links that ended longer ago than this."""
        self.session.execute(delete(StaffToken).where(StaffToken.expires_at < func.now() - kept))

    def names(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        return {row.auth_id: row.display_name for row in self.session.execute(_NAMES, {"ids": list(ids)})}

    def is_reachable(self) -> None:
        self.session.execute(select(1))


class PasskeyRepository:
    """``webauthn_credentials`` and the challenges they answer."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def of(self, auth_id: UUID) -> Sequence[Passkey]:
        return self.session.scalars(
            select(Passkey).where(Passkey.auth_id == auth_id).order_by(Passkey.created_at, Passkey.id)
        ).all()

    def by_credential(self, credential_id: bytes) -> Passkey | None:
        """The passkey, locked and read anew: of two answers at once the second sees the first one's count."""
        return self.session.scalar(
            select(Passkey)
            .where(Passkey.credential_id == credential_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def get(self, passkey_id: UUID, auth_id: UUID) -> Passkey | None:
        return self.session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.auth_id == auth_id))

    def add(self, **values: Any) -> bool:
        """Whether it is new: one authenticator's key belongs to one account."""
        added = self.session.execute(upsert(Passkey).values(**values).on_conflict_do_nothing().returning(Passkey.id))
        return added.first() is not None

    def remove(self, passkey: Passkey) -> None:
        self.session.delete(passkey)
        self.session.flush()

    def remove_all(self, auth_id: UUID) -> None:
        self.session.execute(delete(Passkey).where(Passkey.auth_id == auth_id))

    def add_challenge(self, challenge_hash: str, auth_id: UUID | None, lifetime: Any) -> None:
        """Keep one, and forget those that are too old."""
        self.session.execute(delete(Challenge).where(Challenge.expires_at <= func.now()))
        self.session.execute(
            insert(Challenge).values(challenge_hash=challenge_hash, auth_id=auth_id, expires_at=func.now() + lifetime)
        )

    def take_challenge(self, challenge_hash: str, auth_id: UUID | None) -> bool:
        """Whether it was there, is his and not too old; it is used up in any case."""
        taken = self.session.execute(
            delete(Challenge)
            .where(Challenge.challenge_hash == challenge_hash)
            .returning(Challenge.auth_id, Challenge.expires_at > func.now())
        ).first()
        return taken is not None and taken[0] == auth_id and bool(taken[1])
