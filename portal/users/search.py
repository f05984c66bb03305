"""Finding a customer by whatever identifies them, however it is typed."""

import unicodedata
from uuid import UUID

from portal.shared import ids
from portal.users.people import Person, names_of
from portal.users.repository import profiles

MAX_HITS = 50


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
