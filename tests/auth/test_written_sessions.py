"""A session that a test writes is one that was signed in, so that all other tests may begin with one."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from portal.auth.views.browser import SESSION_COOKIE
from portal.shared.database import db
from tests.client import PASSWORD
from tests.factories import make_staff
from tests.stores import empty

OF_ONE_PERSON = re.compile(r"[0-9a-f-]{36}|[0-9a-f]{64}|staff\d+@example\.com|Reviewer \d+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


def plain(value):
    """What differs from one time and one person to the next is alike: their names, and times counted from now."""
    if OF_ONE_PERSON.fullmatch(str(value)):
        return "own"
    if TIME.fullmatch(str(value)):
        return round((datetime.fromisoformat(value) - datetime.now(UTC)) / timedelta(minutes=10))
    return value


def rows(superuser):
    """Every row of every table, but for the counted tries: nobody has tried anything."""
    with superuser.connect() as connection:
        return {
            (table, str({column: plain(value) for column, value in row.items()}))
            for table in {*db.metadata.tables} - {"rate_limits"}
            for row in connection.execute(text(f"SELECT to_jsonb(r) FROM {table} r")).scalars()
        }


def cookie(browser):
    """The cookie's every attribute, of its value the length."""
    kept = browser.client.get_cookie(SESSION_COOKIE)
    found = {field.name: getattr(kept, field.name) for field in fields(kept)}
    return found | {name: len(found[name]) for name in ("value", "decoded_value")}


def test_it_has_the_same_rows_and_the_same_cookie(in_app, visit, superuser):
    written = visit(make_staff())
    of_written = rows(superuser)
    empty(superuser)
    entered = visit()
    assert entered.post("/login", email=make_staff().email, password=PASSWORD).status_code == 303
    assert of_written == rows(superuser)
    assert {table for table, _ in of_written} == {"users_auth", "staff_members", "auth_sessions", "audit_events"}
    assert cookie(written) == cookie(entered)
    assert entered.get("/").status_code == 200


def test_it_opens_the_portal(in_app, visit):
    assert visit(make_staff()).get("/").status_code == 200


def test_nobody_has_one_who_may_not_enter(in_app, visit):
    with pytest.raises(ValueError, match="may not enter"):
        visit(make_staff(status="inactive"))
