"""A customer's profile, and why somebody looks at it or blocks it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.shared.crypto import new_id
from portal.shared.database import Base, native_enum
from portal.shared.errors import N_
from portal.shared.vocabulary import Activity

LOOK_REASONS = {
    "CALL_BACK": N_("The customer asked to be called"),
    "VERIFY_IDENTITY": N_("To check who is calling"),
    "DELIVERY": N_("A message did not arrive"),
    "OTHER": N_("Another reason"),
}
"""Why somebody sees a contact in full, by the code that the trail keeps."""
STATUS_REASONS = {
    "CUSTOMER_REQUEST": N_("The customer asked for it"),
    "FRAUD_SUSPECTED": N_("Fraud is suspected"),
    "CLEARED": N_("The suspicion was cleared"),
    "MISTAKE": N_("It was a mistake"),
}
"""Why a customer is blocked or let in again."""


class Profile(Base):
    """``user_profile``: a customer. ``auth_id`` is their account in ``users_auth``, by id only."""

    __tablename__ = "user_profile"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    auth_id: Mapped[UUID]
    fullname: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(255))
    phone_number: Mapped[str | None] = mapped_column(String(20))
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    status: Mapped[Activity] = mapped_column(native_enum(Activity, "profile_status"), server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        Index("ix_user_profile_auth_id", "auth_id"),
        Index("ix_user_profile_email", text("lower(email)")),
        Index("ix_user_profile_phone_number", "phone_number"),
        Index(
            "ix_user_profile_fullname",
            literal_column("lower(fullname)").label("name"),
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
        Index(
            "ix_user_profile_name",
            literal_column("lower(fullname)").label("name"),
            "id",
            postgresql_ops={"name": "text_pattern_ops"},
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_user_profile_newest", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
    )
