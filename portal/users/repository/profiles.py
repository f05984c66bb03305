"""Profiles that were not deleted, in the caller's session."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, String, Uuid, any_, bindparam, func, select, text

from portal.shared import ids
from portal.shared.database import db
from portal.users.models import Profile

MAX_ALIKE = 500
"""Of a very common name so many are ranked, no more."""
_LAST = "\U0010ffff"  # sorts after whatever a name may go on with


def _present(*columns: Any) -> Select[Any]:
    return select(*columns).where(Profile.deleted_at.is_(None))


@cache
def _people() -> Select[Any]:
    return _present(
        Profile.id, Profile.auth_id, Profile.fullname, Profile.email, Profile.phone_number, Profile.preferences,
        Profile.status, Profile.created_at,
    ).where(Profile.id == any_(bindparam("ids", type_=ARRAY(Uuid()))))  # fmt: skip


@cache
def _beginning() -> Select[Any]:
    name, end = func.lower(Profile.fullname), bindparam("end", type_=String)
    begun = [
        name.op("~>=~", is_comparison=True)(bindparam("term", type_=String)),
        name.op("~<~", is_comparison=True)(end),
    ]
    in_order = text("lower(user_profile.fullname) USING ~<~")
    return _present(Profile.id).where(*begun).order_by(in_order, Profile.id).limit(bindparam("most"))


@cache
def _alike() -> Select[Any]:
    term = bindparam("term", type_=String)
    has_word_like_it = term.op("<%", is_comparison=True)(func.lower(Profile.fullname))
    alike = _present(Profile.id, Profile.fullname).where(has_word_like_it).limit(MAX_ALIKE).cte("alike")
    likeness = func.word_similarity(term, func.lower(alike.c.fullname))
    return select(alike.c.id).order_by(likeness.desc(), alike.c.fullname, alike.c.id).limit(bindparam("most"))


def people(ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Those of these that are there, in one query; in none when there are no ids."""
    wanted = list(ids)
    return db.session.execute(_people(), {"ids": wanted}).all() if wanted else []


def ids_between(least: UUID, greatest: UUID, most: int) -> list[UUID]:
    return ids.between(Profile.id, least, greatest, most, Profile.deleted_at.is_(None))


def ids_of_email(email: str, most: int) -> list[UUID]:
    return _ids_where(func.lower(Profile.email) == email, most)


def ids_of_phone(phone: str, most: int) -> list[UUID]:
    return _ids_where(Profile.phone_number == phone, most)


def _ids_where(rule: Any, most: int) -> list[UUID]:
    return list(db.session.scalars(_present(Profile.id).where(rule).order_by(Profile.id).limit(most)))


def ids_of_name(name: str, most: int) -> list[UUID]:
    """Whose name begins with this, in its order; then who has a word like it, the likest first."""
    begin = list(db.session.scalars(_beginning(), {"term": name, "end": name + _LAST, "most": most}))
    alike = db.session.scalars(_alike(), {"term": name, "most": most}) if len(begin) < most else ()
    return list(dict.fromkeys([*begin, *alike]))[:most]


def lock(user_id: UUID) -> bool:
    """Whether there is such a customer; nobody can delete them until the transaction ends."""
    return db.session.scalar(_present(Profile.id).where(Profile.id == user_id).with_for_update(read=True)) is not None


def deleted_at(user_id: UUID) -> datetime | None:
    """When a customer was deleted; None while they are there, or never were."""
    return db.session.scalar(select(Profile.deleted_at).where(Profile.id == user_id))


def one(user_id: UUID, *, for_update: bool = False) -> Profile | None:
    wanted: Select[Any] = _present(Profile).where(Profile.id == user_id).execution_options(populate_existing=True)
    found: Profile | None = db.session.scalar(wanted.with_for_update() if for_update else wanted)
    return found


def profiles_of(auth_id: UUID) -> list[UUID]:
    """The profiles behind an account: nobody may decide about these when it is their own."""
    return list(db.session.scalars(select(Profile.id).where(Profile.auth_id == auth_id)))
