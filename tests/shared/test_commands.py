"""One-time command ids: acting once, answering the same, and belonging to one person and one form."""

from functools import partial
from uuid import uuid4

import pytest

from portal.shared.commands import Answer, Command, earlier_answer, remember
from portal.shared.database import db, transaction
from portal.shared.errors import Refused
from tests.client import at_once
from tests.factories import make_staff


class Broken(Exception):
    """What breaks."""


def run(command, actor, location=None, action="tests.acted"):
    """A use case that does nothing else; its first answer, or None when it acts now."""
    with transaction():
        earlier = earlier_answer(command, action, actor=actor)
        if earlier is None:
            remember(command, location)
        return earlier


@pytest.fixture
def rina(in_app):
    return make_staff().actor


def test_the_first_acts_and_every_other_gets_its_answer(rina):
    command, location = uuid4(), uuid4()
    assert run(command, rina, location) is None
    assert run(command, rina, uuid4()) == Answer(location)
    assert run(command, rina, uuid4()) == Answer(location)


def test_an_answer_that_leads_nowhere_is_an_answer(rina):
    command = uuid4()
    assert run(command, rina) is None
    assert run(command, rina) == Answer(None)


def test_the_same_id_by_another_person_is_refused(rina):
    command = uuid4()
    run(command, rina)
    with pytest.raises(Refused, match="This form was already used for something else"):
        run(command, make_staff().actor)


def test_the_same_id_for_another_act_is_refused(rina):
    command = uuid4()
    run(command, rina)
    with pytest.raises(Refused, match="This form was already used for something else"):
        run(command, rina, action="tests.did-something-else")


def test_a_command_that_failed_may_be_sent_again(rina):
    command, location = uuid4(), uuid4()

    def breaks():
        with transaction():
            earlier_answer(command, "tests.acted", actor=rina)
            raise Broken

    with pytest.raises(Broken):
        breaks()
    assert run(command, rina, location) is None
    assert run(command, rina) == Answer(location)


def test_of_many_at_once_one_acts_and_the_others_wait_for_its_answer(in_app, rina):
    command, location = uuid4(), uuid4()

    def run_in_app():
        with in_app.app_context():
            return run(command, rina, location)

    answers = at_once(*(partial(run_in_app) for _ in range(8)))
    assert answers.count(None) == 1
    assert answers.count(Answer(location)) == 7
    assert db.session.query(Command).count() == 1


def test_outside_a_transaction_nothing_is_taken(rina):
    with pytest.raises(RuntimeError, match="inside `with transaction"):
        earlier_answer(uuid4(), "tests.acted", actor=rina)
    with pytest.raises(RuntimeError, match="inside `with transaction"):
        remember(uuid4(), uuid4())
