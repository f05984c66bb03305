"""The house holds: contexts meet at their doors only, and each kind of wrong import is seen."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_CONTEXTS = {"shared", "web", "demo", "dev", "translations"}
ASSEMBLED = {"views", "account_views"}
"""What app.py takes from inside a context: its blueprints."""
WRITTEN = {"models", "repository"}
"""What the demo takes from inside a context: rows, written directly."""


def contexts(root: Path) -> set[str]:
    return {folder.parent.name for folder in root.glob("portal/*/__init__.py")} - NO_CONTEXTS


def exported(root: Path, context: str) -> set[str]:
    """The ``__all__`` of a context's door."""
    for line in ast.parse((root / "portal" / context / "__init__.py").read_text()).body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(line):
            assert line.value is not None
            return set(ast.literal_eval(line.value))
    raise AssertionError(f"portal/{context} has no __all__")


def modules_of(root: Path, context: str) -> set[str]:
    return {path.stem for path in (root / "portal" / context).iterdir() if not path.name.startswith("__")}


def imports_of(tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every imported name with its line, as the parts of its path; ``x.y`` of a context ``x`` counts as its name."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, tuple(name.name.split("."))) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            for name in node.names:
                yield node.lineno, (*(node.module or "").split("."), name.name)
                if node.module == "portal":
                    known[name.asname or name.name] = name.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield node.lineno, ("portal", known[node.value.id], node.attr)


def trespasses(root: Path) -> list[str]:
    """Every import that does not go through a door, as ``file:line imported``."""
    doors = {context: exported(root, context) for context in contexts(root)}
    found = []
    for path in sorted(root.glob("portal/**/*.py")):
        place = path.relative_to(root).as_posix()
        own = place.split("/")[1]
        for line, (top, *rest) in imports_of(ast.parse(path.read_text())):
            if top != "portal" or len(rest) < 2 or rest[0] not in doors:
                continue
            context, name = rest[0], rest[1]
            if own == context:
                is_right = len(rest) > 2 or name in modules_of(root, context)
            elif (own == "demo" and name in WRITTEN) or (own == "app.py" and not ASSEMBLED.isdisjoint(rest[1:])):
                is_right = True
            else:
                is_right = len(rest) == 2 and name in doors[context]
            if not is_right:
                found.append(f"{place}:{line} portal.{'.'.join(rest)}")
    return found


def test_contexts_meet_at_their_doors_only_and_nobody_leaves_by_their_own():
    assert len(contexts(ROOT)) >= 10
    assert trespasses(ROOT) == []


def test_a_door_gives_no_name_that_one_of_its_modules_has():
    assert {context: exported(ROOT, context) & modules_of(ROOT, context) for context in contexts(ROOT)} == {
        context: set() for context in contexts(ROOT)
    }


AT_THE_DOOR = {
    "from another's inside": ("loans.one", "from portal.users.models import Profile", "users.models.Profile"),
    "another's inside as a whole": ("loans.two", "import portal.users.models", "users.models"),
    "another's module by its package": ("loans.three", "from portal.users import models", "users.models"),
    "another's module by its name": ("loans.four", "from portal import users\nusers.repository", "users.repository"),
    "what the door does not give": ("loans.five", "from portal.users import Profile", "users.Profile"),
    "one's own door": ("users.six", "from portal.users import Person", "users.Person"),
    "no rows, by the demo": ("demo.seven", "from portal.users.people import mask", "users.people.mask"),
    "another's rows, by commands": ("cli", "from portal.users.models import Profile", "users.models.Profile"),
}
BY_CONTRACT = {
    "a view imports a repository": ("portal.kyc.views", "portal.kyc.repository"),
    "a view imports sqlalchemy": ("portal.kyc.views", "sqlalchemy"),
    "a view imports pymongo": ("portal.kyc.views", "pymongo"),
    "a form imports sqlalchemy": ("portal.kyc.planted.forms", "sqlalchemy"),
    "a room's view imports its repository": ("portal.kyc.planted.views", "portal.kyc.planted.repository"),
    "a module of a room's views imports pymongo": ("portal.kyc.planted.views.pages", "pymongo"),
    "a use case imports flask": ("portal.users.planted", "flask"),
    "a use case imports werkzeug": ("portal.users.planted", "werkzeug"),
    "a use case imports a view": ("portal.loans.planted", "portal.loans.views"),
    "a use case imports what views use": ("portal.loans.planted", "portal.web.render"),
    "a model imports wtforms": ("portal.kyc.models", "wtforms"),
    "a repository imports wtforms": ("portal.kyc.repository", "wtforms"),
    "a module of a repository imports flask": ("portal.kyc.planted.repository.rows", "flask"),
    "a door imports views": ("portal.kyc", "portal.kyc.views"),
    "a lower context imports a higher one": ("portal.users.planted", "portal.loans"),
    "a context imports one beside it": ("portal.loans.planted", "portal.kyc"),
    "auth imports staff": ("portal.auth.planted", "portal.staff"),
    "commands import a repository": ("portal.cli", "portal.kyc.repository"),
    "what everybody uses imports a context": ("portal.shared.planted", "portal.audit"),
}


def plant(root: Path, module: str, code: str) -> None:
    """Add code to a module of a copy, which is made when there is none; a module may be a package as well."""
    *folders, name = module.split(".")
    folder = root
    for part in folders:
        folder = folder / part
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    package, file = folder / name / "__init__.py", folder / f"{name}.py"
    with (package if package.exists() else file).open("a") as end:
        end.write(f"\n{code}\n")


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    """A copy of the code with one violation of each kind."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "portal", root / "portal", ignore=shutil.ignore_patterns("__pycache__", "*.[mp]o"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for module in ("portal.kyc.planted.views.pages", "portal.kyc.planted.repository.rows"):
        plant(root, module, "")
    for module, imported in BY_CONTRACT.values():
        plant(root, module, f"import {imported}")
    for module, code, _ in AT_THE_DOOR.values():
        plant(root, f"portal.{module}", code)
    return root


@pytest.fixture(scope="module")
def complaints(planted) -> str:
    """What the contracts say of the copy."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=planted, env={**os.environ, "COLUMNS": "500"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("module", "imported"), BY_CONTRACT.values(), ids=BY_CONTRACT)
def test_a_contract_names(complaints, module, imported):
    assert f" {module} -> {imported} (l." in complaints


@pytest.fixture(scope="module")
def refused(planted) -> list[str]:
    return trespasses(planted)


@pytest.mark.parametrize(("module", "_code", "imported"), AT_THE_DOOR.values(), ids=AT_THE_DOOR)
def test_the_door_refuses(refused, module, _code, imported):
    lines = [line for line in refused if line.startswith(f"portal/{module.replace('.', '/')}.py:")]
    assert f"portal.{imported}" in {line.partition(" ")[2] for line in lines}


def test_every_context_has_the_parts_that_the_docs_name_and_no_others():
    docs = (ROOT / "docs" / "architecture.md").read_text()
    table = docs.partition("## The contexts and their parts")[2].partition("\n## ")[0]
    named = {
        context: set(re.findall(r"`(\w+)`", parts))
        for context, parts in re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.M)
    }
    assert named == {context: modules_of(ROOT, context) for context in contexts(ROOT)}


BUILT = """
import traceback
from sqlalchemy.sql import dml, elements, selectable

found = []

def watched(kind):
    begin = kind.__init__
    def __init__(self, *args, **kwargs):
        own = [line for line in traceback.extract_stack() if "/portal/" in line.filename]
        is_statement = kind is not elements.TextClause or str(args[0]).lstrip().upper().startswith(VERBS)
        if own and is_statement:
            found.append(f"{own[-1].filename}:{own[-1].lineno}")
        begin(self, *args, **kwargs)
    kind.__init__ = __init__

VERBS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ")
for kind in (selectable.Select, selectable.CompoundSelect, dml.Insert, dml.Update, dml.Delete, elements.TextClause):
    watched(kind)
import portal.app
print(*sorted(set(found)), sep="\\n")
"""


def test_no_statement_is_built_before_it_is_asked_for():
    done = subprocess.run([sys.executable, "-c", BUILT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
