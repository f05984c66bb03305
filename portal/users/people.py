"""Who a customer is, for lists and pages of other contexts; contact data leave here masked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.shared.actor import initials
from portal.shared.errors import N_, NotFound
from portal.shared.vocabulary import Activity
from portal.users.repository import profiles

LANGUAGES = ("id", "en")
CHANNELS = ("email", "sms", "push")
NOBODY = N_("Deleted customer")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as lists and panels show them; ``email`` and ``phone`` are masked."""

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
class Contact:
    """How to write to a customer: in which language, through which channel."""

    fullname: str
    language: str
    channel: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where messages to a customer go, by channel, which never shows where this is printed; and where they live."""

    addresses: Mapping[str, str] = field(repr=False)
    timezone: str | None
    is_active: bool


def names_of(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The customers of these ids in one query; of deleted ones only stands there that they are."""
    wanted = set(ids)
    found = {row.id: person_of(row) for row in profiles.people(wanted)}
    return found | {id_: Person(id_, None, NOBODY, "–", "–", Activity.INACTIVE, None) for id_ in wanted - found.keys()}


def contact_of(user_id: UUID) -> Contact:
    """Language and first usable channel by the customer's preferences."""
    row = next(iter(profiles.people([user_id])), None)
    if row is None:
        raise NotFound(N_("There is no such customer."))
    language, addresses = row.preferences.get("language"), _addresses(row)
    usable = [channel for channel in [*preferred_channels(row), *CHANNELS] if channel in addresses]
    return Contact(row.fullname, language if language in LANGUAGES else "id", usable[0])


def recipients(ids: Iterable[UUID]) -> dict[UUID, Recipient]:
    """The addresses themselves, to send to and for nothing else; deleted customers are missing."""
    return {row.id: _recipient(row) for row in profiles.people(ids)}


def preferred_channels(row: Any) -> list[str]:
    """Those of our channels that the customer chose, in their order."""
    chosen = row.preferences.get("channels")
    return [channel for channel in chosen if channel in CHANNELS] if isinstance(chosen, list) else []


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


def person_of(row: Any) -> Person:
    """A profile, or a row of its columns, as others may see it."""
    email, phone = mask_email(row.email), mask_phone(row.phone_number)
    return Person(row.id, row.auth_id, row.fullname, email, phone, row.status, row.created_at)


def _addresses(row: Any) -> dict[str, str]:
    addresses = {"email": row.email, "sms": row.phone_number, "push": str(row.auth_id)}
    return {channel: address for channel, address in addresses.items() if address}


def _recipient(row: Any) -> Recipient:
    timezone = row.preferences.get("timezone")
    return Recipient(_addresses(row), timezone if isinstance(timezone, str) else None, row.status is Activity.ACTIVE)
