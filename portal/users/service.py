"""Who a customer is, for lists and pages of other contexts; contact data leaves here masked."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from portal import audit, auth
from portal.shared import clock, commands, ids
from portal.shared.actor import Actor, initials
from portal.shared.database import db, transaction
from portal.shared.errors import N_, Conflict, Forbidden, NotFound, Refused, Throttled
from portal.shared.pagination import Cursor, Page, Slice
from portal.shared.throttle import Limit, seconds_to_wait
from portal.shared.vocabulary import Activity
from portal.users.models import Profile
from portal.users.repository import ProfileRepository

profiles = ProfileRepository(db.session)

MAX_HITS = 50
REVEALS = Limit(60, seconds=3600)
LANGUAGES = ("id", "en")
CHANNELS = ("email", "sms", "push")
NOBODY = N_("Deleted customer")
DELETED = N_("The customer was deleted. This stays as it is.")
MEANWHILE = N_("This customer was changed meanwhile. Look at the page again before you go on.")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as lists and panels show him; ``email`` and ``phone`` are masked."""

    user_id: UUID
    auth_id: UUID | None
    fullname: str
    email: str
    phone: str
    status: Activity
    created_at: datetime | None

    @property
    def is_deleted(self) -> bool:
        """Whether there is no such customer any more; the name then is a msgid."""
        return self.auth_id is None

    @property
    def initials(self) -> str:
        return initials(self.fullname)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as his own page shows him; ``email`` and ``phone`` are masked."""

    person: Person
    language: str
    timezone: str
    channels: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class Contact:
    """How to write to a customer: in which language, through which channel."""

    fullname: str
    language: str
    channel: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where messages to a customer go, by channel, which never shows where this is printed; and where he lives."""

    addresses: Mapping[str, str] = field(repr=False)
    timezone: str | None
    is_active: bool


def names_of(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The customers of these ids in one query; of deleted ones only stands there that they are."""
    wanted = set(ids)
    found = {row.id: _person(row) for row in profiles.people(list(wanted))} if wanted else {}
    return found | {missing: _nobody(missing) for missing in wanted - found.keys()}


def find(term: str) -> list[Person]:
    """At most 50 customers by id or its beginning, e-mail, phone in any spelling, or name, begun or mistyped."""
    span = ids.span(term)
    is_whole = span is not None and span[0] == span[1]
    hits = profiles.ids_between(*span, MAX_HITS) if span else []
    if not hits and not is_whole:
        hits = _called(term)
    found = names_of(hits)
    return [found[id_] for id_ in hits if not found[id_].is_deleted]


def _called(term: str) -> list[UUID]:
    """The ids of whom this is the e-mail, the name or the phone."""
    if "@" in term:
        return profiles.ids_of_email(normal_email(term), MAX_HITS)
    if any(character.isalpha() for character in term):
        return profiles.ids_of_name(normal_name(term), MAX_HITS)
    return profiles.ids_of_phone(normal_phone(term), MAX_HITS)


def newest(part: Slice) -> Page[Person]:
    """A page of all customers, newest first."""
    page = Page.of(profiles.page(part), part, lambda row: Cursor(row.created_at, row.id))
    people = names_of(row.id for row in page.rows)
    return Page([people[row.id] for row in page.rows], page.before, page.after)


def customer(user_id: UUID) -> Customer:
    """One customer with what he prefers."""
    profile = _one(user_id)
    chosen = profile.preferences.get("channels")
    return Customer(
        _person(profile),
        str(profile.preferences.get("language") or ""),
        str(profile.preferences.get("timezone") or ""),
        [channel for channel in chosen if channel in CHANNELS] if isinstance(chosen, list) else [],
        profile.version,
    )


def reveal(user_id: UUID, field: str, *, reason: str, text: str, actor: Actor) -> str:
    """A customer's whole ``email`` or ``phone``, once the trail says who saw it and why; 60 an hour per person.

    The trail keeps the reason's code and how long the text was: whatever was typed may name somebody.
    """
    profile = _one(user_id)
    value = {"email": profile.email, "phone": profile.phone_number}[field]
    seconds = seconds_to_wait((REVEALS, f"reveal:{actor.id}"))
    if seconds:
        raise Throttled(N_("You looked at 60 contacts within an hour. Go on in %(seconds)s seconds."), seconds=seconds)
    db.session.rollback()
    audit.note("customer.revealed", user_id, of=user_id, actor=actor, field=field, reason=reason, length=len(text))
    return value or "–"


def set_status(user_id: UUID, status: Activity, *, reason: str, version: int, command: UUID, actor: Actor) -> None:
    """Block a customer, whose sessions end, or let him in again; a place among the staff stays as it is."""
    with transaction():
        action = "customer.activated" if status is Activity.ACTIVE else "customer.deactivated"
        if commands.earlier_answer(command, action, actor=actor):
            return
        profile = _changeable(user_id, version, actor)
        if profile.status is status:
            raise Conflict(MEANWHILE)
        profile.status, profile.version = status, version + 1
        auth.set_account_status(profile.auth_id, status)
        audit.record(action, user_id, of=user_id, actor=actor, reason=reason)


def remove(user_id: UUID, *, version: int, actor: Actor) -> None:
    """The profile's side of deleting a customer, in the caller's transaction: off every list, and his account closes.

    The row stays, so that loans and submissions keep whose they were.
    """
    profile = _changeable(user_id, version, actor)
    profile.deleted_at, profile.status, profile.version = clock.now(), Activity.INACTIVE, version + 1
    auth.set_account_status(profile.auth_id, Activity.INACTIVE)


def deleted_at(user_id: UUID) -> datetime | None:
    """When a customer was deleted; None while he is there, or never was."""
    return profiles.deleted_at(user_id)


def lock(user_id: UUID) -> None:
    """Keep a customer from being deleted until the caller's transaction ends; refuses when he was."""
    if not profiles.hold(user_id):
        raise Refused(DELETED)


def normal_name(text: str) -> str:
    """A name as it is looked for: one kind of blank, lower case."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def normal_email(text: str) -> str:
    """The one spelling of an e-mail address."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def normal_phone(text: str) -> str:
    """``+62812…`` for an Indonesian number however it is written: with 0, 62, +62 or 0062, blanks, points, hyphens."""
    digits = "".join(character for character in text if character in "0123456789")
    has_country = text.lstrip().startswith("+") or digits.startswith("00")
    if digits.startswith("00"):
        digits = digits[2:]
    if digits.startswith("62"):
        digits = "62" + digits[2:].lstrip("0")
    elif digits.startswith(("0", "8")) and not has_country:
        digits = "62" + digits.lstrip("0")
    return f"+{digits}"


def profiles_of(auth_id: UUID) -> list[UUID]:
    """The profiles behind an account: nobody may decide about these when it is his own."""
    return profiles.ids_of_account(auth_id)


def contact_of(user_id: UUID) -> Contact:
    """Language and first usable channel by the customer's preferences."""
    row = next(iter(profiles.people([user_id])), None)
    if row is None:
        raise NotFound(N_("There is no such customer."))
    language = row.preferences.get("language")
    addresses = {"email": row.email, "sms": row.phone_number, "push": row.auth_id}
    chosen = row.preferences.get("channels")
    preferred = [channel for channel in chosen if channel in CHANNELS] if isinstance(chosen, list) else []
    usable = [channel for channel in [*preferred, *CHANNELS] if addresses[channel]]
    return Contact(row.fullname, language if language in LANGUAGES else "id", usable[0])


def recipients(ids: Iterable[UUID]) -> dict[UUID, Recipient]:
    """The addresses themselves, to send to and for nothing else; deleted customers are missing."""
    wanted = list(ids)
    return {row.id: _recipient(row) for row in profiles.people(wanted)} if wanted else {}


def address_of(user_id: UUID, channel: str) -> str | None:
    """The address itself, to send to or to compare, and for nothing else; never to be shown or logged."""
    found = recipients([user_id]).get(user_id)
    return found.addresses.get(channel) if found else None


def mask(channel: str, address: str) -> str:
    """An address of this channel as it may be shown."""
    if channel == "email":
        return mask_email(address)
    return mask_phone(address) if channel == "sms" else f"••••{address[-4:]}"


def mask_email(email: str | None) -> str:
    """``s***@g***.com``: enough to recognize, not enough to write to."""
    if not email or "@" not in email:
        return "–"
    name, _, host = email.rpartition("@")
    domain, dot, ending = host.rpartition(".")
    return f"{name[:1]}***@{domain[:1]}***{dot}{ending}"


def mask_phone(phone: str | None) -> str:
    """``+62812••••789``."""
    if not phone:
        return "–"
    return f"{phone[:6]}••••{phone[-3:]}" if len(phone) > 9 else f"{phone[:2]}••••"


def _one(user_id: UUID) -> Profile:
    profile = profiles.one(user_id)
    if profile is None:
        raise NotFound(N_("There is no such customer."))
    return profile


def _changeable(user_id: UUID, version: int, actor: Actor) -> Profile:
    profile = profiles.one(user_id, is_locked=True)
    if profile is None and profiles.deleted_at(user_id):
        raise Conflict(N_("This customer has already been deleted."))
    if profile is None:
        raise NotFound(N_("There is no such customer."))
    if profile.auth_id == actor.auth_id:
        raise Forbidden(N_("This is your own customer record. A colleague has to do this."))
    if profile.version != version:
        raise Conflict(MEANWHILE)
    return profile


def _person(row: Row[Any] | Profile) -> Person:
    return Person(
        row.id,
        row.auth_id,
        row.fullname,
        mask_email(row.email),
        mask_phone(row.phone_number),
        row.status,
        row.created_at,
    )


def _recipient(row: Row[Any]) -> Recipient:
    addresses = {"email": row.email, "sms": row.phone_number, "push": str(row.auth_id)}
    timezone = row.preferences.get("timezone")
    return Recipient(
        {channel: address for channel, address in addresses.items() if address},
        timezone if isinstance(timezone, str) else None,
        row.status is Activity.ACTIVE,
    )


def _nobody(user_id: UUID) -> Person:
    return Person(user_id, None, NOBODY, "–", "–", Activity.INACTIVE, None)
