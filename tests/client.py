"""A browser for tests: keeps cookies, sends tokens and command ids, and looks at every page it gets."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from html import unescape
from html.parser import HTMLParser
from itertools import islice
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "correct-horse-battery"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
ID = re.compile(r'<[^>]*\sid="([^"]+)"')
VARYING = re.compile(r"[\w-]{36,}|[0-9]+")  # ids, cursors and numbers

Result = TypeVar("Result")


class Browser:
    """One person's browser. Every HTML page it opens must be valid, titled, and without doubled ids."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self._token = ""

    @property
    def token(self) -> str:
        """What a form of this browser's pages sends along; asked of the sign-in page when no other was opened yet."""
        if not self._token:
            self.get("/login")
        return self._token

    def get(self, url: str, *, htmx: bool = False, **options: Any) -> TestResponse:
        headers = {"HX-Request": "true"} if htmx else {}
        response = self._send(self.client.get, url, headers=headers, **options)
        return self._seen(response, not htmx)

    def post(self, url: str, *, htmx: bool = False, follow: bool = False, **fields: Any) -> TestResponse:
        """Post a form as its page would; a ``command_id`` is made up unless given."""
        form = {"csrf_token": self.token, "command_id": str(uuid4()), **fields}
        headers = {"HX-Request": "true"} if htmx else {}
        given = {name: value for name, value in form.items() if value is not None}
        response = self._send(self.client.post, url, data=given, headers=headers, follow_redirects=follow)
        return self._seen(response, not htmx)

    def _send(self, method: Callable[..., TestResponse], url: str, /, **options: Any) -> TestResponse:
        """In a context of its own, as a server would: a test's application context is not the request's."""
        return Context().run(method, url, **{"base_url": "https://localhost", "buffered": True, **options})

    def send(self, method: str, url: str, **options: Any) -> TestResponse:
        """Anything a browser of ours would not send, unseen: other methods, headers, bodies, hosts.

        A ``Cookie`` header stands for every cookie that this browser keeps.
        """
        is_bare = "Cookie" in (options.get("headers") or {})
        client = self.client.application.test_client(use_cookies=False) if is_bare else self.client
        return self._send(client.open, url, method=method, **options)

    def pieces(self, url: str, most: int | None = None) -> list[bytes]:
        """The pieces in which an answer is written while a server sends it; after ``most`` of them it hangs up."""

        def read() -> list[bytes]:
            answer = self.client.get(url, base_url="https://localhost", buffered=False)
            pieces = list(islice(answer.iter_encoded(), most))
            answer.close()
            return pieces

        return Context().run(read)

    def cookie(self, name: str) -> str | None:
        """A cookie's value as this browser keeps it."""
        kept = self.client.get_cookie(name)
        return kept.value if kept else None

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        response = self.post("/login", email=email, password=password)
        if response.status_code == 303:
            self.get("/")
        return response

    def tab(self) -> "Browser":
        """Another tab of this browser: the same cookies, the same token, requests of its own."""
        other = Browser(self.client.application)
        other._token = self._token
        for key in ("__Host-session", "__Host-portal", "__Host-language"):
            if cookie := self.client.get_cookie(key):
                other.client.set_cookie(key, cookie.decoded_value, secure=True)
        return other

    def _seen(self, response: TestResponse, is_page: bool) -> TestResponse:
        if response.mimetype == "text/html" and response.status_code < 600 and response.text and is_page:
            if response.status_code not in range(300, 400):
                _look_at(response.text)
            if token := TOKEN.search(response.text):
                self._token = token[1]
        return response


class _Marks(HTMLParser):
    """Collects what :func:`check_page` looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.actions: list[str] = []
        self.headings = 0
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.headings += tag == "h1"
        self.inline += [name for name in given if name.startswith("on") or name in {"style", "hx-on"}]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "form" and given.get("method") == "post":
            self.actions.append(given.get("action") or "")


def check_page(html: str) -> None:
    """Valid HTML, one title, one main heading, unique ids, an action on every form, nothing inline."""
    html5lib.HTMLParser(strict=True).parse(html)
    marks = _Marks()
    marks.feed(html)
    assert re.search(r"<title>[^<]*\S[^<]*</title>", html), "a page needs a title"
    assert marks.headings == 1, f"{marks.headings} main headings"
    assert sorted(marks.ids) == sorted(set(marks.ids)), "ids are doubled"
    assert all(marks.actions), "a form has no action"
    assert not marks.inline, f"against the CSP: {marks.inline}"


_looked_at: set[int] = set()


def _look_at(html: str) -> None:
    """Check a page, unless one that differs only in ids and numbers was checked before: parsing strictly is slow."""
    token = TOKEN.search(html)
    shape = hash(VARYING.sub("0", html.replace(token[1], "") if token else html))
    if shape not in _looked_at:
        check_page(html)
        _looked_at.add(shape)
    ids = ID.findall(html)
    assert sorted(ids) == sorted(set(ids)), "ids are doubled"


def at_once(*acts: Callable[[], Result]) -> list[Result]:
    """Start all of them at the same moment, each in a thread of its own; their results in the order given."""
    gate = Barrier(len(acts))

    def act(one: Callable[[], Result]) -> Result:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


class _Controls(HTMLParser):
    """Collects what :func:`filled_in` returns."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, list[str]] = {}
        self.writing = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        self.writing = name if tag == "textarea" else ""
        is_off = given.get("type") in {"radio", "checkbox"} and "checked" not in given
        if tag == "input" and name and not is_off:
            self.values.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, text: str) -> None:
        if self.writing and text.strip():
            self.values.setdefault(self.writing, []).append(text.strip())

    def handle_endtag(self, tag: str) -> None:
        self.writing = ""


def filled_in(html: str) -> dict[str, list[str]]:
    """The values that stand in a page's fields: what was typed, ticked or chosen, by the field's name."""
    controls = _Controls()
    controls.feed(html)
    return controls.values


def error_at(html: str, field: str) -> str:
    """The sentence that stands at a field, without what only screen readers hear; empty when there is none."""
    found = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', html, re.DOTALL)
    said = re.sub(r'<span class="visually-hidden">.*?</span>|<[^>]+>', "", found[1] if found else "")
    return unescape(said).strip()
