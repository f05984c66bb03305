"""A customer: listed, shown with what they prefer, blocked, let in again, deleted; a contact in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from portal import audit, auth
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import once
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused, Throttled
from portal.shared.lists import Listing
from portal.shared.throttle import Limit, seconds_to_wait
from portal.shared.vocabulary import Activity
from portal.users.models import STATUS_REASONS, Profile
from portal.users.people import Person, names_of, person_of, preferred_channels
from portal.users.repository import profiles

MAX_REVEALS = Limit(60, seconds=3600)
DELETED = N_("The customer was deleted. This stays as it is.")
MEANWHILE = N_("This customer was changed meanwhile. Look at the page again before you go on.")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as their own page shows them; ``email`` and ``phone`` are masked."""

    person: Person
    language: str
    timezone: str
    channels: list[str]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswers(Answers):
    """Why a customer is blocked or let in again: a code, so that the trail holds nothing personal."""

    version: int | None = None
    reason: str | None = None


def _people(rows: Sequence[Any], actor: Actor) -> list[Person]:
    people = names_of(row.id for row in rows)
    return [people[row.id] for row in rows]


CUSTOMERS: Listing[Person] = Listing(
    Profile.id,
    Profile.created_at,
    key=(Profile.created_at, Profile.id),
    where=[text("deleted_at IS NULL")],
    shown=_people,
)


def customer(user_id: UUID) -> Customer:
    """One customer with what they prefer."""
    profile = _one(user_id)
    language, timezone = (str(profile.preferences.get(name) or "") for name in ("language", "timezone"))
    return Customer(person_of(profile), language, timezone, preferred_channels(profile), profile.version)


def reveal(user_id: UUID, field: str, *, reason: str, text: str, actor: Actor) -> str:
    """A customer's whole ``email`` or ``phone``, once the trail says who saw it and why; 60 an hour per person.

    The trail keeps the reason's code and how long the text was: whatever was typed may name somebody.
    """
    profile = _one(user_id)
    value = {"email": profile.email, "phone": profile.phone_number}[field]
    seconds = seconds_to_wait((MAX_REVEALS, f"reveal:{actor.id}"))
    if seconds:
        raise Throttled(N_("You looked at 60 contacts within an hour. Go on in %(seconds)s seconds."), seconds=seconds)
    db.session.rollback()
    audit.note("customer.revealed", user_id, of=user_id, actor=actor, field=field, reason=reason, length=len(text))
    return value or "–"


def set_status(user_id: UUID, status: Activity, answers: StatusAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Block a customer, whose sessions end, or let them in again; a place among the staff stays as it is."""
    action = "customer.activated" if status is Activity.ACTIVE else "customer.deactivated"
    with transaction(), once(by, action, actor) as earlier:
        if earlier:
            return
        profile = _changeable(user_id, answers.version, actor)
        if profile.status is status:
            raise Conflict(MEANWHILE)
        with answers.judged() as wrong:
            wrong.unless(answers.reason in STATUS_REASONS, "reason", N_("Choose a reason."))
        profile.status, profile.version = status, profile.version + 1
        auth.set_account_status(profile.auth_id, status)
        audit.record(action, user_id, of=user_id, actor=actor, reason=answers.reason)


def remove(user_id: UUID, *, version: int | None, actor: Actor) -> None:
    """The profile's side of deleting a customer, in the caller's transaction: off every list, and the account closes.

    The row stays, so that loans and submissions keep whose they were.
    """
    profile = _changeable(user_id, version, actor)
    profile.deleted_at, profile.status, profile.version = clock.now(), Activity.INACTIVE, profile.version + 1
    auth.set_account_status(profile.auth_id, Activity.INACTIVE)


def lock(user_id: UUID) -> None:
    """Keep a customer from being deleted until the caller's transaction ends; refuses when they were."""
    if not profiles.lock(user_id):
        raise Refused(DELETED)


def _one(user_id: UUID, *, for_update: bool = False) -> Profile:
    profile = profiles.one(user_id, for_update=for_update)
    if profile is None:
        raise NotFound(N_("There is no such customer."))
    return profile


def _changeable(user_id: UUID, version: int | None, actor: Actor) -> Profile:
    try:
        profile = _one(user_id, for_update=True)
    except NotFound:
        if profiles.deleted_at(user_id):
            raise Conflict(N_("This customer has already been deleted.")) from None
        raise
    if profile.auth_id == actor.auth_id:
        raise Forbidden(N_("This is your own customer record. A colleague has to do this."))
    if version is not None and profile.version != version:
        raise Conflict(MEANWHILE)
    return profile
