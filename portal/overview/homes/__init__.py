"""Each role's home. A context answers for its own numbers; what one cannot answer is missing, and nothing else is."""

from types import ModuleType
from typing import Any

from portal.overview.homes import admins, analysts, reviewers, support
from portal.overview.homes.parts import Counters
from portal.permissions import Role
from portal.shared.actor import Actor

HOMES: dict[Role, ModuleType] = {
    Role.KYC_REVIEWER: reviewers,
    Role.CREDIT_ANALYST: analysts,
    Role.SUPPORT_AGENT: support,
    Role.ADMIN: admins,
}
"""Each has ``read``, what its counters are made of; ``counters`` of that; and ``rest``, everything else on it."""


def counters_of(actor: Actor) -> Counters:
    """The numbers of this person's home."""
    home = HOMES[Role(str(actor.role))]
    counters: Counters = home.counters(actor, home.read(actor))
    return counters


def home_of(actor: Actor) -> dict[str, Any]:
    """Everything on this person's home."""
    home = HOMES[Role(str(actor.role))]
    found = home.read(actor)
    return {"role": actor.role, "counters": home.counters(actor, found), **home.rest(actor, found)}
