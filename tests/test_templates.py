"""Every template, whether or not a test opens a page with it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html"))


def source(name: str) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", (ROOT / "templates" / name).read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles(portal, name):
    assert portal.jinja_env.get_template(name).name == name


def test_every_template_is_used():
    sources = {name: source(name) for name in TEMPLATES}
    code = "".join(path.read_text() for path in (ROOT / "portal").rglob("*.py"))
    for name in TEMPLATES:
        others = "".join(text for other, text in sources.items() if other != name)
        assert f'"{name}"' in others + code, name


def test_no_template_has_anything_inline_or_leaves_unescaped_what_people_wrote():
    for name in TEMPLATES:
        text = source(name)
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), name
        assert not re.search(r"""\son[a-z]+=|\sstyle=|<style|hx-on|\bjs:|javascript:""", text), name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), name
        assert not re.search(r"""(?:href|src|action)=["']https?:""", text), name


def test_a_template_names_only_what_there_is(portal):
    icons = set(re.findall(r'id="([\w-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    for name in TEMPLATES:
        text = source(name)
        for endpoint in re.findall(r"url_for\(\s*['\"]([\w.]+)['\"]\s*[,)]", text):
            assert endpoint in portal.view_functions, (name, endpoint)
        for icon in re.findall(r"\bicon\(\s*['\"]([\w-]+)['\"]", text):
            assert icon in icons or f"i-{icon}" in icons, (name, icon)
        for file in re.findall(r"static_url\(\s*['\"]([^'\"]+)['\"]", text):
            assert (ROOT / "static" / file).is_file(), (name, file)


def test_every_form_that_sends_something_has_a_token():
    for name in TEMPLATES:
        for form in re.findall(r"<form\b.*?</form>", source(name), flags=re.DOTALL):
            if 'method="post"' in form.split(">")[0] + form[:400]:
                assert re.search(r"hidden\(|held\(|hidden_tag\(|csrf_token", form), (name, form[:120])
