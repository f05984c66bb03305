"""The specimen documents: KTP, SIM and NPWP."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from PIL import Image, ImageDraw, ImageFont, ImageOps

from portal.demo.canvas import FINE, GRAY, WHITE, Canvas, Color, from_hex, mix, points_of
from portal.demo.faces import Face, face_of, portrait

Box = tuple[int, int, int, int]

CARD_SIZE = (1240, 782)
WATERMARK = "CONTOH / SPECIMEN"
FOREVER = "SEUMUR HIDUP"
GRAY_HAIR_BEFORE = 1968
RED_BACKDROP, BLUE_BACKDROP = (190, 44, 50), (44, 96, 168)
HILLS = (
    "-300 900 0 690 330 620 700 690 1000 610 1500 520 1600 900",
    "-300 900 0 740 300 730 620 760 900 690 1300 640 1600 900",
)


@dataclass(frozen=True)
class Specimen:
    """What a specimen document says, and the seed of its looks."""

    document_type: str
    number: str
    fullname: str
    birth_date: date
    is_woman: bool
    place: str
    province: str
    valid_until: date | None
    seed: int
    flaw: str | None = None

    @property
    def face(self) -> Face:
        return face_of(self.seed, woman=self.is_woman, old=self.birth_date.year < GRAY_HAIR_BEFORE)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


class _Card:
    """Draws text and a photo on a card, in units of the final picture."""

    def __init__(self, top: str, bottom: str, ink: str) -> None:
        size = (CARD_SIZE[0] * FINE, CARD_SIZE[1] * FINE)
        fade = Image.linear_gradient("L").rotate(60, Image.Resampling.BILINEAR)
        fade = fade.resize(size, Image.Resampling.BILINEAR, box=(50, 50, 206, 206))
        self.image = ImageOps.colorize(fade, from_hex(top), from_hex(bottom))
        self.draw = ImageDraw.Draw(self.image)
        self.ink = from_hex(ink)
        canvas = Canvas(self.image, FINE + 0j, 0j)
        for hill, tint in zip(HILLS, (0.05, 0.1), strict=True):
            canvas.shape(points_of(hill), mix(from_hex(bottom), self.ink, tint))

    def box(self, box: Box, fill: Color, radius: int = 0) -> None:
        self.draw.rounded_rectangle([FINE * v for v in box], FINE * radius, fill)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        bold: float = 0,
        anchor: str = "ls",
        fill: Color | None = None,
        room: int = 1200,
    ) -> None:
        while _font(size * FINE).getlength(text) > room * FINE:
            size -= 1
        self.draw.text(
            (x * FINE, y * FINE),
            text,
            fill or self.ink,
            _font(size * FINE),
            anchor,
            stroke_width=bold * FINE,
        )

    def digits(self, x: int, y: int, number: str, size: int) -> None:
        for place, digit in enumerate(number):
            self.text(x + place * size * 0.66, y, digit, size, bold=1, anchor="ms")

    def fields(self, x: int, y: int, step: int, value_x: int, room: int, rows: dict[str, str]) -> None:
        for line, (label, value) in enumerate(rows.items()):
            self.text(x, y + line * step, label, 26)
            self.text(value_x - 16, y + line * step, ":", 26, bold=0.6)
            self.text(value_x, y + line * step, value, 27, bold=0.7, room=room)

    def photo(self, box: Box, specimen: Specimen, backdrop: Color) -> None:
        left, top, right, bottom = (FINE * v for v in box)
        photo = Image.new("RGB", (right - left, bottom - top), backdrop)
        unit = photo.width / 1100
        canvas = Canvas(photo, unit + 0j, complex(photo.width / 2, -130 * unit))
        rng = Random(f"{specimen.seed}:photo")
        portrait(canvas, specimen.face, rng, cheerful=False)
        self.image.paste(photo, (left, top))

    def signature(self, x: int, y: int, rng: Random) -> None:
        points = [complex(20 * step, rng.uniform(14, 30) * (-1) ** step) for step in range(7)]
        canvas = Canvas(self.image, FINE + 0j, FINE * complex(x, y))
        canvas.stroke([*points, 160 - 8j], 2.4, self.ink)

    def watermark(self) -> None:
        mask = Image.new("L", CARD_SIZE)
        middle = (CARD_SIZE[0] / 2, CARD_SIZE[1] / 2)
        draw = ImageDraw.Draw(mask)
        draw.text(middle, WATERMARK, 82, _font(124), "mm", stroke_width=3)
        mask = mask.rotate(27, Image.Resampling.BILINEAR)
        mask = mask.resize(self.image.size, Image.Resampling.BILINEAR)
        self.image.paste(GRAY, mask=mask)


def card_of(specimen: Specimen) -> Image.Image:
    """The document, twice as large as it lies on the table."""
    designs = {"ktp": _ktp, "sim": _sim, "npwp": _npwp}
    card = designs[specimen.document_type](specimen, Random(f"{specimen.seed}:card"))
    card.watermark()
    return card.image


def _day(day: date | None) -> str:
    return f"{day:%d-%m-%Y}" if day else FOREVER


def _facts(specimen: Specimen, rng: Random) -> dict[str, str]:
    flower = rng.choice(["MELATI", "KENANGA", "CEMPAKA", "ANGGREK", "DAHLIA"])
    jobs = ["KARYAWAN SWASTA", "WIRASWASTA", "GURU", "PERAWAT", "PEDAGANG"]
    year = max(specimen.birth_date.year + 17, rng.randint(2017, 2023))
    issued = date(year, rng.randint(1, 12), rng.randint(1, 28))
    if last := specimen.valid_until:
        issued = date(last.year - 5, last.month, min(last.day, 28))
    return {
        "name": specimen.fullname.upper(),
        "birth": f"{specimen.place}, {_day(specimen.birth_date)}",
        "gender": "PEREMPUAN" if specimen.is_woman else "LAKI-LAKI",
        "street": f"JL. CONTOH {flower} NO. {rng.randint(1, 99)}",
        "job": rng.choice(jobs),
        "issued": _day(issued),
    }


def _ktp(specimen: Specimen, rng: Random) -> _Card:
    facts = _facts(specimen, rng)
    card = _Card("d9eef6", "a6cfe6", "12222e")
    card.text(620, 78, f"PROVINSI {specimen.province}", 38, 1, "ms")
    card.text(620, 124, f"KOTA {specimen.place}", 38, 1, "ms")
    backdrop = RED_BACKDROP if specimen.birth_date.year % 2 else BLUE_BACKDROP
    card.text(54, 212, "NIK", 36, 0.8)
    card.digits(158, 212, specimen.number, 50)
    rows = {
        "Nama": facts["name"],
        "Tempat/Tgl Lahir": facts["birth"],
        "Jenis Kelamin": facts["gender"],
        "Alamat": facts["street"],
        "   RT/RW": f"{rng.randint(1, 12):03}/{rng.randint(1, 9):03}",
        "   Kel/Desa": "CONTOHSARI",
        "   Kecamatan": "CONTOH TENGAH",
        "Status Perkawinan": rng.choice(["KAWIN", "BELUM KAWIN"]),
        "Pekerjaan": facts["job"],
        "Kewarganegaraan": "WNI",
        "Berlaku Hingga": _day(specimen.valid_until),
    }
    card.fields(54, 276, 46, 326, 520, rows)
    card.photo((884, 172, 1180, 556), specimen, backdrop)
    card.text(1032, 600, f"KOTA {specimen.place}", 24, 0, "ms", room=320)
    card.text(1032, 632, facts["issued"], 24, 0, "ms")
    card.signature(954, 690, rng)
    return card


def _sim(specimen: Specimen, rng: Random) -> _Card:
    facts = _facts(specimen, rng)
    card = _Card("fdf6ea", "f0d2c4", "3a1418")
    card.box((0, 0, CARD_SIZE[0], 134), (164, 36, 48))
    card.text(54, 70, "SURAT IZIN MENGEMUDI", 50, 1.4, fill=WHITE)
    card.text(54, 112, "Driving License · CONTOH", 28, 0.3, fill=WHITE)
    card.box((1086, 22, 1180, 112), WHITE, 18)
    card.text(1133, 68, rng.choice("AAC"), 70, 2, "mm", fill=(164, 36, 48))
    card.photo((54, 176, 350, 560), specimen, BLUE_BACKDROP)
    card.signature(122, 640, rng)
    card.text(400, 214, "No.", 34, 0.6)
    card.digits(478, 214, specimen.number, 44)
    rows = {
        "1. Nama": facts["name"],
        "2. Tempat/Tgl Lahir": facts["birth"],
        "3. Jenis Kelamin": facts["gender"],
        "4. Alamat": facts["street"],
        "5. Pekerjaan": facts["job"],
        "6. Provinsi": specimen.province,
        "7. Diterbitkan": facts["issued"],
    }
    card.fields(400, 288, 54, 680, 510, rows)
    card.box((400, 664, 1180, 730), (164, 36, 48), 14)
    card.text(428, 709, f"Berlaku s/d  {_day(specimen.valid_until)}", 36, 1, fill=WHITE)
    return card


def _npwp(specimen: Specimen, rng: Random) -> _Card:
    facts = _facts(specimen, rng)
    card = _Card("fffdf2", "f6e4a4", "1c2a4c")
    card.box((0, 0, 150, CARD_SIZE[1]), (30, 58, 118))
    card.box((150, 0, 164, CARD_SIZE[1]), (238, 188, 54))
    card.text(214, 92, "NPWP", 72, 2.4)
    card.text(440, 62, "NOMOR POKOK WAJIB PAJAK", 32, 0.8)
    card.text(440, 96, "Kartu contoh, bukan kartu resmi", 25)
    card.box((214, 130, 1180, 136), (238, 188, 54))
    card.digits(236, 222, specimen.number, 56)
    rows = {
        "Nama": facts["name"],
        "Lahir": facts["birth"],
        "Alamat": facts["street"],
        "Kota": specimen.place,
        "Provinsi": specimen.province,
        "KPP": "PRATAMA CONTOH",
        "Terdaftar": facts["issued"],
    }
    card.fields(214, 316, 62, 370, 500, rows)
    card.photo((910, 276, 1180, 626), specimen, (150, 160, 178))
    card.text(1045, 670, "WAJIB PAJAK", 24, 0, "ms")
    return card
