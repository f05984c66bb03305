"""Who works here, for the home pages."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import scoped_session

from portal.auth.models import Account, StaffMember
from portal.permissions import Role
from portal.shared.database import db
from portal.shared.vocabulary import Activity

_COLLEAGUES = (
    select(StaffMember.auth_id, StaffMember.display_name)
    .join(Account, Account.auth_id == StaffMember.auth_id)
    .where(
        StaffMember.role == bindparam("role"),
        StaffMember.deactivated_at.is_(None),
        Account.status == Activity.ACTIVE,
    )
    .order_by(StaffMember.display_name)
)


class Directory:
    """``staff_members`` by role."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def of_role(self, role: Role) -> dict[UUID, str]:
        return {row.auth_id: row.display_name for row in self.session.execute(_COLLEAGUES, {"role": role})}


directory = Directory(db.session)


def colleagues(role: Role) -> dict[UUID, str]:
    """The names of all who may sign in with this role, by their ids."""
    return directory.of_role(role)
