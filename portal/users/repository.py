"""Reads of customer profiles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, String, Uuid, any_, bindparam, func, select, text, tuple_
from sqlalchemy.orm import scoped_session

from portal.shared.pagination import PAGE_SIZE, Slice
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
_BY_ID = (
    select(Profile.id)
    .where(
        Profile.id.between(bindparam("least", type_=Uuid()), bindparam("greatest", type_=Uuid())),
        Profile.deleted_at.is_(None),
    )
    .order_by(Profile.id)
    .limit(bindparam("most"))
)
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
_NAME = func.lower(Profile.fullname)
_TERM = bindparam("term", type_=String)
_LAST = "\U0010ffff"  # sorts after whatever a name may go on with
_BEGINNING = (
    select(Profile.id)
    .where(
        _NAME.op("~>=~", is_comparison=True)(_TERM),
        _NAME.op("~<~", is_comparison=True)(bindparam("end", type_=String)),
        Profile.deleted_at.is_(None),
    )
    .order_by(text("lower(user_profile.fullname) USING ~<~"), Profile.id)
    .limit(bindparam("most"))
)
MOST_LIKE = 500  # of a very common name so many are ranked, no more
_ALIKE = (
    select(Profile.id, Profile.fullname)
    .where(_TERM.op("<%", is_comparison=True)(_NAME), Profile.deleted_at.is_(None))
    .limit(MOST_LIKE)
    .cte("alike")
)
_LIKE = (
    select(_ALIKE.c.id)
    .order_by(
        func.word_similarity(_TERM, func.lower(_ALIKE.c.fullname)).desc(),
        _ALIKE.c.fullname,
        _ALIKE.c.id,
    )
    .limit(bindparam("most"))
)
_OWN = select(Profile.id).where(Profile.auth_id == bindparam("auth_id"))


class ProfileRepository:
    """Profiles that were not deleted."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def people(self, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
        return self.session.execute(_PEOPLE, {"ids": list(ids)}).all()

    def ids_between(self, least: UUID, greatest: UUID, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_ID, {"least": least, "greatest": greatest, "most": most}))

    def ids_of_email(self, email: str, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_EMAIL, {"email": email, "most": most}))

    def ids_of_phone(self, phone: str, most: int) -> list[UUID]:
        return list(self.session.scalars(_BY_PHONE, {"phone": phone, "most": most}))

    def ids_of_name(self, name: str, most: int) -> list[UUID]:
        """Whose name begins with this, in its order; then who has a word like it, the likest first."""
        begin = list(self.session.scalars(_BEGINNING, {"term": name, "end": name + _LAST, "most": most}))
        alike = self.session.scalars(_LIKE, {"term": name, "most": most}) if len(begin) < most else ()
        return list(dict.fromkeys([*begin, *alike]))[:most]

    def page(self, part: Slice) -> Sequence[Row[UUID, datetime]]:
        """One more than a page of customers, newest first."""
        place = tuple_(Profile.created_at, Profile.id)
        wanted = select(Profile.id, Profile.created_at).where(Profile.deleted_at.is_(None)).limit(PAGE_SIZE + 1)
        if part.before:
            wanted = wanted.where(place > (part.before.at, part.before.id)).order_by(Profile.created_at, Profile.id)
        else:
            wanted = wanted.order_by(Profile.created_at.desc(), Profile.id.desc())
        if part.after:
            wanted = wanted.where(place < (part.after.at, part.after.id))
        return self.session.execute(wanted).all()

    def hold(self, user_id: UUID) -> bool:
        """Whether there is such a customer; nobody can delete him until the transaction ends."""
        wanted = select(Profile.id).where(Profile.id == user_id, Profile.deleted_at.is_(None))
        return self.session.scalar(wanted.with_for_update(read=True)) is not None

    def deleted_at(self, user_id: UUID) -> datetime | None:
        return self.session.scalar(select(Profile.deleted_at).where(Profile.id == user_id))

    def one(self, user_id: UUID, *, is_locked: bool = False) -> Profile | None:
        wanted = select(Profile).where(Profile.id == user_id, Profile.deleted_at.is_(None))
        wanted = wanted.execution_options(populate_existing=True)
        return self.session.scalar(wanted.with_for_update() if is_locked else wanted)

    def ids_of_account(self, auth_id: UUID) -> list[UUID]:
        return list(self.session.scalars(_OWN, {"auth_id": auth_id}))
