"""``staff_members`` with their accounts: one of them, who has which access, the locks that keep an administrator."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from portal.auth import IS_ALIVE, Account, StaffMember
from portal.permissions import Role
from portal.shared.database import db

COLUMNS = (
    StaffMember.auth_id,
    StaffMember.display_name,
    StaffMember.role,
    StaffMember.created_at,
    StaffMember.deactivated_at,
    StaffMember.version,
    Account.email,
    Account.status,
    Account.password_hash.is_not(None).label("has_password"),
)
_MAY_ENTER = "staff_members.deactivated_at IS NULL AND users_auth.status = 'active'"
ACCESS = {
    "active": _MAY_ENTER,
    "invited": f"{_MAY_ENTER} AND users_auth.password_hash IS NULL",
    "signed-in": "EXISTS (SELECT 1 FROM auth_sessions s"  # noqa: S608  constants
    f" WHERE s.auth_id = staff_members.auth_id AND {IS_ALIVE})",
}
"""Who has which kind of access."""


def joined(statement: Any) -> Any:
    """With the members' accounts."""
    return statement.join(Account, Account.auth_id == StaffMember.auth_id)


def counts(idle: timedelta) -> Sequence[int]:
    """How many members have which access, in the order of :data:`ACCESS`; they are hundreds at most."""
    counted = [f"count(*) FILTER (WHERE {rule})" for rule in ACCESS.values()]
    statement = f"SELECT {', '.join(counted)} FROM staff_members JOIN users_auth USING (auth_id)"  # noqa: S608  constants
    return db.session.execute(text(statement), {"idle": idle}).one()


def of_role(role: Role) -> dict[UUID, str]:
    """The names of all who may sign in with this role, by their ids."""
    found = joined(select(StaffMember.auth_id, StaffMember.display_name)).where(_has(role))
    return {row.auth_id: row.display_name for row in db.session.execute(found.order_by(StaffMember.display_name))}


def find(auth_id: UUID) -> Any:
    """The columns of one member, or None."""
    return db.session.execute(joined(select(*COLUMNS)).where(StaffMember.auth_id == auth_id)).first()


def lock(auth_id: UUID) -> StaffMember | None:
    return db.session.get(StaffMember, auth_id, with_for_update=True, populate_existing=True)


def lock_admins() -> Sequence[UUID]:
    """Every active administrator, locked until the transaction ends: of two who remove each other one waits."""
    admins = joined(select(StaffMember.auth_id)).where(_has(Role.ADMIN)).order_by(StaffMember.auth_id)
    return db.session.scalars(admins.with_for_update(of=StaffMember)).all()


def _has(role: Role) -> Any:
    return (StaffMember.role == role) & text(_MAY_ENTER)
