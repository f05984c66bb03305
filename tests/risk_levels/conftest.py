"""Keys of encrypted fields that a test may change: an empty key vault before it, and after it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal import config
from portal.shared.mongo import mongo
from portal.shared.vault import COLLECTION, FieldKey, vault


@pytest.fixture(autouse=True)
def unlocked_by(app: Flask) -> Iterator[Callable[..., None]]:
    """``unlocked_by(key, …)`` makes these the keys of the configuration, the newest first."""
    _forget_keys()
    yield lambda *keys: vault.configure(keys)
    _forget_keys()


def _forget_keys() -> None:
    mongo.database[COLLECTION].delete_many({})
    vault.configure(config.current().field_keys)


@pytest.fixture
def old_and_new() -> tuple[FieldKey, FieldKey]:
    return config.current().field_keys[0], FieldKey("local:k2", {"key": b"new!" * 24})
