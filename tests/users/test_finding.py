"""Finding a customer by a phone number or an e-mail address, however somebody writes them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.shared import clock
from portal.shared.vocabulary import Activity
from portal.users import MAX_HITS, find
from portal.users.people import mask_email, mask_phone
from portal.users.search import normal_email, normal_phone
from tests.factories import make_customer

PHONES = [
    "+6281234567890",
    "6281234567890",
    "081234567890",
    "81234567890",
    "+62 812-3456-7890",
    "+62 (812) 3456 7890",
    "0812.3456.7890",
    "  0812 3456 7890  ",
    "0062 812 3456 7890",
    "+62 0812 3456 7890",
    "+62 (0)812 3456 7890",
    "62-0812-3456-7890",
]


def found(term):
    return [person.user_id for person in find(term)]


def test_every_spelling_of_a_phone_number_is_the_same_one(in_app):
    siti = make_customer(phone_number="+6281234567890")
    make_customer(phone_number="+6281234567891")
    for spelling in PHONES:
        assert normal_phone(spelling) == "+6281234567890", spelling
        assert found(spelling) == [siti], spelling


@pytest.mark.parametrize("number", ["+14155552671", "+8190123456", "+6561234567"])
def test_a_number_of_another_country_is_found_as_it_is_written(in_app, number):
    kenji = make_customer(phone_number=number)
    assert found(number) == [kenji]
    assert found(f"{number[:3]} {number[3:7]}-{number[7:]}") == [kenji]


@given(digits=st.from_regex(r"8[0-9]{8,11}", fullmatch=True), blanks=st.lists(st.integers(1, 9), max_size=3))
def test_blanks_points_and_hyphens_make_no_difference(digits, blanks):
    spaced = digits
    for place, mark in zip(blanks, " -.", strict=False):
        spaced = f"{spaced[:place]}{mark}{spaced[place:]}"
    for start in ("0", "62", "+62", "", "+62 "):
        assert normal_phone(start + spaced) == f"+62{digits}"


@pytest.mark.parametrize(
    "term", ["", "+", "budi", "0", "62", "٠٨١٢٣٤٥٦٧٨٩٠", "%", "_", "' OR 1=1", "08123456789", "x" * 255]
)
def test_what_is_no_whole_number_finds_nobody(in_app, term):
    make_customer(phone_number="+6281234567890")
    make_customer(phone_number=None, email=None)
    assert found(term) == []


def test_an_email_is_found_in_any_case(in_app):
    siti = make_customer(email="Siti.Rahma@Example.com")
    make_customer(email="siti.rahmat@example.com")
    for spelling in (
        "siti.rahma@example.com",
        "SITI.RAHMA@EXAMPLE.COM",
        " Siti.Rahma@Example.com ",
        "ｓiti.rahma@example.com",
    ):
        assert found(spelling) == [siti], spelling
    for other in ("siti.rahma@example.co", "rahma@example.com", "%@example.com", "@", "siti.rahma@"):
        assert found(other) == [], other
    assert normal_email(" SITI@Example.COM ") == "siti@example.com"


def test_an_id_finds_its_customer(in_app):
    siti = make_customer()
    assert found(str(siti)) == [siti]
    assert found(f" {str(siti).upper()} ") == [siti]
    assert found(str(siti)[:8]) == found(str(siti)[:20].upper()) == [siti]
    assert found(str(siti)[:7]) == found(f"{str(siti)[:8]}x") == []


def test_several_customers_may_share_one_and_there_are_fifty_at_most(in_app):
    family = {make_customer(phone_number="+6281234567890") for _ in range(3)}
    assert set(found("081234567890")) == family
    for _ in range(MAX_HITS):
        make_customer(email="office@example.com")
    make_customer(email="OFFICE@example.com")
    assert len(found("office@example.com")) == MAX_HITS


def test_an_inactive_customer_is_found_and_a_deleted_one_never(in_app):
    given = {"phone_number": "+6281234567890", "email": "siti@example.com"}
    inactive = make_customer(status=Activity.INACTIVE, **given)
    gone = make_customer(deleted_at=clock.now(), **given)
    assert found("081234567890") == found("siti@example.com") == [inactive]
    assert found(str(gone)) == []


def test_however_many_were_deleted_they_take_nobodys_place(in_app):
    given = {"phone_number": "+6281234567890", "email": "siti@example.com"}
    for _ in range(MAX_HITS):
        make_customer(deleted_at=clock.now(), **given)
    last = make_customer(id=UUID(int=2**128 - 1), **given)
    assert found("081234567890") == found("siti@example.com") == [last]


def test_what_leaves_is_masked(in_app):
    make_customer(fullname="Siti Rahmawati", phone_number="+6281234567890", email="siti.rahma@gmail.com")
    (person,) = find("081234567890")
    assert (person.fullname, person.phone, person.email) == ("Siti Rahmawati", "+62812••••890", "s***@g***.com")


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("siti@gmail.com", "s***@g***.com"),
        ("s@g.id", "s***@g***.id"),
        ("siti@mail.co.id", "s***@m***.id"),
        ("@x.id", "***@x***.id"),
        ("siti", "–"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_an_email_is_masked(email, masked):
    assert mask_email(email) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+6281234567789", "+62812••••789"),
        ("+628123456", "+62812••••456"),
        ("+62812345", "+6••••"),
        ("112", "11••••"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_a_phone_number_is_masked(phone, masked):
    assert mask_phone(phone) == masked
