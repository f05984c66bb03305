"""The one way to open a transaction."""

from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.shared.database import (
    again_when_contended,
    db,
    is_contention,
    is_unreachable,
    require_transaction,
    transaction,
)
from tests.client import at_once

ADD = text("INSERT INTO rate_limits VALUES (:key, 1, 0)")


class Broken(Exception):
    """What breaks."""


def keys():
    db.session.rollback()
    return sorted(db.session.scalars(text("SELECT key FROM rate_limits")))


def test_all_of_it_or_nothing(in_app):
    with transaction() as session:
        session.execute(ADD, {"key": "kept"})

    def breaks():
        with transaction() as session:
            session.execute(ADD, {"key": "lost"})
            raise Broken

    with pytest.raises(Broken):
        breaks()
    assert keys() == ["kept"]


def test_what_was_written_before_does_not_slip_in(in_app):
    db.session.execute(ADD, {"key": "stray"})
    with transaction() as session:
        session.execute(ADD, {"key": "kept"})
    assert keys() == ["kept"]


def test_transactions_do_not_nest_and_the_outer_one_is_lost_with_it(in_app):
    def nests():
        with transaction() as session:
            session.execute(ADD, {"key": "outer"})
            with transaction():
                pass

    with pytest.raises(RuntimeError, match="transactions do not nest"):
        nests()
    assert keys() == []
    with transaction() as session:
        session.execute(ADD, {"key": "next"})
    assert keys() == ["next"]


def test_a_refused_inner_one_leaves_the_outer_one_open(in_app):
    with transaction() as session:
        with pytest.raises(RuntimeError, match="transactions do not nest"), transaction():
            pass
        require_transaction().execute(ADD, {"key": "outer"})
        assert session is require_transaction()
    assert keys() == ["outer"]


def test_after_a_failure_none_is_open(in_app):
    with pytest.raises(Broken), transaction():
        raise Broken
    with pytest.raises(RuntimeError, match="inside `with transaction"):
        require_transaction()


def test_each_thread_has_its_own(in_app):
    def add(key):
        with in_app.app_context(), transaction() as session:
            session.execute(ADD, {"key": key})

    at_once(*(partial(add, f"key {n}") for n in range(8)))
    assert keys() == [f"key {n}" for n in range(8)]


def test_two_people_at_one_row_are_told_from_a_server_that_is_gone(in_app, superuser):
    def too_late():
        with transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            session.execute(text("DELETE FROM rate_limits"))

    with transaction() as session:
        session.execute(ADD, {"key": "wanted"})
    with superuser.begin() as other:
        other.execute(text("SELECT 1 FROM rate_limits FOR UPDATE"))
        with pytest.raises(OperationalError, match="lock timeout") as caught:
            too_late()
    assert is_contention(caught.value)
    assert not is_unreachable(caught.value)
    assert keys() == ["wanted"]


def test_who_lost_a_row_to_another_starts_again_and_gives_up_in_the_end():
    tried = []

    def loses(times, sqlstate="40P01"):
        class Lost(Exception):
            """As the driver raises it."""

        Lost.sqlstate = sqlstate
        tried.append(times)
        if len(tried) <= times:
            raise OperationalError("UPDATE", {}, Lost())
        return "done"

    assert again_when_contended(lambda: loses(2)) == "done"
    tried.clear()
    with pytest.raises(OperationalError):
        again_when_contended(lambda: loses(9))
    assert len(tried) == 3
    tried.clear()
    with pytest.raises(OperationalError):
        again_when_contended(lambda: loses(9, sqlstate="57P01"))
    assert len(tried) == 1, "a server that is gone is not asked again"


def test_a_connection_that_the_server_ended_is_replaced(in_app, superuser):
    def loses_its_connection():
        with transaction() as session:
            own = session.scalar(text("SELECT pg_backend_pid()"))
            with superuser.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
            session.execute(ADD, {"key": "lost"})

    with pytest.raises(OperationalError) as caught:
        loses_its_connection()
    assert is_unreachable(caught.value)
    with transaction() as session:
        session.execute(ADD, {"key": "kept"})
    assert keys() == ["kept"]
