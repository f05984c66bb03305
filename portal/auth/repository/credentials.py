"""``webauthn_credentials``: passkeys, and the challenges they answer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.auth.models import Challenge, Passkey
from portal.shared.database import db


def of(auth_id: UUID) -> Sequence[Passkey]:
    """An account's passkeys, the oldest first."""
    return db.session.scalars(
        select(Passkey).where(Passkey.auth_id == auth_id).order_by(Passkey.created_at, Passkey.id)
    ).all()


def by_credential(credential_id: bytes) -> Passkey | None:
    """The passkey, locked and read anew: of two answers at once the second sees the first one's count."""
    return db.session.scalar(
        select(Passkey).where(Passkey.credential_id == credential_id).with_for_update(),
        execution_options={"populate_existing": True},
    )


def own(passkey_id: UUID, auth_id: UUID) -> Passkey | None:
    return db.session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.auth_id == auth_id))


def add(**values: Any) -> bool:
    """Whether it is new: one authenticator's key belongs to one account."""
    added = upsert(Passkey).values(**values).on_conflict_do_nothing()
    return db.session.execute(added.returning(Passkey.id)).first() is not None


def remove(passkey: Passkey) -> None:
    db.session.delete(passkey)
    db.session.flush()


def remove_all(auth_id: UUID) -> None:
    db.session.execute(delete(Passkey).where(Passkey.auth_id == auth_id))


def add_challenge(challenge_hash: str, auth_id: UUID | None, lifetime: timedelta) -> None:
    """Keep one, and forget those that are too old."""
    db.session.execute(delete(Challenge).where(Challenge.expires_at <= func.now()))
    values = {"challenge_hash": challenge_hash, "auth_id": auth_id, "expires_at": func.now() + lifetime}
    db.session.execute(insert(Challenge).values(**values))


def take_challenge(challenge_hash: str, auth_id: UUID | None) -> bool:
    """Whether it was there, belongs to this account and is not too old; it is used up in any case."""
    taken = db.session.execute(
        delete(Challenge)
        .where(Challenge.challenge_hash == challenge_hash)
        .returning(Challenge.auth_id, Challenge.expires_at > func.now())
    ).first()
    return taken is not None and taken[0] == auth_id and bool(taken[1])
