"""Hooks: who listens is called in order, in the caller's transaction, and is not caught."""

import pytest

from portal.shared.database import db, require_transaction, transaction
from portal.shared.hooks import Hook


def test_everybody_who_listens_answers_in_order():
    doubled: Hook[[int], int] = Hook()
    assert doubled(2) == []
    doubled.listen(lambda number: number * 2)

    @doubled.listen
    def negated(number: int) -> int:
        return -number

    assert doubled(2) == [4, -2]
    assert negated(3) == -3


def test_they_work_in_the_transaction_of_whoever_calls(in_app):
    told: Hook[[], object] = Hook()
    told.listen(require_transaction)
    with transaction() as session:
        assert told() == [session]
    db.session.rollback()
    with pytest.raises(RuntimeError):
        told()


def test_a_listener_that_fails_stops_the_caller():
    told: Hook[[], object] = Hook()
    told.listen(lambda: {}["nothing"])
    with pytest.raises(KeyError):
        told()
