"""The demo, loaded once for all tests that only read it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.dev.servers import EmbeddedServers
from tests.stores import Beside, portal_beside


@pytest.fixture(scope="session")
def demo_portal(portal: Flask, environment: dict[str, str], servers: EmbeddedServers) -> Iterator[Beside]:
    """The demo on stores of its own."""
    with portal_beside(environment, servers, "demo") as beside:
        with beside.opened() as app:
            _load(app)
        yield beside


@pytest.fixture
def demo(demo_portal: Beside) -> Iterator[Flask]:
    """The portal with its demo data, for tests that only read."""
    with demo_portal.opened() as app:
        yield app


@pytest.fixture
def own_demo(demo_portal: Beside, in_app: Flask) -> Flask:
    """The portal with demo data that this test may change; its pictures were drawn for the one that others share."""
    _load(in_app)
    return in_app


def _load(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 0, result.output
