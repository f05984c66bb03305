"""A real server and a real Chromium; every page that is opened is watched for what goes wrong in it."""

import os
import shutil
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from flask import Flask
from playwright.sync_api import Browser as PlaywrightBrowser
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


@pytest.fixture(scope="session")
def _pw_artifacts_folder(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The plugin's own folder is cleaned up by nobody in a process of xdist, which then warns of it."""
    return SimpleNamespace(name=str(tmp_path_factory.mktemp("artifacts")))


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
def problems(site: Site) -> Iterator[list[str]]:
    """The test fails when a page breaks the CSP, logs or throws an error, misses a part or gets a 5xx, and when the
    server logs a traceback.
    """
    found: list[str] = []
    logged = site.log.stat().st_size
    yield found
    with site.log.open() as log:
        log.seek(logged)
        found += [line for line in log if "Traceback" in line]
    assert not found, "\n".join(found)


@pytest.fixture
def open_page(in_app: Flask, problems: list[str], new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """``open_page()`` is a stranger's browser, ``open_page(staff)`` one signed in; options as a context's."""

    def open_page(staff: Staff | None = None, path: str = "/", **options: Any) -> Page:
        context = new_context(**options)
        _watch(context, problems.append)
        _sign_in(context, in_app, staff)
        page = context.new_page()
        page.goto(path)
        return page

    return open_page


class Window:
    """A page that one test after the other looks at, since a new one costs a second; made empty in between."""

    def __init__(self, browser: PlaywrightBrowser, **options: Any) -> None:
        self.problems: list[str] = []
        self._viewport = options.get("viewport") or {"width": 1280, "height": 720}
        self._scheme = options.get("color_scheme") or "null"
        self.context = browser.new_context(**options)
        _watch(self.context, lambda problem: self.problems.append(problem))
        self.page = self.context.new_page()

    def clear(self) -> None:
        self.page.goto("about:blank")
        for other in self.context.pages[1:]:
            other.close()
        self.context.clear_cookies()
        self.page.set_viewport_size(self._viewport)
        self.page.emulate_media(color_scheme=self._scheme)
        self.page.mouse.move(0, 0)


@pytest.fixture(scope="session")
def windows() -> dict[str, list[Window]]:
    """Those that nobody looks at now, by their options."""
    return defaultdict(list)


@pytest.fixture
def rina(in_app: Flask) -> Staff:
    """The reviewer of most tests."""
    return make_staff(display_name="Rina Wulandari")


@pytest.fixture
def look(
    in_app: Flask,
    rina: Staff,
    problems: list[str],
    browser: PlaywrightBrowser,
    browser_context_args: dict[str, Any],
    windows: dict[str, list[Window]],
) -> Iterator[Callable[..., Page]]:
    """Opens a page as Rina, as somebody else or with ``staff=None`` as a stranger, without anything that moves.

    ``own=True`` is for who changes the page's clock, which nothing sets right again.
    """
    opened: list[tuple[str, Window]] = []

    def look(path: str = "/", staff: Staff | None = rina, own: bool = False, **options: Any) -> Page:
        kind = "" if own else str(sorted(options.items()))
        free = windows[kind]
        window = free.pop() if free else Window(browser, **browser_context_args, reduced_motion="reduce", **options)
        opened.append((kind, window))
        window.problems = problems
        _sign_in(window.context, in_app, staff)
        window.page.goto(path)
        return window.page

    yield look
    for kind, window in opened:
        if kind:
            window.clear()
            windows[kind].append(window)
        else:
            window.context.close()


def _sign_in(context: BrowserContext, app: Flask, staff: Staff | None) -> None:
    if staff:
        token = write_session(app, staff.auth_id, Client(None, "Chromium of the tests"))
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": "https://localhost", "secure": True}])


def _watch(context: BrowserContext, report: Callable[[str], None]) -> None:
    context.set_default_timeout(10_000)

    def heard(message: ConsoleMessage) -> None:
        is_viewer = "/images/" in message.location["url"]  # the browser's own page around a photo in a tab
        if message.type == "error" and not message.text.startswith(REFUSED) and not is_viewer:
            report(f"console: {message.text} ({message.location})")

    def answered(response: Response) -> None:
        is_part = response.request.resource_type in PARTS
        if response.status >= 500 or (is_part and response.status >= 400):
            report(f"{response.status} for {response.request.method} {response.url}")

    context.on("console", heard)
    context.on("weberror", lambda error: report(f"thrown: {error.error}"))
    context.on("response", answered)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
