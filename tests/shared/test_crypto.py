"""Keyed hashes, and ids that sort by time."""

import re
from uuid import RFC_4122

import pytest

from portal.shared.crypto import configure, digits_of, document_hash, new_token, token_hash, uuid7


@pytest.mark.parametrize(
    ("text", "digits"),
    [("32.73.01", "327301"), (" 3 2-7 ", "327"), ("NIK", ""), ("٣٢٧", ""), ("３２７", ""), ("3²7", "37"), ("", "")],
)
def test_only_ascii_digits_are_digits(text, digits):
    assert digits_of(text) == digits


def test_a_number_is_hashed_under_a_key_that_is_named(portal):
    assert re.fullmatch(r"v1:[0-9a-f]{64}", document_hash("3273014504940001"))
    assert document_hash("3273014504940001") == document_hash("32.73.01 4504940001")
    assert document_hash("3273014504940001") != document_hash("3273014504940002")


def test_another_key_gives_another_hash_and_no_key_gives_none(portal, environment):
    before = document_hash("3273014504940001")
    try:
        configure(b"another key of the tests, long enough")
        assert document_hash("3273014504940001") != before
        configure(b"")
        with pytest.raises(RuntimeError, match="DOCUMENT_HASH_KEY"):
            document_hash("3273014504940001")
    finally:
        configure(environment["DOCUMENT_HASH_KEY"].encode())
    assert document_hash("3273014504940001") == before


def test_ids_of_messages_sort_by_when_they_were_made():
    ids = [uuid7(milliseconds) for milliseconds in (0, 1, 1_774_958_400_000, 1_774_958_400_001, (1 << 48) - 1)]
    assert ids == sorted(ids)
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, RFC_4122)}
    assert len({uuid7(5) for _ in range(100)}) == 100


def test_a_token_is_long_and_stored_as_its_hash():
    token = new_token()
    assert len(token) >= 43
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash(token))
    assert token not in token_hash(token)
