"""Reads of customer profiles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, any_, bindparam, func, select
from sqlalchemy.orm import scoped_session

from portal.users.models import Profile

_PEOPLE = select(
    Profile.id,
    Profile.auth_id,
    Profile.fullname,
    Profile.email,
    Profile.phone_number,
    Profile.preferences,
    Profile.status,
    Profile.created_at,
).where(Profile.id == any_(bindparam("ids", type_=ARRAY(Uuid()))), Profile.deleted_at.is_(None))
_BY_EMAIL = (
    select(Profile.id)
    .where(func.lower(Profile.email) == bindparam("email"), Profile.deleted_at.is_(None))
    .order_by(Profile.id)
    .limit(bindparam("most"))
)
_BY_PHONE = (
    select(Profile.id)
    .where(Profile.phone_number == bindparam("phone"), Profile.deleted_at.is_(None))
    .order_by(Profile.id)
    .limit(bindparam("most"))
)
_OWN = select(Profile.id).where(Profile.auth_id == bindparam("auth_id"))


class ProfileRepository:
    """Profiles that were not deleted."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def people(self, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
        return self.session.execute(_PEOPLE, {"ids": list(ids)}).all()

    def ids_of_email(self, email: str, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_EMAIL, {"email": email, "most": most}))

    def ids_of_phone(self, phone: str, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_PHONE, {"phone": phone, "most": most}))

    def ids_of_account(self, auth_id: UUID) -> list[UUID]:
        return list(self.session.scalars(_OWN, {"auth_id": auth_id}))
