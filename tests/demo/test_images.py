"""Drawn documents: what they look like from outside, and that they come out the same each time."""

import io
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image

from portal.demo.images import PICTURES, Specimen, document_front, selfie
from portal.kyc.images import clean

SPECIMEN = Specimen(
    document_type="ktp",
    number="3273014504940001",
    fullname="Siti Rahmawati",
    birth_date=date(1994, 4, 5),
    is_woman=True,
    place="BANDUNG",
    province="JAWA BARAT",
    face=7,
)


@pytest.mark.parametrize(
    "specimen",
    [
        SPECIMEN,
        replace(SPECIMEN, document_type="sim", valid_until=date(2031, 2, 28), flaw="glare"),
        replace(SPECIMEN, document_type="npwp", is_woman=False, flaw="cropped"),
    ],
    ids=lambda specimen: specimen.document_type,
)
def test_a_document_is_an_image_the_store_takes(specimen: Specimen) -> None:
    with Image.open(io.BytesIO(clean(document_front(specimen)))) as image:
        assert image.size == (1600, 1100)


def test_the_same_document_is_drawn_the_same_each_time() -> None:
    assert document_front(SPECIMEN) == document_front(SPECIMEN) != document_front(replace(SPECIMEN, face=8))


def test_a_selfie_shows_the_face_and_nothing_of_the_document() -> None:
    drawn = selfie(SPECIMEN)
    assert drawn == selfie(replace(SPECIMEN, document_type="sim", number="1", valid_until=date(2031, 2, 28)))
    assert drawn != selfie(replace(SPECIMEN, face=8))
    with Image.open(io.BytesIO(clean(drawn))) as image:
        assert image.size == (1200, 1500)


def test_the_pictures_are_no_burden() -> None:
    assert sum(path.stat().st_size for path in PICTURES.rglob("*.webp")) < 4_000_000
