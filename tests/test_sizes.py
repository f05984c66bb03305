"""The sizes that ``make check`` prints are what they say."""

import pytest

from bench.sizes import bounds

VIEW = '''
@bp.post("/<uuid:kyc_id>/verify")
@requires(Permission.KYC_DECIDE)
def verify(kyc_id):
    """In four lines."""
    form = VerifyForm()
    return form


def shown():
    return None
'''
USE_CASE = "def decide():\n" + "    work()\n" * 25
FILES = {
    "portal/kyc/views/check.py": VIEW,
    "portal/kyc/views/forms.py": "def one():\n    pass\n" + "\n\ndef two():\n" + "    pass\n" * 40,
    "portal/kyc/decisions.py": USE_CASE,
    "portal/kyc/repository/checks.py": USE_CASE * 2,
    "portal/shared/jobs.py": USE_CASE.replace("decide", "defer") + "    work()\n" * 9,
    "tests/test_long.py": "pass\n" * 401,
    "templates/kyc/check.html": "<p>\n" + "x" * 141 + "\n",
}


@pytest.fixture
def measured(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return {bound.label: bound for bound in bounds(tmp_path)}


def test_lines_are_counted_where_they_are_meant(measured):
    lines = sum(text.count("\n") for name, text in FILES.items() if name.startswith("portal"))
    assert {label: bound.number for label, bound in measured.items()} == {
        "portal, lines in all": lines,
        "longest file of portal": 52,
        "longest file of tests": 401,
        "views, median": 4,
        "views, 90 %": 4,
        "views, longest": 4,
        "functions of views, 90 %": pytest.approx(3.8),
        "use cases, longest": 26,
        "templates, lines in all": 2,
        "templates, longest line": 141,
    }


def test_what_is_too_long_is_named(measured):
    assert [size.where for size in measured["use cases, longest"].largest] == ["portal/kyc/decisions.py:1 decide"]
    assert [size.where for size in measured["longest file of tests"].largest] == ["tests/test_long.py"]
    assert [size.where for size in measured["templates, longest line"].largest] == ["templates/kyc/check.html:2"]
