"""Members of staff for whoever looks after them: the list, one member, and the locks that keep an administrator."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Interval, Uuid, and_, bindparam, cast, exists, func, select, tuple_
from sqlalchemy.orm import scoped_session

from portal.auth import Account, AuthSession, StaffMember
from portal.permissions import Role
from portal.shared.pagination import PAGE_SIZE, Slice
from portal.shared.vocabulary import Activity

_KEY = (StaffMember.created_at, StaffMember.auth_id)
_COLUMNS = (
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
_MEMBERS = select(*_COLUMNS).join(Account, Account.auth_id == StaffMember.auth_id)
_MAY_ENTER = and_(StaffMember.deactivated_at.is_(None), Account.status == Activity.ACTIVE)
ACCESS = {
    "active": _MAY_ENTER,
    "invited": and_(_MAY_ENTER, Account.password_hash.is_(None)),
    "signed-in": exists().where(
        AuthSession.auth_id == StaffMember.auth_id,
        AuthSession.replaced_at.is_(None),
        AuthSession.revoked_at.is_(None),
        AuthSession.expired_at > func.now(),
        AuthSession.used_at > func.now() - cast(bindparam("idle"), Interval),
    ),
}
"""Who has which kind of access."""
_PLACE = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
_NEWEST = [column.desc() for column in _KEY]
_PAGES = {
    None: _MEMBERS.order_by(*_NEWEST).limit(PAGE_SIZE + 1),
    "after": _MEMBERS.where(tuple_(*_KEY) < _PLACE).order_by(*_NEWEST).limit(PAGE_SIZE + 1),
    "before": _MEMBERS.where(tuple_(*_KEY) > _PLACE).order_by(*_KEY).limit(PAGE_SIZE + 1),
}
_COUNTS = select(*[func.count().filter(rule) for rule in ACCESS.values()]).join_from(
    StaffMember, Account, Account.auth_id == StaffMember.auth_id
)
_COLLEAGUES = (
    select(StaffMember.auth_id, StaffMember.display_name)
    .join(Account, Account.auth_id == StaffMember.auth_id)
    .where(StaffMember.role == bindparam("role"), _MAY_ENTER)
    .order_by(StaffMember.display_name)
)
_ADMINS = (
    select(StaffMember.auth_id)
    .join(Account, Account.auth_id == StaffMember.auth_id)
    .where(StaffMember.role == Role.ADMIN, StaffMember.deactivated_at.is_(None), Account.status == Activity.ACTIVE)
    .order_by(StaffMember.auth_id)
    .with_for_update(of=StaffMember)
)


class StaffDirectory:
    """``staff_members`` with their accounts and sessions."""

    def __init__(self, session: scoped_session[Any]) -> None:
        self.session = session

    def page(self, access: str, idle: timedelta, part: Slice) -> Sequence[Any]:
        """Up to one row more than a page, in reading order from ``part``, newest first; all without an ``access``."""
        place = "after" if part.after else "before" if part.before else None
        cursor = part.after or part.before
        statement = _PAGES[place].where(ACCESS[access]) if access else _PAGES[place]
        where = {"at": cursor.at, "id": cursor.id} if cursor else {}
        return self.session.execute(statement, {**where, **({"idle": idle} if access == "signed-in" else {})}).all()

    def counts(self, idle: timedelta) -> dict[str, int]:
        """How many members have which access; they are hundreds at most."""
        return dict(zip(ACCESS, self.session.execute(_COUNTS, {"idle": idle}).one(), strict=True))

    def of_role(self, role: Role) -> dict[UUID, str]:
        """The names of all who may sign in with this role, by their ids."""
        return {row.auth_id: row.display_name for row in self.session.execute(_COLLEAGUES, {"role": role})}

    def find(self, auth_id: UUID) -> Any:
        return self.session.execute(_MEMBERS.where(StaffMember.auth_id == auth_id)).first()

    def lock(self, auth_id: UUID) -> StaffMember | None:
        return self.session.get(StaffMember, auth_id, with_for_update=True, populate_existing=True)

    def lock_admins(self) -> list[UUID]:
        """Every active administrator, held until the transaction ends: of two who remove each other one waits."""
        return list(self.session.scalars(_ADMINS))
