"""Who works here in numbers and names, for the home pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.auth import IDLE
from portal.permissions import Role
from portal.staff.repository import members


@dataclass(frozen=True, slots=True)
class StaffNumbers:
    """Members who may sign in, those of them who never chose a password, and those who are signed in now."""

    active: int
    invited: int
    signed_in: int


def staff_numbers() -> StaffNumbers:
    """All of them in one statement."""
    return StaffNumbers(*members.counts(IDLE))


def colleagues(role: Role) -> Mapping[UUID, str]:
    """The names of all who may sign in with this role, by their ids."""
    return members.of_role(role)
