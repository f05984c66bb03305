"""A real server and a real Chromium; every page that is opened is watched for what goes wrong in it."""

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

from portal.auth.sessions import Client
from portal.auth.views.browser import SESSION_COOKIE
from portal.dev import web
from portal.dev.process import Child
from tests.factories import Staff, make_staff
from tests.sessions import write_session

PROJECT = Path(__file__).parent.parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REFUSED = (
    "Failed to load resource"  # what Chromium says of every answer from 400 on; the answers are watched themselves
)
PARTS = {"image", "stylesheet", "script", "font"}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The Chromium of this machine, never a downloaded one."""
    chosen = os.environ.get("CHROMIUM")
    found = next((path for path in map(shutil.which, [chosen] if chosen else BROWSERS) if path), None)
    if not found:
        pytest.fail(
            "The browser tests need Chromium: install it with `apt-get install chromium` as root,"
            " or set CHROMIUM to its path.",
            pytrace=False,
        )
    return {"executable_path": found, "args": list(FLAGS)}


class Start(Protocol):
    """Starts a process of the portal beside the tests, on the same stores."""

    def __call__(self, name: str, *command: str | Path, **settings: str) -> Child: ...


@pytest.fixture(scope="session")
def start(environment: dict[str, str], portal: Flask, tmp_path_factory: pytest.TempPathFactory) -> Start:
    logs = tmp_path_factory.mktemp("logs")

    def start(name: str, *command: str | Path, **settings: str) -> Child:
        child = Child(name, log=logs / f"{name}.log")
        own = {"PYTHONUNBUFFERED": "1", "FLASK_SKIP_DOTENV": "1", **environment, **settings}
        child.start(command, env={**os.environ, **own}, cwd=PROJECT)
        return child

    return start


@dataclass(frozen=True)
class Site:
    """Where the portal answers, and what it writes meanwhile."""

    url: str
    log: Path


@pytest.fixture(scope="session")
def site(start: Start) -> Iterator[Site]:
    """The portal as it runs in production: gunicorn, one process, eight threads."""
    port = _free_port()
    url = f"http://localhost:{port}"
    command = web.command(web.addresses(port), {"WEB_WORKERS": "1", "WEB_THREADS": "8"})
    server = start("gunicorn", *command, PUBLIC_URL=url)
    try:
        while not web.is_ready(port):
            server.check()
            time.sleep(0.1)
        yield Site(url, server.log)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def base_url(site: Site) -> str:
    """What the addresses in the tests are relative to."""
    return site.url


@pytest.fixture
def open_page(in_app: Flask, site: Site, new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """``open_page()`` is a stranger's browser, ``open_page(staff)`` one signed in; options as a context's.

    The test fails when a page breaks the CSP, logs or throws an error, misses a part or gets a 5xx, and when the
    server logs a traceback.
    """
    problems: list[str] = []
    logged = site.log.stat().st_size

    def open_page(staff: Staff | None = None, path: str = "/", **options: Any) -> Page:
        context = new_context(**options)
        context.set_default_timeout(10_000)
        _watch(context, problems)
        if staff:
            token = write_session(in_app, staff.auth_id, Client(None, "Chromium of the tests"))
            context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": "https://localhost", "secure": True}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    with site.log.open() as log:
        log.seek(logged)
        problems += [line for line in log if "Traceback" in line]
    assert not problems, "\n".join(problems)


@pytest.fixture
def rina(in_app: Flask) -> Staff:
    """The reviewer of most tests."""
    return make_staff(display_name="Rina Wulandari")


@pytest.fixture
def look(rina: Staff, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page as Rina, as somebody else or with ``staff=None`` as a stranger, without anything that moves."""

    def look(path: str = "/", staff: Staff | None = rina, **options: Any) -> Page:
        return open_page(staff, path, reduced_motion="reduce", **options)

    return look


def _watch(context: BrowserContext, problems: list[str]) -> None:
    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED):
            problems.append(f"console: {message.text} ({message.location})")

    def answered(response: Response) -> None:
        is_part = response.request.resource_type in PARTS
        if response.status >= 500 or (is_part and response.status >= 400):
            problems.append(f"{response.status} for {response.request.method} {response.url}")

    context.on("console", heard)
    context.on("weberror", lambda error: problems.append(f"thrown: {error.error}"))
    context.on("response", answered)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
