"""Photos of made-up people's documents, and their selfies.

``pictures/`` holds what is drawn: the signed photo and the selfie of each person, by number; blank cards; tables. What
a card says is written on it here.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PICTURES = Path(__file__).parent / "pictures"
TABLES = 9
NIGHT, GRAY = "#100e18", "#8a8686"
STREETS = ("MELATI", "KENANGA", "CEMPAKA", "ANGGREK", "DAHLIA")
JOBS = ("KARYAWAN SWASTA", "WIRASWASTA", "GURU", "PERAWAT", "PEDAGANG")


@dataclass(frozen=True, slots=True)
class Specimen:
    """What a document says, the number of the face on it, and what is wrong with the photo that was taken of it."""

    document_type: str
    number: str
    fullname: str
    birth_date: date
    is_woman: bool
    place: str
    province: str
    face: int
    valid_until: date | None = None
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a card says what, in pixels: x, y, and the digits' size, the photo's width, or the step between fields."""

    ink: str
    number: tuple[int, int, int]
    photo: tuple[int, int, int]
    first_field: tuple[int, int, int]
    fields: str
    lines: tuple[tuple[int, int, int, str], ...] = ()
    """Centered lines: x, y, size and text."""


LAYOUTS = {
    "ktp": Layout(
        ink="#12222e",
        number=(158, 212, 50),
        photo=(884, 172, 296),
        first_field=(326, 276, 46),
        fields="name birth sex street block village district marriage job nationality until",
        lines=(
            (620, 78, 38, "PROVINSI {province}"),
            (620, 124, 38, "KOTA {place}"),
            (1032, 600, 24, "KOTA {place}"),
            (1032, 632, 24, "{issued}"),
        ),
    ),
    "sim": Layout(
        ink="#3a1418",
        number=(478, 214, 44),
        photo=(54, 176, 296),
        first_field=(680, 288, 57),
        fields="name birth sex street job province issued until",
    ),
    "npwp": Layout(
        ink="#1c2a4c",
        number=(236, 222, 56),
        photo=(910, 276, 270),
        first_field=(370, 316, 62),
        fields="name birth street place province office issued",
    ),
}


def document_front(specimen: Specimen) -> bytes:
    """A photo of the document on a table, as JPEG."""
    rng = Random(f"{specimen.face}:document")
    scene = _picture("tables", rng.randrange(TABLES)).convert("RGB")
    card = _card(specimen).rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, expand=True)
    shift = (420, 210) if specimen.flaw == "cropped" else (0, 0)
    x = (scene.width - card.width) // 2 + rng.randint(-40, 40) + shift[0]
    y = (scene.height - card.height) // 2 + rng.randint(-30, 30) + shift[1]
    shadow = Image.new("L", scene.size)
    shadow.paste(card.getchannel("A"), (x + 10, y + 26))
    scene.paste(NIGHT, mask=shadow.filter(ImageFilter.GaussianBlur(22)).point(lambda v: v * 0.6))
    scene.paste(card, (x, y), card)
    corner = rng.choice((0, 76)), rng.choice((0, 60))
    light = Image.radial_gradient("L").resize(scene.size, box=(*corner, corner[0] + 180, corner[1] + 180))
    scene.paste(NIGHT, mask=light.point(lambda v: v * 0.25))
    return _jpeg(_spoiled(scene, specimen.flaw))


def selfie(specimen: Specimen) -> bytes:
    """A selfie of the document's holder, as JPEG."""
    return _jpeg(_picture("selfies", specimen.face))


def _picture(folder: str, name: object) -> Image.Image:
    return Image.open(PICTURES / folder / f"{name}.webp")


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _card(specimen: Specimen) -> Image.Image:
    layout, rng = LAYOUTS[specimen.document_type], Random(f"{specimen.face}:card")
    facts = _facts(specimen, rng)
    card = _picture("cards", specimen.document_type)
    pen = ImageDraw.Draw(card)
    x, y, size = layout.number
    for place, digit in enumerate(specimen.number):
        pen.text((x + place * size * 0.66, y), digit, layout.ink, _font(size), "ms", stroke_width=1)
    x, y, step = layout.first_field
    for row, field in enumerate(layout.fields.split()):
        _write(pen, (x, y + row * step), facts[field], layout.ink, 27, "ls")
    for x, y, size, words in layout.lines:
        _write(pen, (x, y), words.format(**facts), layout.ink, size, "ms")
    x, y, width = layout.photo
    photo = _picture("photos", specimen.face)
    photo = photo.resize((width, photo.height * width // photo.width))
    card.paste(photo, (x, y), photo)
    card.paste(GRAY, mask=_watermark(card.size))
    return card


@cache
def _watermark(size: tuple[int, int]) -> Image.Image:
    mark = Image.new("L", size)
    ImageDraw.Draw(mark).text((size[0] / 2, size[1] / 2), "CONTOH / SPECIMEN", 82, _font(124), "mm", stroke_width=3)
    return mark.rotate(27, Image.Resampling.BILINEAR)


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], words: str, ink: str, size: int, anchor: str) -> None:
    """In letters of that size, or smaller ones where it would not fit."""
    while _font(size).getlength(words) > 520:
        size -= 1
    pen.text(place, words, ink, _font(size), anchor, stroke_width=0.7)


def _facts(specimen: Specimen, rng: Random) -> dict[str, str]:
    """What the fields and lines of all cards are filled with."""
    year = max(specimen.birth_date.year + 17, rng.randint(2017, 2023))
    issued = date(year, rng.randint(1, 12), rng.randint(1, 28))
    if last := specimen.valid_until:
        issued = date(last.year - 5, last.month, min(last.day, 28))
    return {
        "name": specimen.fullname.upper(),
        "birth": f"{specimen.place}, {specimen.birth_date:%d-%m-%Y}",
        "sex": "PEREMPUAN" if specimen.is_woman else "LAKI-LAKI",
        "street": f"JL. CONTOH {rng.choice(STREETS)} NO. {rng.randint(1, 99)}",
        "block": f"{rng.randint(1, 12):03}/{rng.randint(1, 9):03}",
        "village": "CONTOHSARI",
        "district": "CONTOH TENGAH",
        "marriage": rng.choice(("KAWIN", "BELUM KAWIN")),
        "job": rng.choice(JOBS),
        "nationality": "WNI",
        "office": "PRATAMA CONTOH",
        "place": specimen.place,
        "province": specimen.province,
        "issued": f"{issued:%d-%m-%Y}",
        "until": f"{specimen.valid_until:%d-%m-%Y}" if specimen.valid_until else "SEUMUR HIDUP",
    }


def _spoiled(photo: Image.Image, flaw: str | None) -> Image.Image:
    if flaw == "blurry":
        return photo.filter(ImageFilter.GaussianBlur(9))
    if flaw == "dark":
        return photo.point(lambda v: v * 0.3)
    if flaw == "glare":
        glare = Image.new("L", photo.size)
        ImageDraw.Draw(glare).ellipse((200, 160, 1000, 560), 255)
        photo.paste("white", mask=glare.filter(ImageFilter.GaussianBlur(72)))
    return photo
