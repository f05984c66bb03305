"""Who works here in numbers and names, for the home pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.auth.service import IDLE
from portal.auth.staffing import directory
from portal.permissions import Role


@dataclass(frozen=True, slots=True)
class Numbers:
    """Members who may sign in, those of them who never chose a password, and those who are signed in now."""

    active: int
    invited: int
    signed_in: int


def numbers() -> Numbers:
    """All of them in one statement."""
    found = directory.counts(IDLE)
    return Numbers(found["active"], found["invited"], found["signed-in"])


def colleagues(role: Role) -> Mapping[UUID, str]:
    """The names of all who may sign in with this role, by their ids."""
    return directory.of_role(role)
