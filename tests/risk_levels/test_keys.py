"""Keys of encrypted fields: another one in front, everything readable meanwhile, the old one gone afterwards."""

from threading import Event, Thread

import pytest
from bson import Binary

from portal.risk_levels.models import PURPOSE
from portal.shared.errors import Refused
from portal.shared.vault import vault
from tests.risk_levels.answers import data_keys, document, make_answer, own_key


@pytest.fixture
def run(in_app):
    return lambda *words: in_app.test_cli_runner().invoke(args=words)


def read(evaluation_id):
    return vault.open(evaluation_id, document(evaluation_id)["raw_score"])


def providers():
    return {key["masterKey"]["provider"] for key in data_keys()}


def test_a_new_key_takes_over_while_everything_stays_readable(run, unlocked_by, old_and_new):
    old, new = old_and_new
    _, evaluation_id = make_answer(raw_score={"grade": "B+"})
    sealed = document(evaluation_id)
    unlocked_by(new, old)
    stop, seen, wrong = Event(), [], []

    def keep_reading():
        while not stop.is_set():
            try:
                seen.append(read(evaluation_id) == {"grade": "B+"})
            except Exception as error:
                wrong.append(error)

    reader = Thread(target=keep_reading)
    reader.start()
    try:
        for _ in range(10):
            for keys in ((new, old), (old, new)):
                unlocked_by(*keys)
                assert run("keys", "rotate").exit_code == 0
                assert providers() == {keys[0].provider}
    finally:
        stop.set()
        reader.join()
    assert (wrong, set(seen)) == ([], {True})
    assert len(seen) > 20
    assert document(evaluation_id) == sealed


def test_the_old_key_is_not_needed_any_more(run, unlocked_by, old_and_new):
    old, new = old_and_new
    _, before = make_answer(raw_score={"grade": "B+"})
    unlocked_by(new, old)
    assert "1 data key" in run("keys", "rotate").output
    unlocked_by(new)
    _, after = make_answer(raw_score={"grade": "C"})
    assert (read(before), read(after)) == ({"grade": "B+"}, {"grade": "C"})
    assert len(data_keys()) == 1
    unlocked_by(old)
    with pytest.raises(Refused, match="no longer has"):
        read(before)


def test_an_interrupted_rotation_is_finished_by_the_next(run, unlocked_by, old_and_new):
    old, new = old_and_new
    _, evaluation_id = make_answer(raw_score={"grade": "B+"})
    for number in range(5):
        vault.lock(f"purpose {number}", evaluation_id, {})
    unlocked_by(new, old)
    one = data_keys()[0]["_id"]
    vault._encryption().rewrap_many_data_key(
        {"_id": Binary.from_uuid(one)}, provider=new.provider
    )  # as far as the killed one came
    assert providers() == {old.provider, new.provider}
    assert read(evaluation_id) == {"grade": "B+"}
    assert "5 data keys" in run("keys", "rotate").output
    assert providers() == {new.provider}
    assert "0 data keys" in run("keys", "rotate").output


def test_without_the_old_key_the_command_says_so_and_changes_nothing(run, unlocked_by, old_and_new):
    _, new = old_and_new
    make_answer()
    before = data_keys()
    unlocked_by(new)
    answer = run("keys", "rotate")
    assert answer.exit_code == 1
    assert "FIELD_KEYS" in answer.output
    assert "Traceback" not in answer.output
    assert data_keys() == before


def test_the_settings_do_not_print_a_key():
    assert "\\x07" not in repr(own_key("k1", 7))
    assert vault.keys[0].credentials["key"].decode() not in repr(vault.keys)


def test_one_purpose_has_one_key_of_that_name(in_app):
    make_answer()
    assert [key["keyAltNames"] for key in data_keys()] == [[PURPOSE]]
