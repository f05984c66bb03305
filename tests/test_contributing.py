"""What docs/contributing.md shows of a list runs as it stands there, and is as short as it says."""

import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import text

from portal.permissions import Role
from portal.shared.database import db
from portal.shared.vocabulary import Activity
from tests.client import Browser
from tests.factories import audit_events, make_customer, make_staff
from tests.portals import another_portal

WALK = (Path(__file__).parents[1] / "docs" / "contributing.md").read_text()
BLOCKS = re.findall(r"```(python|html)\n(.*?)```", WALK, re.DOTALL)
DECLARED, ROUTES = (code for kind, code in BLOCKS if kind == "python")
(PAGE,) = (code for kind, code in BLOCKS if kind == "html")


def lines(*codes: str) -> int:
    return sum(bool(line.strip()) for code in codes for line in code.splitlines())


def test_a_list_takes_40_lines_of_python_and_25_of_template():
    assert lines(DECLARED, ROUTES) <= 40
    assert lines(PAGE) <= 25


@pytest.fixture
def walked(in_app, environment):
    """A portal that has the list of the walk."""
    with another_portal(environment) as portal:
        add_list_to(portal)
        yield portal


def add_list_to(portal: Flask) -> None:
    """As the walk says, but for the files: the declaration, its name at the door, its routes, its template."""
    declared = ModuleType("declared")
    exec(compile(DECLARED, "contributing.md", "exec"), declared.__dict__)
    routes = ROUTES.replace("from portal.users import DEACTIVATED\n", "")
    routes = routes.replace("from portal.overview.views.customers import bp\n", "")
    given = {"DEACTIVATED": declared.DEACTIVATED, "bp": Routes(portal)}
    exec(compile(routes, "contributing.md", "exec"), given)
    page = DictLoader({"customers/deactivated.html": PAGE})
    portal.jinja_env.loader = ChoiceLoader([page, portal.jinja_env.loader])


class Routes:
    """Takes the blueprint's place, since one that is registered takes no more routes."""

    def __init__(self, portal: Flask) -> None:
        self.portal = portal

    def get(self, path: str):
        return lambda view: self.portal.add_url_rule(f"/customers{path}", f"customers.{view.__name__}", view)


def test_the_list_of_the_walk_is_there_narrowed_paged_and_exported(walked):
    people = [make_customer(fullname=f"Budi {n:02}", status=Activity.INACTIVE) for n in range(30)]
    make_customer(fullname="Siti still active")
    for n, person in enumerate(people):
        moved = {"id": person, "ago": timedelta(minutes=n)}
        db.session.execute(text("UPDATE user_profile SET updated_at = now() - :ago WHERE id = :id"), moved)
    db.session.commit()
    browser = Browser(walked)
    browser.sign_in(make_staff(Role.ADMIN).email)
    first = browser.get("/customers/deactivated")
    assert first.status_code == 200
    assert "Budi 00" in first.text
    assert "Budi 25" not in first.text
    assert "Siti" not in first.text
    older = re.search(r'href="(/customers/deactivated\?after=[^"]+)"', first.text)
    assert older
    assert "Budi 25" in browser.get(older[1]).text
    assert browser.get("/customers/deactivated?from=2199-01-01").text.count("Budi") == 0
    file = browser.send("GET", "/customers/deactivated/export.csv").text.splitlines()
    assert len(file) == 31
    assert file[1].startswith("Budi 00,")
    assert [event.details for event in audit_events("customers.exported")] == [{"filters": {}}]
