"""Smooth shapes and colors: what faces and cards are drawn with."""

from cmath import rect
from collections.abc import Sequence
from math import radians
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[int, int, int]
Points = Sequence[complex]

FINE = 2
SOFT = 8
WHITE, NIGHT = (255, 255, 255), (16, 14, 24)
GRAY = (138, 134, 134)


def from_hex(text: str) -> Color:
    """The color of six hexadecimal digits."""
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def pick(rng: Random, palette: str) -> Color:
    """One of the colors of a palette, which are given as hexadecimal words."""
    return from_hex(rng.choice(palette.split()))


def mix(color: Color, other: Color, amount: float) -> Color:
    """A color between two: the first at 0, the other at 1."""
    r, g, b = (round(a + (z - a) * amount) for a, z in zip(color, other, strict=True))
    return r, g, b


def points_of(text: str, width: float = 1) -> list[complex]:
    """The points of an outline given as x, y pairs, stretched to a width."""
    numbers = [float(word) for word in text.split()]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [complex(x * width, y) for x, y in pairs]


def mirror(points: Points) -> list[complex]:
    """The same outline on the other side of the middle, in its order."""
    return [-p.conjugate() for p in reversed(points)]


def whole(text: str, width: float = 1) -> list[complex]:
    """A symmetric outline from its left half."""
    half = points_of(text, width)
    return half + [p for p in mirror(half) if p.real]


def oval(center: complex, rx: float, ry: float) -> list[complex]:
    """Points around an ellipse."""
    around = (rect(1, radians(angle)) for angle in range(0, 360, 30))
    return [center + complex(p.real * rx, p.imag * ry) for p in around]


def square(center: complex, rx: float, ry: float) -> list[complex]:
    """Points around a rounded rectangle."""
    ring = points_of("-1 -.6 -.8 -.9 .8 -.9 1 -.6 .9 .5 .5 .9 -.5 .9 -.9 .5")
    return [center + complex(p.real * rx, p.imag * ry) for p in ring]


def smooth(points: Points, closed: bool = True, steps: int = 12) -> list[complex]:
    """Lay a Catmull-Rom curve through the points."""
    path = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(path, path[1:], path[2:], path[3:], strict=False):
        for t in (step / steps for step in range(steps)):
            bend = (2 * a - 5 * b + 4 * c - d) + (3 * b - a - 3 * c + d) * t
            curve.append(b + ((c - a) + bend * t) * t / 2)
    return curve if closed else [*curve, points[-1]]


class Canvas:
    """Draws smooth shapes, given in portrait units, on an image."""

    def __init__(self, image: Image.Image, turn: complex, origin: complex) -> None:
        self.image, self.turn, self.origin = image, turn, origin
        self.draw = ImageDraw.Draw(image)

    def _placed(self, points: Points) -> list[tuple[float, float]]:
        placed = (p * self.turn + self.origin for p in points)
        return [(p.real, p.imag) for p in placed]

    def shape(self, points: Points, fill: Color) -> None:
        self.draw.polygon(self._placed(smooth(points)), fill)

    def corners(self, points: Points, fill: Color) -> None:
        self.draw.polygon(self._placed(points), fill)

    def stroke(self, points: Points, width: float, fill: Color, closed: bool = False) -> None:
        path = self._placed(smooth(points, closed))
        thick = width * abs(self.turn)
        if closed:
            path += path[:2]
        self.draw.line(path, fill, max(1, round(thick)), "curve")
        for spot in (path[0], path[-1]):
            self.draw.circle(spot, thick / 2 - 0.5, fill)

    def clip(self, points: Points) -> Image.Image:
        """A mask that lets a shape through."""
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._placed(smooth(points)), 255)
        return mask

    def soft(self, clip: Image.Image, points: Points, fill: Color, strength: float, blur: int) -> None:
        """Tint a blurred shape, inside the clip mask only."""
        path, radius = self._placed(smooth(points)), blur * abs(self.turn)
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
