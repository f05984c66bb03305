"""Keys change while people read: nobody notices, and afterwards the old key is not needed any more."""

from threading import Event, Thread

import pytest
from bson import CodecOptions

from portal.permissions import Role
from portal.risk_levels import evaluations
from portal.risk_levels.models import COLLECTION
from portal.shared import vault as vaults
from portal.shared.mongo import mongo
from portal.shared.vault import FieldKey, vault
from tests.credit_scores.book import score_of
from tests.factories import make_evaluation, make_score, make_staff

MARKER = "read-while-the-keys-rotate"
NEWER = FieldKey("local:k2", {"key": b"2" * 96})
NEWEST = FieldKey("local:k3", {"key": b"3" * 96})


@pytest.fixture(autouse=True)
def keys(app):
    """A vault of its own for each test: what was wrapped by other keys stays in none."""
    kept = vault.keys
    empty_vault(kept)
    yield kept
    empty_vault(kept)


def empty_vault(keys):
    mongo.database[vaults.COLLECTION].delete_many({})
    vault.configure(keys)


@pytest.fixture
def score_id(in_app):
    return make_score()


def evaluate(score_id):
    return make_evaluation(loan_id=score_of(score_id).loan_id, raw_score={"secret": MARKER})


def opened(evaluation_id):
    return vault.open(evaluation_id, evaluations.repository.raw_score_of(evaluation_id))


def providers():
    """Which keys wrap the data keys now."""
    return {key["masterKey"]["provider"] for key in mongo.database[vaults.COLLECTION].find()}


def documents():
    return list(mongo.database.get_collection(COLLECTION, CodecOptions()).find({}, {"raw_score": 1}))


def test_nobody_who_reads_notices_and_afterwards_the_old_key_may_go(in_app, score_id, keys):
    known = [evaluate(score_id) for _ in range(3)]
    read, faults, done = [], [], Event()

    def keep_reading():
        with in_app.app_context():
            while not done.is_set():
                try:
                    read.extend(opened(one) == {"secret": MARKER} for one in known)
                except Exception as error:
                    faults.append(error)

    reader = Thread(target=keep_reading)
    reader.start()
    try:
        for newer in (NEWER, NEWEST) * 5:
            vault.configure((newer, *(key for key in (NEWER, NEWEST) if key is not newer), *keys))
            assert evaluations.rotate_keys() == 1
            assert providers() == {newer.provider}
            known.append(evaluate(score_id))
    finally:
        done.set()
        reader.join()
    assert faults == []
    assert len(read) > 20
    assert all(read)
    vault.configure((NEWEST,))
    assert all(opened(one) == {"secret": MARKER} for one in known)


def test_rotating_touches_the_data_keys_only_and_may_be_repeated(score_id, keys):
    evaluation_id = evaluate(score_id)
    before = documents()
    vault.configure((NEWER, *keys))
    assert [evaluations.rotate_keys() for _ in range(3)] == [1, 0, 0]
    assert documents() == before
    assert opened(evaluation_id) == {"secret": MARKER}


def test_without_keys_in_the_vault_there_is_nothing_to_rotate(in_app, keys):
    vault.configure((NEWER, *keys))
    assert evaluations.rotate_keys() == 0


def test_the_command_says_what_it_did_and_what_comes_next(in_app, score_id, keys):
    evaluate(score_id)
    vault.configure((NEWER, *keys))
    answer = in_app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert answer.exit_code == 0
    assert answer.output == "1 data keys rewrapped. The older names may leave FIELD_KEYS now.\n"
    assert providers() == {"local:k2"}


def test_whoever_reads_through_the_page_during_a_rotation_gets_his_answer(in_app, visit, score_id, keys):
    browser, evaluation_id = visit(make_staff(Role.CREDIT_ANALYST)), evaluate(score_id)
    url = f"/risk-evaluations/{evaluation_id}/reveal"
    for newest in ((NEWER, *keys), (NEWEST, NEWER, *keys), (NEWEST,)):
        vault.configure(newest)
        evaluations.rotate_keys()
        answer = browser.post(url, reason="AUDIT_REQUEST")
        assert (answer.status_code, MARKER in answer.text) == (200, True)
