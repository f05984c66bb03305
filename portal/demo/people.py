"""The demo's two hundred customers: who they are, and their accounts."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from portal.demo.identity import id_of, nik_of
from portal.demo.names import REGIONS, Town
from portal.shared.vocabulary import Activity

CUSTOMERS = 200
WAITING = 42  # the first so many have a check in the queue
VERIFIED_BEFORE = (2, 4, 13, 18, 30, 39)  # of those
HOSTS = ("surel.example", "kotakpos.example", "warga.example", "kantor.example")

# Customers who are the person behind an earlier customer: the duplicates that a reviewer has to find.
SECOND_ACCOUNTS = {9: 5, 36: 7, 60: 14, 61: 25, 62: 25, 63: 31, 65: 64, 67: 66}
LONG_NAMES = {
    10: (0, False, "Raden Mas Haryo Suryaningrat Kusumo Wicaksono Notonegoro"),
    26: (11, True, "Andi Tenri Gangka Besse Paramita Daeng Matanang Pattiroi"),
    52: (3, False, "Muhammad Fathurrahman Al-Ghifari bin Abdurrahman Syarif Hidayatullah"),
    91: (8, True, "Anak Agung Sagung Istri Agung Mirah Ratnadewi Pemecutan"),
}
DELETED, INACTIVE = 187, {171, 178, 184, 187, 190, 195}
WITHOUT_PHONE, WITHOUT_EMAIL = {72, 118, 163}, {140}
CHANNELS = (["email", "sms"], ["sms"], ["push", "email"], ["email"], ["push", "sms", "email"], ["sms", "push"])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of flesh and blood, as their papers describe them; their pictures have their number."""

    number: int
    fullname: str
    is_woman: bool
    born: date
    town: Town

    @property
    def nik(self) -> str:
        district = self.number % 29 + 1
        return nik_of(self.town.code, district, self.born, is_woman=self.is_woman, serial=self.number + 1)


@dataclass(frozen=True, slots=True)
class Customer:
    """A person's account and profile."""

    number: int
    person: Person
    email: str
    phone: str
    preferences: dict[str, Any]
    joined: datetime

    @property
    def user_id(self) -> UUID:
        return id_of("customer", self.number)

    @property
    def auth_id(self) -> UUID:
        return id_of("account", self.number)

    @property
    def status(self) -> Activity:
        return Activity.INACTIVE if self.number in INACTIVE else Activity.ACTIVE

    @property
    def language(self) -> str:
        return str(self.preferences.get("language", "id"))

    @property
    def channel(self) -> str:
        return str(self.preferences.get("channels", ["email"])[0])

    def account_row(self) -> dict[str, Any]:
        return {
            "auth_id": self.auth_id,
            "email": self.email,
            "phone_number": self.phone,
            "is_biometric_enabled": self.number % 3 == 0,
            "status": self.status,
            "created_at": self.joined,
            "updated_at": self.joined,
        }

    def profile_row(self, at: datetime) -> dict[str, Any]:
        deleted_at = at - timedelta(days=9, hours=3) if self.number == DELETED else None
        return {
            "id": self.user_id,
            "auth_id": self.auth_id,
            "fullname": self.person.fullname,
            "email": None if self.number in WITHOUT_EMAIL else self.email,
            "phone_number": None if self.number in WITHOUT_PHONE else self.phone,
            "preferences": self.preferences,
            "status": self.status,
            "created_at": self.joined,
            "updated_at": deleted_at or self.joined,
            "deleted_at": deleted_at,
        }


def customers(at: datetime) -> list[Customer]:
    """All of them, the same people every time; they joined before ``at``."""
    taken: Counter[str] = Counter()
    return [_customer(number, taken, at) for number in range(CUSTOMERS)]


@cache
def person(number: int) -> Person:
    """The person behind a customer's number."""
    if number in SECOND_ACCOUNTS:
        return person(SECOND_ACCOUNTS[number])
    rng = Random(f"person:{number}")
    region, is_woman, fullname = rng.choice(REGIONS), rng.random() < 0.5, ""
    if number in LONG_NAMES:
        place, is_woman, fullname = LONG_NAMES[number]
        region = REGIONS[place]
    born = date(rng.randint(1957, 2004), 1, 1) + timedelta(days=rng.randrange(365))
    fullname = fullname or region.name(rng.getrandbits(32), is_woman=is_woman)
    return Person(number, fullname, is_woman, born, rng.choice(region.towns))


def _customer(number: int, taken: Counter[str], at: datetime) -> Customer:
    rng, who = Random(f"customer:{number}"), person(number)
    words = "".join(c for c in who.fullname.lower() if c.isalpha() or c == " ").split()
    name = ".".join(dict.fromkeys([words[0], words[-1]]))
    taken[name] += 1
    email = f"{name}{taken[name] if taken[name] > 1 else ''}@{rng.choice(HOSTS)}"
    phone = f"+6281200{number:03}{rng.randrange(1000):03}"
    preferences = _preferences(number, who, rng)
    # Those whose first check waits came lately.
    is_new = number < WAITING and number not in VERIFIED_BEFORE
    days = rng.randint(4, 30) if is_new else rng.randint(330, 700)
    return Customer(number, who, email, phone, preferences, at - timedelta(days=days, minutes=rng.randrange(1440)))


def _preferences(number: int, who: Person, rng: Random) -> dict[str, Any]:
    if number % 40 == 27:
        return {}
    language = "en" if rng.random() < 0.12 else "id"
    only = ["sms"] if number in WITHOUT_EMAIL else ["email"] if number in WITHOUT_PHONE else None
    newsletter = {"newsletter": False} if number % 37 == 5 else {}
    return {"language": language, "timezone": who.town.timezone, "channels": only or rng.choice(CHANNELS), **newsletter}
