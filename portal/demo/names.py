"""How people are called in Indonesia, region by region, and in which towns they were born.

``names.txt`` has a paragraph for each region: its towns, men's and women's first names, and last names, on one line
where they are the same for both, on two otherwise. A dash is none: a name of one word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.kyc import PROVINCES

CENTRAL = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}


@dataclass(frozen=True, slots=True)
class Town:
    """A town and the four digits with which the NIK of those registered there begins."""

    code: str
    name: str

    @property
    def province(self) -> str:
        return PROVINCES[self.code[:2]]

    @property
    def timezone(self) -> str:
        if self.code[:2] in CENTRAL:
            return "Asia/Makassar"
        return "Asia/Jayapura" if self.code[0] in "89" else "Asia/Jakarta"


@dataclass(frozen=True, slots=True)
class Region:
    """Towns and names that belong together; first and last names are those of men and those of women."""

    towns: Sequence[Town]
    first: tuple[Sequence[str], Sequence[str]]
    last: tuple[Sequence[str], Sequence[str]]

    def name(self, lot: int, *, is_woman: bool) -> str:
        """One of the region's full names; the same lot draws the same name."""
        first, last = self.first[is_woman], self.last[is_woman]
        lot, chosen = divmod(lot, len(first))
        return f"{first[chosen]} {last[lot % len(last)]}".removesuffix(" -")


def _region(paragraph: str) -> Region:
    towns, men, women, *last = (line.split(", ") for line in paragraph.splitlines())
    return Region([Town(town[:4], town[5:]) for town in towns], (men, women), (last[0], last[-1]))


REGIONS = [_region(paragraph) for paragraph in Path(__file__).with_suffix(".txt").read_text("utf-8").split("\n\n")]
