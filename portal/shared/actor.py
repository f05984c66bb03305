"""Who acts: a member of staff with a session, or the portal itself."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member of staff as use cases and the audit trail see them."""

    auth_id: UUID | None
    role: str | None
    name: str
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    ip: str | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def id(self) -> UUID:
        """The account's id; only a person has one."""
        if self.auth_id is None:
            raise RuntimeError("the portal itself has no account")
        return self.auth_id

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whoever holds a living session, and how they like their pages.

    ``must_register`` until they have a passkey. ``new_token`` is what their browser should keep from now on.
    """

    actor: Actor
    is_fresh: bool
    must_register: bool
    preferences: dict[str, Any]
    new_token: str | None
    is_authenticated: ClassVar[bool] = True


def initials(name: str) -> str:
    """One or two letters for a name of any number of words."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


PORTAL = Actor(auth_id=None, role=None, name="Portal")
