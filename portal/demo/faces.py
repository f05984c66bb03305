"""A face by its seed, and head and shoulders drawn from it."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from portal.demo.canvas import GRAY, NIGHT, WHITE, Canvas, Color, mirror, mix, oval, pick, points_of, square, whole

BROWN = (120, 60, 40)
LIPS, BLUSH = (186, 78, 78), (226, 96, 84)
SKINS = "f2cba8 e5b58e d69f75 be865c a06c4a"
HAIRS = "221b1c 181620 34241e 482f22"
EYES = "321e16 442a1c 241816"
CLOTHES = "804055 2c3e58 486854 c47a48 5c5484 3a7686 ac4642 d6c4a0 464a52 dcaa5c"
SCARVES = "3e747a d6c6b2 a6707c 464e70 788460 ba9874 5c3e5c 343840 c496a0 8ea6ba"

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
    "curtain": "0 322 -150 346 -262 462 -288 640 -272 760 -246 690 -222 590 -140 490 -40 432 0 402",
    "fringe": "0 322 -150 346 -264 462 -288 640 -268 760 -240 690 -222 590 -120 574 0 578",
    "crew": "0 336 -140 356 -234 440 -262 560 -256 670 -236 620 -214 540 -120 478 0 470",
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
WOMEN_STYLES = "hijab hijab hijab hijab hijab hijab long-curtain long-swept bob-fringe bob-swept bun-curtain bun-swept"
MEN_STYLES = "crew part part curly curly peci"
OLD_MEN_STYLES = "crew part receding receding peci"


@dataclass(frozen=True, slots=True)
class Face:
    """What stays the same from picture to picture; measures in portrait units."""

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


def face_of(seed: int, *, woman: bool, old: bool) -> Face:
    """The same face for the same seed, on every picture."""
    rng = Random(f"{seed}:face:{woman}")
    styles = WOMEN_STYLES if woman else OLD_MEN_STYLES if old else MEN_STYLES
    beards = ["", "", "stubble", "mustache", "goatee"]
    skin = pick(rng, SKINS)
    return Face(
        style=rng.choice(styles.split()),
        skin=skin,
        hair=mix(pick(rng, HAIRS), GRAY, 0.75 if old else 0),
        eyes=pick(rng, EYES),
        lips=mix(LIPS, skin, 0.15 if woman else 0.45),
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


def _outline(face: Face) -> list[complex]:
    scale = 0.93 if face.style == "hijab" else 1
    outline = []
    for p in whole(FACE, face.width):
        x = p.real * (face.jaw if p.imag > 800 else 1)
        outline.append(complex(x, p.imag - 700) * scale + 700j)
    return outline


def portrait(canvas: Canvas, face: Face, rng: Random, cheerful: bool) -> None:
    """Draw head and shoulders; the clothes differ from picture to picture."""
    clothes, scarf = pick(rng, CLOTHES), pick(rng, SCARVES)
    covered = face.style == "hijab"
    outline = _outline(face)
    _hair_behind(canvas, face)
    _clothes(canvas, face, clothes, covered or rng.random() < 0.5)
    if covered:
        _hijab(canvas, scarf)
    else:
        for x in (-246 * face.width, 246 * face.width):
            canvas.shape(oval(x + 700j, 34, 56), mix(face.skin, BROWN, 0.18))
    canvas.shape(outline, face.skin)
    _complexion(canvas, face, canvas.clip(outline))
    _features(canvas, face, cheerful)
    if covered:
        _drape(canvas, scarf)
    else:
        _hair_in_front(canvas, face)
    if face.glasses:
        _glasses(canvas, face)


def _hair_behind(canvas: Canvas, face: Face) -> None:
    length = face.style.split("-")[0]
    if length == "bun":
        canvas.shape(oval(285j, 104, 96), mix(face.hair, WHITE, 0.07))
    if length in HAIR_BEHIND:
        behind = whole(HAIR_BEHIND[length], face.width)
        canvas.shape(behind, mix(face.hair, NIGHT, 0.3))


def _clothes(canvas: Canvas, face: Face, color: Color, plain: bool) -> None:
    dark, neck = mix(color, NIGHT, 0.35), mix(face.skin, BROWN, 0.2)
    canvas.shape(whole(NECK, face.jaw), neck)
    torso = whole(TORSO)
    canvas.shape(torso, color)
    clip = canvas.clip(torso)
    canvas.soft(clip, points_of("250 1200 600 1250 600 1900 200 1900"), dark, 0.6, 70)
    canvas.shape(whole(NECKLINE), neck)
    neck_clip = canvas.clip(whole(NECKLINE))
    canvas.soft(neck_clip, oval(1140j, 110, 60), face.skin, 0.8, 20)
    if plain:
        canvas.stroke(points_of("-126 1096 -80 1172 0 1196 80 1172 126 1096"), 14, dark)
        return
    canvas.stroke([1200j, 1500j, 1900j], 5, dark)
    for flap in (points_of(COLLAR), mirror(points_of(COLLAR))):
        canvas.corners(flap, mix(color, WHITE, 0.2))
        canvas.stroke(flap[1:3], 3, dark)


def _hijab(canvas: Canvas, color: Color) -> None:
    outline, dark = whole(HIJAB), mix(color, NIGHT, 0.4)
    canvas.shape(outline, color)
    clip = canvas.clip(outline)
    canvas.soft(clip, points_of("260 500 420 700 500 1300 160 1340 230 900"), dark, 0.6, 50)
    canvas.soft(clip, oval(-230 + 520j, 40, 160), WHITE, 0.22, 36)
    canvas.soft(clip, whole(HIJAB_RIM), dark, 0.75, 14)


def _drape(canvas: Canvas, color: Color) -> None:
    canvas.shape(points_of(DRAPE), mix(color, WHITE, 0.07))
    for fold in FOLDS:
        canvas.stroke(points_of(fold), 5, mix(color, NIGHT, 0.14))


def _complexion(canvas: Canvas, face: Face, clip: Image.Image) -> None:
    shade = mix(face.skin, BROWN, 0.55)
    canvas.soft(clip, points_of("190 420 300 500 300 1020 60 1020 150 860"), shade, 0.5, 40)
    canvas.soft(clip, oval(-90 + 540j, 110, 70), WHITE, 0.16, 50)
    for x in (-150, 150):
        canvas.soft(clip, oval(x + 810j, 58, 40), BLUSH, 0.34, 24)
    if face.style == "hijab":
        canvas.soft(clip, oval(430j, 170, 30), shade, 0.5, 22)
    if face.beard in ("stubble", "goatee"):
        strength = 0.42 if face.beard == "stubble" else 0.2
        canvas.soft(clip, whole(JAW), face.hair, strength, 20)
    if face.beard == "goatee":
        canvas.soft(clip, oval(975j, 62, 36), face.hair, 0.95, 5)


def _features(canvas: Canvas, face: Face, cheerful: bool) -> None:
    line = mix(face.skin, BROWN, 0.65)
    for side in (-1, 1):
        _eye(canvas, face, side)
    nose = [complex(p.real * face.nose, p.imag) for p in points_of("-34 796 -26 818 0 824")]
    canvas.stroke([*nose, *mirror(nose)[1:]], 9, line)
    canvas.stroke(points_of("14 700 18 740 24 776"), 6, mix(face.skin, BROWN, 0.35))
    if face.mole:
        canvas.shape(oval(face.mole, 7, 7), mix(face.skin, NIGHT, 0.6))
    if face.beard in ("mustache", "goatee"):
        canvas.shape(whole(MUSTACHE), face.hair)
    _mouth(canvas, face, cheerful)


def _eye(canvas: Canvas, face: Face, side: int) -> None:
    def around(text: str, y: float, tilt: float = 0) -> list[complex]:
        points = points_of(text, side)
        return [
            complex(p.real * face.eye_size, p.imag + tilt * p.real * side / 60) + complex(side * face.eye_gap, y)
            for p in points
        ]

    eye = complex(side * face.eye_gap, 696)
    canvas.shape(around(EYE, 700), (250, 246, 242))
    canvas.shape(oval(eye, 26, 27), face.eyes)
    canvas.shape(oval(eye, 11, 12), NIGHT)
    canvas.shape(oval(eye + 8 - 9j, 6, 6), WHITE)
    canvas.stroke(around(EYELID, 700), 9, NIGHT)
    canvas.stroke(around(BROW, 626, face.brow_tilt), face.brow_weight, face.hair)


def _mouth(canvas: Canvas, face: Face, cheerful: bool) -> None:
    lips = face.lips
    if cheerful:
        canvas.shape(whole("0 878 -46 872 -90 862 -56 916 0 934", face.mouth), lips)
        canvas.shape(whole("0 888 -40 884 -74 876 -44 908 0 918", face.mouth), WHITE)
        return
    canvas.shape(whole("0 882 -24 874 -74 884 -40 914 0 920", face.mouth), lips)
    parting = points_of("-86 876 -44 893 0 897 44 893 86 876", face.mouth)
    canvas.stroke(parting, 6, mix(lips, NIGHT, 0.4))


def _hair_in_front(canvas: Canvas, face: Face) -> None:
    front = face.style.split("-")[-1]
    cut = {"curly": "crew", "peci": "crew"}.get(front, front)
    if cut == "receding":
        for side in (face.width, -face.width):
            canvas.shape(points_of(HAIR_IN_FRONT[cut], side), face.hair)
        return
    if cut in HAIR_ONE_SIDED:
        outline = points_of(HAIR_ONE_SIDED[cut], face.width)
    else:
        outline = whole(HAIR_IN_FRONT[cut], face.width)
    canvas.shape(outline, face.hair)
    clip = canvas.clip(outline)
    canvas.soft(clip, oval(-90 + 400j, 120, 30), mix(face.hair, WHITE, 0.35), 0.7, 22)
    if front == "curly":
        for x in range(-230, 231, 46):
            y = 350 + (x / 230) ** 2 * 130
            canvas.shape(oval(complex(x, y), 52, 50), face.hair)
            canvas.shape(oval(complex(x * 0.85, y + 66), 40, 36), face.hair)
    if front == "peci":
        cap = whole(PECI, face.width)
        canvas.corners(cap, (30, 30, 36))
        canvas.soft(canvas.clip(cap), oval(-120 + 370j, 50, 70), WHITE, 0.2, 30)


def _glasses(canvas: Canvas, face: Face) -> None:
    ring = oval if face.glasses == "round" else square
    gap = face.eye_gap
    for side in (-1, 1):
        canvas.stroke(ring(side * gap + 702j, 84, 76), 10, NIGHT, closed=True)
        start, end = side * (gap + 84) + 690j, side * 240 * face.width + 680j
        canvas.stroke([start, end], 9, NIGHT)
    canvas.stroke([84 - gap + 692j, 682j, gap - 84 + 692j], 9, NIGHT)
