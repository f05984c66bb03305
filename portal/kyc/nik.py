"""What a 16-digit NIK says: province, birth date and sex. Hints only: a NIK is for life even with a wrong date in it.

Digits 1–2 are the province of first registration, 7–12 the birth date as DDMMYY, for women with 40 added to the day.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from portal.shared.errors import N_

ADULT = 17
WOMEN = 40

PROVINCES = {
    "11": "Aceh", "12": "Sumatera Utara", "13": "Sumatera Barat", "14": "Riau", "15": "Jambi",
    "16": "Sumatera Selatan", "17": "Bengkulu", "18": "Lampung", "19": "Kepulauan Bangka Belitung",
    "21": "Kepulauan Riau", "31": "DKI Jakarta", "32": "Jawa Barat", "33": "Jawa Tengah", "34": "DI Yogyakarta",
    "35": "Jawa Timur", "36": "Banten", "51": "Bali", "52": "Nusa Tenggara Barat", "53": "Nusa Tenggara Timur",
    "61": "Kalimantan Barat", "62": "Kalimantan Tengah", "63": "Kalimantan Selatan", "64": "Kalimantan Timur",
    "65": "Kalimantan Utara", "71": "Sulawesi Utara", "72": "Sulawesi Tengah", "73": "Sulawesi Selatan",
    "74": "Sulawesi Tenggara", "75": "Gorontalo", "76": "Sulawesi Barat", "81": "Maluku", "82": "Maluku Utara",
    "91": "Papua", "92": "Papua Barat", "93": "Papua Selatan", "94": "Papua Tengah", "95": "Papua Pegunungan",
    "96": "Papua Barat Daya",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hints:
    """What can be read off a NIK, and what looks odd; ``warnings`` are msgids."""

    province: str | None
    birth_date: date | None
    age: int | None
    is_woman: bool
    warnings: tuple[str, ...]


def decode(digits: str, *, today: date) -> Hints | None:
    """The hints of a 16-digit NIK; None for any other number."""
    if len(digits) != 16:
        return None
    province = PROVINCES.get(digits[:2])
    day = int(digits[6:8])
    is_woman = day > WOMEN
    birth_date = _birth_date(day - WOMEN if is_woman else day, int(digits[8:10]), int(digits[10:12]), today)
    age = _age(birth_date, today) if birth_date else None
    warnings = []
    if province is None:
        warnings.append(N_("There is no province with these first two digits."))
    if birth_date is None:
        warnings.append(N_("The digits of the birth date are no date."))
    elif age is not None and age < ADULT:
        warnings.append(N_("By this number the person is under 17."))
    return Hints(province, birth_date, age, is_woman, tuple(warnings))


def _birth_date(day: int, month: int, year: int, today: date) -> date | None:
    """The latest such date that has come."""
    for century in (2000, 1900):
        with suppress(ValueError):
            born = date(century + year, month, day)
            if born <= today:
                return born
    return None


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
