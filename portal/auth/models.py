"""Accounts, sessions and the staff among them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.auth.devices import device
from portal.permissions import Role
from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.errors import N_, Sentence
from portal.shared.vocabulary import Activity

DEMO_HOST = "@portal.example"
IS_ALIVE = (
    "replaced_at IS NULL AND revoked_at IS NULL AND expired_at > now() AND used_at > now() - CAST(:idle AS interval)"
)
"""A row of ``auth_sessions`` that lets somebody in, while it is used at least so often."""


class Account(Base):
    """``users_auth``: who can sign in, customers and staff alike. ``email`` is stored folded."""

    __tablename__ = "users_auth"

    auth_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    phone_number: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    is_biometric_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[Activity] = mapped_column(native_enum(Activity, "auth_status"), server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def is_of_demo(self) -> bool:
        """Whether its password stands in the docs, so that it opens nothing outside the demo."""
        return self.email.endswith(DEMO_HOST)


class AuthSession(Base):
    """``auth_sessions``: a signed-in browser. ``refresh_token`` holds the token's SHA-256, ``expired_at`` its end.

    ``verified_at`` is when its holder last proved who they are. From ``renew_at`` on its token is to be replaced; a
    former token is a row of its own with ``replaced_at``, and the session's ``id`` as its ``family_id``.
    """

    __tablename__ = "auth_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    auth_id: Mapped[UUID] = mapped_column(ForeignKey("users_auth.auth_id"), index=True)
    refresh_token: Mapped[str] = mapped_column(String(255), unique=True)
    expired_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    family_id: Mapped[UUID] = mapped_column(index=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    verified_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(INET)
    renew_at: Mapped[datetime] = mapped_column(server_default=text("now() + interval '15 minutes'"))
    replaced_at: Mapped[datetime | None]

    @property
    def device(self) -> str:
        """As its holder knows it, a msgid."""
        browser, system = device(self.user_agent)
        if browser and system:
            return Sentence(N_("%(browser)s on %(system)s"), browser=browser, system=system)
        return browser or system or N_("Unknown browser")


class StaffMember(Base):
    """``staff_members``: which accounts may enter the portal, and in which role."""

    __tablename__ = "staff_members"

    auth_id: Mapped[UUID] = mapped_column(ForeignKey("users_auth.auth_id"), primary_key=True)
    role: Mapped[Role] = mapped_column(native_enum(Role, "staff_role"))
    display_name: Mapped[str] = mapped_column(String(255))
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None]
    deactivated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __table_args__ = (Index("ix_staff_members_newest", "created_at", "auth_id"),)


class StaffToken(Base):
    """``staff_tokens``: one-time links for a first or new password; only the token's SHA-256 is kept."""

    __tablename__ = "staff_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    auth_id: Mapped[UUID] = mapped_column(ForeignKey("users_auth.auth_id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_staff_tokens_auth_id", "auth_id"),)


class Passkey(Base):
    """``webauthn_credentials``: what somebody signs in with instead of a password."""

    __tablename__ = "webauthn_credentials"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    auth_id: Mapped[UUID] = mapped_column(ForeignKey("users_auth.auth_id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """``webauthn_challenges``: what a passkey has to answer, once; of whom, unless somebody still has to sign in."""

    __tablename__ = "webauthn_challenges"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    auth_id: Mapped[UUID | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
