"""Draws specimen identity documents and selfies for the demo data."""

from cmath import rect
from io import BytesIO
from math import radians
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from portal.demo.canvas import FINE, NIGHT, SOFT, WHITE, Canvas, from_hex, mix, pick
from portal.demo.cards import Specimen, card_of
from portal.demo.faces import CLOTHES, portrait

__all__ = ["Specimen", "document_front", "selfie"]

DOCUMENT_SIZE = (1600, 1100)
SELFIE_SIZE = (1200, 1500)
CARD_CORNER = 44
JPEG_QUALITY = 85
LEAF, WINDOW, WOOD = (104, 146, 92), (240, 246, 250), (128, 104, 84)
WALLS = "cec5ba b8c8cc d4cebc c4bcc8 beccba dcc8b4"
TABLES = {
    "wood": "603e28/c4926a 785c40/dcbe96 362620/7a5844",
    "stone": "70747a/d4d4d2 3a3e44/767a7e b0a494/f0e8da",
    "cloth": "3c4e68/8ca0b8 8c7e6a/e4d8c4 586858/a6b4a0",
}


def document_front(specimen: Specimen) -> bytes:
    """Draw a photo of the document on a table, as JPEG."""
    rng = Random(f"{specimen.seed}:document")
    scene = _table(rng)
    card = card_of(specimen)
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
    canvas = Canvas(image, turn, middle - 740j * turn)
    portrait(canvas, specimen.face, rng, cheerful=rng.random() < 0.6)
    image = image.reduce(FINE)
    _light(image, rng)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _noise(rng: Random, width: int, height: int, size: tuple[int, int]) -> Image.Image:
    noise = Image.frombytes("L", (width, height), rng.randbytes(width * height))
    return noise.resize(size, Image.Resampling.BICUBIC)


def _table(rng: Random) -> Image.Image:
    kind = rng.choice(list(TABLES))
    dark, light = (from_hex(text) for text in rng.choice(TABLES[kind].split()).split("/"))
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
    wall = pick(rng, WALLS)
    image = Image.new("RGB", (240, 300), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, rng.randint(70, 110), 300), mix(wall, NIGHT, 0.14))
    left, right = (6, 150) if rng.random() < 0.5 else (150, 6)
    draw.rectangle((left, 22, left + 74, 138), mix(wall, NIGHT, 0.3))
    draw.rectangle((left + 6, 28, left + 68, 132), WINDOW)
    if rng.random() < 0.5:
        draw.rectangle((right + 10, 170, right + 66, 300), WOOD)
        for x, y, r in ((28, 140, 26), (48, 120, 22), (54, 148, 24)):
            draw.circle((right + x, y), r, mix(LEAF, NIGHT, rng.uniform(0, 0.3)))
    else:
        for y in (90, 150, 210):
            draw.rectangle((right, y, right + 80, y + 6), WOOD)
            for x in range(right + 6, right + 66, 13):
                top = y - rng.randint(22, 38)
                draw.rectangle((x, top, x + 10, y), pick(rng, CLOTHES))
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
