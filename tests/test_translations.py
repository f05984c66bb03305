"""The Indonesian catalog says everything that the code says, and fills the same gaps."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
CATALOG = ROOT / "portal" / "translations" / "id" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "N_": None,
    "NP_": ((1, "c"), 2),
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)([0-9]*[a-z])|%[sd]|\{(\w*)\}")


@pytest.fixture(scope="module")
def indonesian() -> Catalog:
    with CATALOG.open("rb") as file:
        return read_po(file, locale="id")


@pytest.fixture(scope="module")
def messages(indonesian) -> list[Message]:
    return [message for message in indonesian if message.id]


def said() -> dict[str | tuple[str, str], str]:
    """Every message of the code and the templates, with a place where it stands."""
    with (ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = {}
    for top in {pattern.split("/")[0] for pattern, _ in methods}:
        inside = [(pattern.removeprefix(f"{top}/"), how) for pattern, how in methods if pattern.startswith(top)]
        given = {pattern.removeprefix(f"{top}/"): option for pattern, option in options.items()}
        for file, line, message, _, _ in extract_from_dir(ROOT / top, inside, given, keywords=KEYWORDS):
            found[message] = f"{top}/{file}:{line}"
    return found


def words(message: str | tuple[str, ...] | list[str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


def test_the_catalog_has_every_message_of_the_code_and_no_other(messages):
    in_code = {tuple(words(message)): place for message, place in said().items()}
    in_catalog = {tuple(words(message.id)) for message in messages}
    assert len(in_code) > 100
    assert {message: place for message, place in in_code.items() if message not in in_catalog} == {}, (
        "not in the catalog"
    )
    assert in_catalog - in_code.keys() == set(), "no longer in the code"


def test_every_message_is_translated(indonesian, messages):
    assert [message.id for message in messages if not all(words(message.string)) or message.fuzzy] == []
    assert list(indonesian.obsolete) == []


def test_every_translation_fills_the_same_gaps(messages):
    wrong = []
    for message in messages:
        gaps = {match[0] for match in PLACEHOLDER.finditer(words(message.id)[-1])}
        for translation in words(message.string):
            if {match[0] for match in PLACEHOLDER.finditer(translation)} != gaps:
                wrong.append(message.id)
    assert wrong == []


def test_every_translation_passes_babels_own_checks(indonesian):
    assert [(message.id, errors) for message, errors in indonesian.check()] == []
    assert indonesian.num_plurals == 1


def test_no_translation_changes_the_shape_of_a_sentence(messages):
    """Blanks around, an ending colon or full stop, markup: what a page puts beside it relies on them."""
    wrong = []
    for message in messages:
        english, translation = words(message.id)[-1], words(message.string)[-1]
        for shape in (r"^\s", r"\s$", r"[:…]$", r"\.$", r"<|>|&"):
            if bool(re.search(shape, english)) != bool(re.search(shape, translation)):
                wrong.append((english, translation))
    assert wrong == []
