"""Draws specimen identity documents and selfies for the demo data."""

from cmath import rect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from math import radians
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

Color = tuple[int, int, int]
Box = tuple[int, int, int, int]
Points = Sequence[complex]

DOCUMENT_SIZE = (1600, 1100)
SELFIE_SIZE = (1200, 1500)
CARD_SIZE = (1240, 782)
CARD_CORNER = 44
FINE = 2
SOFT = 8
JPEG_QUALITY = 85
WATERMARK = "CONTOH / SPECIMEN"
FOREVER = "SEUMUR HIDUP"
GRAY_HAIR_BEFORE = 1968

WHITE, NIGHT, BROWN = (255, 255, 255), (16, 14, 24), (120, 60, 40)
GRAY, LIPS, BLUSH = (138, 134, 134), (186, 78, 78), (226, 96, 84)
RED_BACKDROP, BLUE_BACKDROP = (190, 44, 50), (44, 96, 168)
LEAF, WINDOW, WOOD = (104, 146, 92), (240, 246, 250), (128, 104, 84)
SKINS = "f2cba8 e5b58e d69f75 be865c a06c4a"
HAIRS = "221b1c 181620 34241e 482f22"
EYES = "321e16 442a1c 241816"
CLOTHES = "804055 2c3e58 486854 c47a48 5c5484 3a7686 ac4642 d6c4a0 464a52 dcaa5c"
SCARVES = "3e747a d6c6b2 a6707c 464e70 788460 ba9874 5c3e5c 343840 c496a0 8ea6ba"
WALLS = "cec5ba b8c8cc d4cebc c4bcc8 beccba dcc8b4"
TABLES = {
    "wood": "603e28/c4926a 785c40/dcbe96 362620/7a5844",
    "stone": "70747a/d4d4d2 3a3e44/767a7e b0a494/f0e8da",
    "cloth": "3c4e68/8ca0b8 8c7e6a/e4d8c4 586858/a6b4a0",
}

# Outlines: x, y pairs around the middle of the face; most are left halves.
FACE = "0 398 -98 414 -184 470 -236 564 -250 680 -236 796 -190 896 -114 972 0 1004"
NECK = "0 880 -112 880 -110 1050 -130 1150 0 1200"
TORSO = "0 1104 -122 1100 -250 1144 -392 1206 -480 1310 -520 1500 -560 1900 0 1900"
NECKLINE = "0 1190 -78 1168 -122 1100 -60 1060 0 1060"
COLLAR = "-120 1066 -6 1214 -80 1290 -172 1140"
HIJAB = "0 296 -130 316 -238 392 -296 520 -312 680 -322 840 -356 1000 -424 1140 -440 1220 -320 1288 -160 1328 0 1340"
HIJAB_RIM = "0 362 -130 386 -216 474 -252 620 -246 770 -206 890 -120 1000 0 1030"
DRAPE = (
    "-236 760 -190 872 -104 958 0 990 104 958 190 872 236 760 276 900 290 1040"
    " 190 1150 40 1190 -120 1130 -230 1010 -272 880"
)
FOLDS = ("-206 930 -110 1024 10 1060 120 1040", "-130 1070 -20 1120 90 1126 180 1086")
PECI = "0 300 -120 304 -196 318 -208 334 -252 520 -130 506 0 502"
HAIR_BEHIND = {
    "long": "0 306 -170 330 -288 450 -318 650 -322 850 -350 1060 -330 1240 0 1290",
    "bob": "0 306 -170 330 -288 450 -322 650 -330 850 -300 960 -180 990 0 990",
    "bun": "0 322 -160 344 -262 450 -272 620 -220 700 0 700",
}
HAIR_IN_FRONT = {
    "curtain": ("0 322 -150 346 -262 462 -288 640 -272 760 -246 690 -222 590 -140 490 -40 432 0 402"),
    "fringe": ("0 322 -150 346 -264 462 -288 640 -268 760 -240 690 -222 590 -120 574 0 578"),
    "crew": ("0 336 -140 356 -234 440 -262 560 -256 670 -236 620 -214 540 -120 478 0 470"),
    "receding": "-190 462 -240 520 -272 610 -260 706 -236 650 -222 580 -196 520",
}
HAIR_ONE_SIDED = {
    "part": (
        "-258 690 -280 560 -246 430 -140 336 30 300 176 330 258 430 280 560 258 690"
        " 238 630 224 556 190 506 60 486 -70 440 -130 500 -206 560 -238 630"
    ),
    "swept": (
        "-268 760 -290 620 -262 450 -140 340 20 316 170 344 264 456 290 620 268 760"
        " 246 690 226 590 150 506 40 452 -60 420 -110 510 -206 590 -246 690"
    ),
}
EYE = "-54 8 -30 -18 4 -28 36 -16 54 2 28 20 -12 24"
EYELID = "-58 8 -32 -20 4 -31 38 -18 58 0"
BROW = "-66 6 -28 -14 14 -16 64 12"
MUSTACHE = "0 834 -46 838 -84 870 -44 866 0 860"
JAW = "0 880 -110 866 -190 760 -270 720 -240 900 -120 1020 0 1040"
HILLS = (
    "-300 900 0 690 330 620 700 690 1000 610 1500 520 1600 900",
    "-300 900 0 740 300 730 620 760 900 690 1300 640 1600 900",
)
WOMEN_STYLES = "hijab hijab hijab hijab hijab hijab long-curtain long-swept bob-fringe bob-swept bun-curtain bun-swept"
MEN_STYLES = "crew part part curly curly peci"
OLD_MEN_STYLES = "crew part receding receding peci"


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


@dataclass(frozen=True)
class _Face:
    style: str
    skin: Color
    hair: Color
    eyes: Color
    lips: Color
    width: float
    jaw: float
    eye_size: float
    eye_gap: float
    brow_tilt: float
    brow_weight: float
    nose: float
    mouth: float
    glasses: str
    beard: str
    mole: complex | None


def document_front(specimen: Specimen) -> bytes:
    """Draw a photo of the document on a table, as JPEG."""
    rng = Random(f"{specimen.seed}:document")
    scene = _table(rng)
    card = _card(specimen)
    center = (800 + rng.uniform(-40, 40), 550 + rng.uniform(-30, 30))
    angle = rng.choice((-1, 1)) * rng.uniform(1, 5)
    if specimen.flaw == "cropped":
        center = (center[0] + 420, center[1] + 210)
    _lay(scene, card, angle, center)
    _light(scene, rng)
    return _jpeg(_spoil(scene, specimen.flaw, rng))


def selfie(specimen: Specimen) -> bytes:
    """Draw a selfie of the document's holder, as JPEG."""
    rng = Random(f"{specimen.seed}:selfie")
    image = _room(rng).resize((SELFIE_SIZE[0] * FINE, SELFIE_SIZE[1] * FINE), Image.Resampling.BILINEAR)
    turn = rect(FINE * rng.uniform(0.98, 1.12), radians(rng.uniform(-4, 4)))
    middle = FINE * complex(600 + rng.uniform(-40, 40), 780 + rng.uniform(-20, 40))
    canvas = _Canvas(image, turn, middle - 740j * turn)
    _portrait(canvas, _face(specimen), rng, cheerful=rng.random() < 0.6)
    image = image.reduce(FINE)
    _light(image, rng)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _hex(text: str) -> Color:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _pick(rng: Random, palette: str) -> Color:
    return _hex(rng.choice(palette.split()))


def _mix(color: Color, other: Color, amount: float) -> Color:
    r, g, b = (round(a + (z - a) * amount) for a, z in zip(color, other, strict=True))
    return r, g, b


def _points(text: str, width: float = 1) -> list[complex]:
    numbers = [float(word) for word in text.split()]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [complex(x * width, y) for x, y in pairs]


def _mirror(points: Points) -> list[complex]:
    return [-p.conjugate() for p in reversed(points)]


def _whole(text: str, width: float = 1) -> list[complex]:
    half = _points(text, width)
    return half + [p for p in _mirror(half) if p.real]


def _oval(center: complex, rx: float, ry: float) -> list[complex]:
    around = (rect(1, radians(angle)) for angle in range(0, 360, 30))
    return [center + complex(p.real * rx, p.imag * ry) for p in around]


def _square(center: complex, rx: float, ry: float) -> list[complex]:
    ring = _points("-1 -.6 -.8 -.9 .8 -.9 1 -.6 .9 .5 .5 .9 -.5 .9 -.9 .5")
    return [center + complex(p.real * rx, p.imag * ry) for p in ring]


def _smooth(points: Points, closed: bool = True, steps: int = 12) -> list[complex]:
    """Lay a Catmull-Rom curve through the points."""
    if closed:
        path = [points[-1], *points, *points[:2]]
    else:
        path = [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(path, path[1:], path[2:], path[3:], strict=False):
        for t in (step / steps for step in range(steps)):
            bend = (2 * a - 5 * b + 4 * c - d) + (3 * b - a - 3 * c + d) * t
            curve.append(b + ((c - a) + bend * t) * t / 2)
    return curve if closed else [*curve, points[-1]]


class _Canvas:
    """Draws smooth shapes, given in portrait units, on an image."""

    def __init__(self, image: Image.Image, turn: complex, origin: complex) -> None:
        self.image, self.turn, self.origin = image, turn, origin
        self.draw = ImageDraw.Draw(image)

    def _placed(self, points: Points) -> list[tuple[float, float]]:
        placed = (p * self.turn + self.origin for p in points)
        return [(p.real, p.imag) for p in placed]

    def shape(self, points: Points, fill: Color) -> None:
        self.draw.polygon(self._placed(_smooth(points)), fill)

    def corners(self, points: Points, fill: Color) -> None:
        self.draw.polygon(self._placed(points), fill)

    def stroke(self, points: Points, width: float, fill: Color, closed: bool = False) -> None:
        path = self._placed(_smooth(points, closed))
        thick = width * abs(self.turn)
        if closed:
            path += path[:2]
        self.draw.line(path, fill, max(1, round(thick)), "curve")
        for spot in (path[0], path[-1]):
            self.draw.circle(spot, thick / 2 - 0.5, fill)

    def clip(self, points: Points) -> Image.Image:
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._placed(_smooth(points)), 255)
        return mask

    def soft(self, clip: Image.Image, points: Points, fill: Color, strength: float, blur: int) -> None:
        """Tint a blurred shape, inside the clip mask only."""
        path, radius = self._placed(_smooth(points)), blur * abs(self.turn)
        xs, ys = zip(*path, strict=True)
        left, top = int(min(xs) - 3 * radius), int(min(ys) - 3 * radius)
        right, bottom = int(max(xs) + 3 * radius), int(max(ys) + 3 * radius)
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, clip.width), min(bottom, clip.height)
        box, size = (left, top, right, bottom), (right - left, bottom - top)
        mask = Image.new("L", (size[0] // SOFT + 1, size[1] // SOFT + 1))
        small = [((x - left) / SOFT, (y - top) / SOFT) for x, y in path]
        ImageDraw.Draw(mask).polygon(small, round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(radius / SOFT))
        mask = mask.resize(size, Image.Resampling.BILINEAR)
        self.image.paste(fill, box, ImageChops.multiply(mask, clip.crop(box)))


def _face(specimen: Specimen) -> _Face:
    woman = specimen.is_woman
    old = specimen.birth_date.year < GRAY_HAIR_BEFORE
    rng = Random(f"{specimen.seed}:face:{woman}")
    styles = WOMEN_STYLES if woman else OLD_MEN_STYLES if old else MEN_STYLES
    beards = ["", "", "stubble", "mustache", "goatee"]
    skin = _pick(rng, SKINS)
    return _Face(
        style=rng.choice(styles.split()),
        skin=skin,
        hair=_mix(_pick(rng, HAIRS), GRAY, 0.75 if old else 0),
        eyes=_pick(rng, EYES),
        lips=_mix(LIPS, skin, 0.15 if woman else 0.45),
        width=rng.uniform(0.93, 1.07),
        jaw=rng.uniform(0.9, 1.0) if woman else rng.uniform(0.96, 1.12),
        eye_size=rng.uniform(0.94, 1.1) * (1.06 if woman else 0.96),
        eye_gap=rng.uniform(98, 114),
        brow_tilt=rng.uniform(-4, 8),
        brow_weight=rng.uniform(9, 13) if woman else rng.uniform(15, 22),
        nose=rng.uniform(0.85, 1.3),
        mouth=rng.uniform(0.88, 1.15),
        glasses=rng.choice(["", "", "", "", "round", "square"]),
        beard="" if woman else rng.choice(beards),
        mole=rng.choice([None, None, None, None, -128 + 850j, 112 + 805j]),
    )


def _outline(face: _Face) -> list[complex]:
    scale = 0.93 if face.style == "hijab" else 1
    outline = []
    for p in _whole(FACE, face.width):
        x = p.real * (face.jaw if p.imag > 800 else 1)
        outline.append(complex(x, p.imag - 700) * scale + 700j)
    return outline


def _portrait(canvas: _Canvas, face: _Face, rng: Random, cheerful: bool) -> None:
    """Draw head and shoulders; the clothes differ from picture to picture."""
    clothes, scarf = _pick(rng, CLOTHES), _pick(rng, SCARVES)
    covered = face.style == "hijab"
    outline = _outline(face)
    _hair_behind(canvas, face)
    _clothes(canvas, face, clothes, covered or rng.random() < 0.5)
    if covered:
        _hijab(canvas, scarf)
    else:
        for x in (-246 * face.width, 246 * face.width):
            canvas.shape(_oval(x + 700j, 34, 56), _mix(face.skin, BROWN, 0.18))
    canvas.shape(outline, face.skin)
    _complexion(canvas, face, canvas.clip(outline))
    _features(canvas, face, cheerful)
    if covered:
        _drape(canvas, scarf)
    else:
        _hair_in_front(canvas, face)
    if face.glasses:
        _glasses(canvas, face)


def _hair_behind(canvas: _Canvas, face: _Face) -> None:
    length = face.style.split("-")[0]
    if length == "bun":
        canvas.shape(_oval(285j, 104, 96), _mix(face.hair, WHITE, 0.07))
    if length in HAIR_BEHIND:
        behind = _whole(HAIR_BEHIND[length], face.width)
        canvas.shape(behind, _mix(face.hair, NIGHT, 0.3))


def _clothes(canvas: _Canvas, face: _Face, color: Color, plain: bool) -> None:
    dark, neck = _mix(color, NIGHT, 0.35), _mix(face.skin, BROWN, 0.2)
    canvas.shape(_whole(NECK, face.jaw), neck)
    torso = _whole(TORSO)
    canvas.shape(torso, color)
    clip = canvas.clip(torso)
    canvas.soft(clip, _points("250 1200 600 1250 600 1900 200 1900"), dark, 0.6, 70)
    canvas.shape(_whole(NECKLINE), neck)
    neck_clip = canvas.clip(_whole(NECKLINE))
    canvas.soft(neck_clip, _oval(1140j, 110, 60), face.skin, 0.8, 20)
    if plain:
        canvas.stroke(_points("-126 1096 -80 1172 0 1196 80 1172 126 1096"), 14, dark)
        return
    canvas.stroke([1200j, 1500j, 1900j], 5, dark)
    for flap in (_points(COLLAR), _mirror(_points(COLLAR))):
        canvas.corners(flap, _mix(color, WHITE, 0.2))
        canvas.stroke(flap[1:3], 3, dark)


def _hijab(canvas: _Canvas, color: Color) -> None:
    outline, dark = _whole(HIJAB), _mix(color, NIGHT, 0.4)
    canvas.shape(outline, color)
    clip = canvas.clip(outline)
    canvas.soft(clip, _points("260 500 420 700 500 1300 160 1340 230 900"), dark, 0.6, 50)
    canvas.soft(clip, _oval(-230 + 520j, 40, 160), WHITE, 0.22, 36)
    canvas.soft(clip, _whole(HIJAB_RIM), dark, 0.75, 14)


def _drape(canvas: _Canvas, color: Color) -> None:
    canvas.shape(_points(DRAPE), _mix(color, WHITE, 0.07))
    for fold in FOLDS:
        canvas.stroke(_points(fold), 5, _mix(color, NIGHT, 0.14))


def _complexion(canvas: _Canvas, face: _Face, clip: Image.Image) -> None:
    shade = _mix(face.skin, BROWN, 0.55)
    canvas.soft(clip, _points("190 420 300 500 300 1020 60 1020 150 860"), shade, 0.5, 40)
    canvas.soft(clip, _oval(-90 + 540j, 110, 70), WHITE, 0.16, 50)
    for x in (-150, 150):
        canvas.soft(clip, _oval(x + 810j, 58, 40), BLUSH, 0.34, 24)
    if face.style == "hijab":
        canvas.soft(clip, _oval(430j, 170, 30), shade, 0.5, 22)
    if face.beard in ("stubble", "goatee"):
        strength = 0.42 if face.beard == "stubble" else 0.2
        canvas.soft(clip, _whole(JAW), face.hair, strength, 20)
    if face.beard == "goatee":
        canvas.soft(clip, _oval(975j, 62, 36), face.hair, 0.95, 5)


def _features(canvas: _Canvas, face: _Face, cheerful: bool) -> None:
    line = _mix(face.skin, BROWN, 0.65)
    for side in (-1, 1):
        _eye(canvas, face, side)
    nose = [complex(p.real * face.nose, p.imag) for p in _points("-34 796 -26 818 0 824")]
    canvas.stroke([*nose, *_mirror(nose)[1:]], 9, line)
    canvas.stroke(_points("14 700 18 740 24 776"), 6, _mix(face.skin, BROWN, 0.35))
    if face.mole:
        canvas.shape(_oval(face.mole, 7, 7), _mix(face.skin, NIGHT, 0.6))
    if face.beard in ("mustache", "goatee"):
        canvas.shape(_whole(MUSTACHE), face.hair)
    _mouth(canvas, face, cheerful)


def _eye(canvas: _Canvas, face: _Face, side: int) -> None:
    def around(text: str, y: float, tilt: float = 0) -> list[complex]:
        points = _points(text, side)
        return [
            complex(p.real * face.eye_size, p.imag + tilt * p.real * side / 60) + complex(side * face.eye_gap, y)
            for p in points
        ]

    eye = complex(side * face.eye_gap, 696)
    canvas.shape(around(EYE, 700), (250, 246, 242))
    canvas.shape(_oval(eye, 26, 27), face.eyes)
    canvas.shape(_oval(eye, 11, 12), NIGHT)
    canvas.shape(_oval(eye + 8 - 9j, 6, 6), WHITE)
    canvas.stroke(around(EYELID, 700), 9, NIGHT)
    canvas.stroke(around(BROW, 626, face.brow_tilt), face.brow_weight, face.hair)


def _mouth(canvas: _Canvas, face: _Face, cheerful: bool) -> None:
    lips = face.lips
    if cheerful:
        canvas.shape(_whole("0 878 -46 872 -90 862 -56 916 0 934", face.mouth), lips)
        canvas.shape(_whole("0 888 -40 884 -74 876 -44 908 0 918", face.mouth), WHITE)
        return
    canvas.shape(_whole("0 882 -24 874 -74 884 -40 914 0 920", face.mouth), lips)
    parting = _points("-86 876 -44 893 0 897 44 893 86 876", face.mouth)
    canvas.stroke(parting, 6, _mix(lips, NIGHT, 0.4))


def _hair_in_front(canvas: _Canvas, face: _Face) -> None:
    front = face.style.split("-")[-1]
    cut = {"curly": "crew", "peci": "crew"}.get(front, front)
    if cut == "receding":
        for side in (face.width, -face.width):
            canvas.shape(_points(HAIR_IN_FRONT[cut], side), face.hair)
        return
    if cut in HAIR_ONE_SIDED:
        outline = _points(HAIR_ONE_SIDED[cut], face.width)
    else:
        outline = _whole(HAIR_IN_FRONT[cut], face.width)
    canvas.shape(outline, face.hair)
    clip = canvas.clip(outline)
    canvas.soft(clip, _oval(-90 + 400j, 120, 30), _mix(face.hair, WHITE, 0.35), 0.7, 22)
    if front == "curly":
        for x in range(-230, 231, 46):
            y = 350 + (x / 230) ** 2 * 130
            canvas.shape(_oval(complex(x, y), 52, 50), face.hair)
            canvas.shape(_oval(complex(x * 0.85, y + 66), 40, 36), face.hair)
    if front == "peci":
        cap = _whole(PECI, face.width)
        canvas.corners(cap, (30, 30, 36))
        canvas.soft(canvas.clip(cap), _oval(-120 + 370j, 50, 70), WHITE, 0.2, 30)


def _glasses(canvas: _Canvas, face: _Face) -> None:
    ring = _oval if face.glasses == "round" else _square
    gap = face.eye_gap
    for side in (-1, 1):
        canvas.stroke(ring(side * gap + 702j, 84, 76), 10, NIGHT, closed=True)
        start, end = side * (gap + 84) + 690j, side * 240 * face.width + 680j
        canvas.stroke([start, end], 9, NIGHT)
    canvas.stroke([84 - gap + 692j, 682j, gap - 84 + 692j], 9, NIGHT)


def _noise(rng: Random, width: int, height: int, size: tuple[int, int]) -> Image.Image:
    noise = Image.frombytes("L", (width, height), rng.randbytes(width * height))
    return noise.resize(size, Image.Resampling.BICUBIC)


def _table(rng: Random) -> Image.Image:
    kind = rng.choice(list(TABLES))
    dark, light = (_hex(text) for text in rng.choice(TABLES[kind].split()).split("/"))
    grids = {
        "wood": ((3, 160), (9, 420)),
        "stone": ((14, 10), (260, 180)),
        "cloth": ((400, 3), (3, 275)),
    }[kind]
    coarse, fine = (_noise(rng, *grid, DOCUMENT_SIZE) for grid in grids)
    grain = Image.blend(coarse, fine, 0.3 if kind == "stone" else 0.5)
    return ImageOps.colorize(grain, dark, light)


def _room(rng: Random) -> Image.Image:
    """Draw a blurred room, small: it is enlarged anyway."""
    wall = _pick(rng, WALLS)
    image = Image.new("RGB", (240, 300), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, rng.randint(70, 110), 300), _mix(wall, NIGHT, 0.14))
    left, right = (6, 150) if rng.random() < 0.5 else (150, 6)
    draw.rectangle((left, 22, left + 74, 138), _mix(wall, NIGHT, 0.3))
    draw.rectangle((left + 6, 28, left + 68, 132), WINDOW)
    if rng.random() < 0.5:
        draw.rectangle((right + 10, 170, right + 66, 300), WOOD)
        for x, y, r in ((28, 140, 26), (48, 120, 22), (54, 148, 24)):
            draw.circle((right + x, y), r, _mix(LEAF, NIGHT, rng.uniform(0, 0.3)))
    else:
        for y in (90, 150, 210):
            draw.rectangle((right, y, right + 80, y + 6), WOOD)
            for x in range(right + 6, right + 66, 13):
                top = y - rng.randint(22, 38)
                draw.rectangle((x, top, x + 10, y), _pick(rng, CLOTHES))
    return image.filter(ImageFilter.GaussianBlur(6))


def _light(image: Image.Image, rng: Random) -> None:
    """Brighten one corner and darken the far ones."""
    x, y = rng.choice((0, 76)), rng.choice((0, 60))
    gradient, box = Image.radial_gradient("L"), (x, y, x + 180, y + 180)
    for color, curve in (
        (NIGHT, lambda v: v * 0.2),
        (WHITE, lambda v: max(0, 120 - v) * 0.4),
    ):
        mask = gradient.point(curve).resize(image.size, box=box)
        image.paste(color, mask=mask)


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
        self.image = ImageOps.colorize(fade, _hex(top), _hex(bottom))
        self.draw = ImageDraw.Draw(self.image)
        self.ink = _hex(ink)
        canvas = _Canvas(self.image, FINE + 0j, 0j)
        for hill, tint in zip(HILLS, (0.05, 0.1), strict=True):
            canvas.shape(_points(hill), _mix(_hex(bottom), self.ink, tint))

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
        canvas = _Canvas(photo, unit + 0j, complex(photo.width / 2, -130 * unit))
        rng = Random(f"{specimen.seed}:photo")
        _portrait(canvas, _face(specimen), rng, cheerful=False)
        self.image.paste(photo, (left, top))

    def signature(self, x: int, y: int, rng: Random) -> None:
        points = [complex(20 * step, rng.uniform(14, 30) * (-1) ** step) for step in range(7)]
        canvas = _Canvas(self.image, FINE + 0j, FINE * complex(x, y))
        canvas.stroke([*points, 160 - 8j], 2.4, self.ink)

    def watermark(self) -> None:
        mask = Image.new("L", CARD_SIZE)
        middle = (CARD_SIZE[0] / 2, CARD_SIZE[1] / 2)
        draw = ImageDraw.Draw(mask)
        draw.text(middle, WATERMARK, 82, _font(124), "mm", stroke_width=3)
        mask = mask.rotate(27, Image.Resampling.BILINEAR)
        mask = mask.resize(self.image.size, Image.Resampling.BILINEAR)
        self.image.paste(GRAY, mask=mask)


def _card(specimen: Specimen) -> Image.Image:
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


def _lay(scene: Image.Image, card: Image.Image, angle: float, center: tuple[float, float]) -> None:
    """Lay the card on the scene, slightly turned, with a soft shadow."""
    mask = Image.new("L", card.size)
    box = (FINE, FINE, card.width - FINE, card.height - FINE)
    ImageDraw.Draw(mask).rounded_rectangle(box, CARD_CORNER * FINE, 255)
    mask, card = mask.reduce(FINE), card.reduce(FINE)
    card = card.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    mask = mask.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    x, y = round(center[0] - mask.width / 2), round(center[1] - mask.height / 2)
    shadow = Image.new("L", (scene.width // SOFT, scene.height // SOFT))
    shadow.paste(mask.reduce(SOFT), ((x + 10) // SOFT, (y + 26) // SOFT))
    shadow = shadow.filter(ImageFilter.GaussianBlur(22 / SOFT)).resize(scene.size)
    scene.paste(NIGHT, mask=shadow.point(lambda v: v * 0.6))
    scene.paste(card, (x, y), mask)


def _spoil(scene: Image.Image, flaw: str | None, rng: Random) -> Image.Image:
    if flaw == "blurry":
        return scene.filter(ImageFilter.GaussianBlur(9))
    if flaw == "dark":
        return scene.point(lambda v: v * 0.3)
    if flaw == "glare":
        x, y = rng.randint(60, 84), rng.randint(36, 50)
        glare = Image.new("L", (scene.width // SOFT, scene.height // SOFT))
        ImageDraw.Draw(glare).ellipse((x - 50, y - 26, x + 50, y + 26), 255)
        glare = glare.filter(ImageFilter.GaussianBlur(9)).resize(scene.size)
        scene.paste(WHITE, mask=glare)
    return scene
