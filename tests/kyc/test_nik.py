"""What a 16-digit number says about its owner."""

from datetime import date

import pytest

from portal.kyc.nik import PROVINCES, decode

TODAY = date(2026, 3, 31)
NO_PROVINCE = "There is no province with these first two digits."
NO_DATE = "The digits of the birth date are no date."
UNDER_AGE = "By this number the person is under 17."


def nik(birth: str, province: str = "32") -> str:
    """A number with these digits of a birth date."""
    return f"{province}7301{birth}0001"


@pytest.mark.parametrize(
    ("birth", "is_woman", "born", "age"),
    [
        ("150494", False, date(1994, 4, 15), 31),
        ("550494", True, date(1994, 4, 15), 31),
        ("310394", False, date(1994, 3, 31), 32),
        ("010494", False, date(1994, 4, 1), 31),
        ("711299", True, date(1999, 12, 31), 26),
        ("410150", True, date(1950, 1, 1), 76),
        ("290296", False, date(1996, 2, 29), 30),
        ("690200", True, date(2000, 2, 29), 26),
        ("310309", False, date(2009, 3, 31), 17),
        ("010127", False, date(1927, 1, 1), 99),
        ("010426", False, date(1926, 4, 1), 99),
        ("411226", True, date(1926, 12, 1), 99),
    ],
)
def test_birth_date_age_and_sex_are_read(birth, is_woman, born, age):
    hints = decode(nik(birth), today=TODAY)
    assert (hints.birth_date, hints.age, hints.is_woman) == (born, age, is_woman)
    assert hints.warnings == ()


@pytest.mark.parametrize(
    "birth",
    ["000494", "320494", "400494", "720494", "990494", "150094", "151394", "310494", "300200", "290295", "690295"],
)
def test_an_impossible_date_is_a_warning(birth):
    hints = decode(nik(birth), today=TODAY)
    assert (hints.birth_date, hints.age) == (None, None)
    assert hints.warnings == (NO_DATE,)


@pytest.mark.parametrize(
    ("birth", "age"), [("010409", 16), ("410409", 16), ("310326", 0), ("010126", 0), ("290224", 2)]
)
def test_somebody_under_17_is_a_warning(birth, age):
    hints = decode(nik(birth), today=TODAY)
    assert hints.age == age
    assert hints.warnings == (UNDER_AGE,)


@pytest.mark.parametrize("province", ["00", "10", "20", "37", "97", "99"])
def test_an_unknown_province_is_a_warning(province):
    hints = decode(nik("150494", province), today=TODAY)
    assert hints.province is None
    assert hints.warnings == (NO_PROVINCE,)


def test_everything_odd_is_said_at_once():
    assert decode(nik("990494", "00"), today=TODAY).warnings == (NO_PROVINCE, NO_DATE)


@pytest.mark.parametrize(
    ("province", "name"), [("11", "Aceh"), ("31", "DKI Jakarta"), ("32", "Jawa Barat"), ("94", "Papua Tengah")]
)
def test_the_province_is_named(province, name):
    assert decode(nik("150494", province), today=TODAY).province == name


def test_there_are_38_provinces():
    assert len(PROVINCES) == 38


@pytest.mark.parametrize("digits", ["", "3273", "327301150494000", "32730115049400011", "123456789012"])
def test_any_other_number_says_nothing(digits):
    assert decode(digits, today=TODAY) is None
