"""Each role's home. A context answers for its own numbers; what one cannot answer is missing, and nothing else is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import format_date

from portal.overview.homes import admins, analysts, reviewers, support
from portal.overview.homes.parts import Counters
from portal.permissions import Role
from portal.shared import clock
from portal.shared.actor import Actor


@dataclass(frozen=True, slots=True)
class Home:
    """How a home is made: what is read for its counters, the counters, and everything else on it."""

    read: Callable[[Actor], Any]
    counters: Callable[[Actor, Any], Counters]
    rest: Callable[[Actor, Any], dict[str, Any]]


HOMES = {
    Role.KYC_REVIEWER: Home(reviewers.read, reviewers.counters, reviewers.rest),
    Role.CREDIT_ANALYST: Home(analysts.read, analysts.counters, analysts.rest),
    Role.SUPPORT_AGENT: Home(support.read, support.counters, support.rest),
    Role.ADMIN: Home(admins.read, admins.counters, admins.rest),
}


def counters_of(actor: Actor) -> Counters:
    """The numbers of this person's home."""
    home = HOMES[Role(str(actor.role))]
    return home.counters(actor, home.read(actor))


def home_of(actor: Actor) -> dict[str, Any]:
    """Everything on this person's home."""
    home = HOMES[Role(str(actor.role))]
    found = home.read(actor)
    return {
        "role": actor.role,
        "today": format_date(clock.today(), "EEEE, d MMMM y"),
        "counters": home.counters(actor, found),
        **home.rest(actor, found),
    }
