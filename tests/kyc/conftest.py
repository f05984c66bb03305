"""A document store of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.kyc.images import store


@pytest.fixture
def documents(environment: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """The folder of an empty document store, in the place of the one that all tests share."""
    folder = tmp_path / "documents"
    store.configure(f"file://{folder}")
    yield folder
    store.configure(environment["DOCUMENTS_URL"])
