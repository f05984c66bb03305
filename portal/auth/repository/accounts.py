"""``users_auth``, and ``staff_members`` among them."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Result, Uuid, any_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.auth.models import Account, StaffMember
from portal.shared.crypto import new_id
from portal.shared.database import db
from portal.shared.vocabulary import Activity


def by_email(email: str) -> tuple[Account, StaffMember] | None:
    """The account and staff row of a folded e-mail; None for strangers and customers."""
    return _members(Account.email == email).first()


def find(auth_id: UUID) -> tuple[Account, StaffMember] | None:
    """The account and staff row as they are now; None when there is no staff row any more."""
    return _members(Account.auth_id == auth_id).first()


def get(auth_id: UUID) -> tuple[Account, StaffMember]:
    """The account and staff row of somebody who has one."""
    return _members(Account.auth_id == auth_id).one()


def lock(auth_id: UUID) -> Account:
    """The account, locked and read anew."""
    return db.session.get_one(Account, auth_id, with_for_update=True, populate_existing=True)


def made_for(email: str) -> Account:
    """The account of this e-mail, locked; made when there is none. Of two at once the second waits for the first."""
    db.session.execute(insert(Account).values(auth_id=new_id(), email=email).on_conflict_do_nothing())
    return db.session.scalars(select(Account).where(Account.email == email).with_for_update()).one()


def add_member(auth_id: UUID, **values: Any) -> bool:
    """Whether they were none before."""
    added = insert(StaffMember).values(auth_id=auth_id, **values).on_conflict_do_nothing()
    return db.session.execute(added.returning(StaffMember.auth_id)).first() is not None


def set_customers_status(auth_id: UUID, status: Activity) -> bool:
    """Whether there is such an account that ``staff_members`` does not name."""
    is_staff = select(StaffMember.auth_id).where(StaffMember.auth_id == Account.auth_id).exists()
    changed = db.session.execute(
        update(Account)
        .where(Account.auth_id == auth_id, ~is_staff)
        .values(status=status)
        .returning(Account.auth_id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


def names(ids: Sequence[UUID]) -> dict[UUID, str]:
    return {row.auth_id: row.display_name for row in db.session.execute(_names(), {"ids": ids})}


@cache
def _names() -> Any:
    ids = bindparam("ids", type_=ARRAY(Uuid()))
    return select(StaffMember.auth_id, StaffMember.display_name).where(StaffMember.auth_id == any_(ids))


def _members(rule: ColumnElement[bool]) -> Result[Account, StaffMember]:
    return db.session.execute(
        select(Account, StaffMember).join(StaffMember, StaffMember.auth_id == Account.auth_id).where(rule),
        execution_options={"populate_existing": True},
    )
