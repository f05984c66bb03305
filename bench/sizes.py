"""``python -m bench.sizes [--strict]``: how long files, functions and templates are, beside their bounds.

With ``--strict`` it fails when one is exceeded. Complexity is ruff's business.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
NO_CONTEXTS = {"shared", "web", "demo", "dev", "translations"}
VERBS = {"route", "get", "post"}
NO_USE_CASES = re.compile(r"(^|_)(views|forms|repository|models)$")
SHOWN = 5


class Size(NamedTuple):
    """How many lines something has; functions from ``def`` to the end."""

    lines: int
    where: str


class Bound(NamedTuple):
    """A number, what it may be, and what makes it so large, the longest first."""

    label: str
    number: float
    most: int
    largest: list[Size]


class Function(NamedTuple):
    """One function, and what it is to the house."""

    size: Size
    is_view: bool
    is_in_views: bool
    is_use_case: bool


def bounds(root: Path) -> list[Bound]:
    """Every bound with what it measures today."""
    portal, tests = _files(root, "portal/**/*.py"), _files(root, "tests/**/*.py")
    templates = _files(root, "templates/**/*.html")
    widths = [
        Size(len(line), f"{path.relative_to(root)}:{number}")
        for path in root.glob("templates/**/*.html")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
    ]
    functions = [function for path in root.glob("portal/*/**/*.py") for function in _functions(root, path)]
    views = [function.size for function in functions if function.is_view]
    in_views = [function.size for function in functions if function.is_in_views]
    use_cases = [function.size for function in functions if function.is_use_case]
    return [
        Bound("portal, lines in all", sum(file.lines for file in portal), 20_500, portal),
        _longest("longest file of portal", 300, portal),
        _longest("longest file of tests", 400, tests),
        Bound("views, median", median(_lines(views)), 5, views),
        Bound("views, 90 %", _ninetieth(views), 10, views),
        _longest("views, longest", 18, views),
        Bound("functions of views, 90 %", _ninetieth(in_views), 12, in_views),
        _longest("use cases, longest", 25, use_cases),
        Bound("templates, lines in all", sum(file.lines for file in templates), 4_300, templates),
        _longest("templates, longest line", 140, widths),
    ]


def main() -> int:
    """The exit code: 1 when ``--strict`` and a bound is broken."""
    found = bounds(ROOT)
    for bound in found:
        is_broken = bound.number > bound.most
        print(f"{bound.label:<26}{bound.number:>8,.6g}  at most {bound.most:,}{'  BROKEN' if is_broken else ''}")
        if is_broken:
            largest = sorted(bound.largest, reverse=True)[:SHOWN]
            print("".join(f"    {size.lines:>5}  {size.where}\n" for size in largest), end="")
    broken = sum(bound.number > bound.most for bound in found)
    return 1 if broken and "--strict" in sys.argv[1:] else 0


def _files(root: Path, pattern: str) -> list[Size]:
    return [Size(path.read_text().count("\n"), str(path.relative_to(root))) for path in root.glob(pattern)]


def _functions(root: Path, path: Path) -> Iterator[Function]:
    parts = path.relative_to(root / "portal").with_suffix("").parts
    in_views = any(part.endswith("views") for part in parts) and not parts[-1].endswith("forms")
    in_use_cases = parts[0] not in NO_CONTEXTS and not any(NO_USE_CASES.search(part) for part in parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            size = Size((node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(root)}:{node.lineno} {node.name}")
            yield Function(size, any(map(_is_route, node.decorator_list)), in_views, in_use_cases)


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in VERBS
        and isinstance(decorator.func.value, ast.Name)
    )


def _longest(label: str, most: int, sizes: list[Size]) -> Bound:
    return Bound(label, max(_lines(sizes), default=0), most, [size for size in sizes if size.lines > most])


def _lines(sizes: list[Size]) -> list[int]:
    return [size.lines for size in sizes] or [0]


def _ninetieth(sizes: list[Size]) -> float:
    lines = _lines(sizes)
    return quantiles(lines, n=10, method="inclusive")[8] if len(lines) > 1 else lines[0]


if __name__ == "__main__":
    sys.exit(main())
