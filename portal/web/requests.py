"""What is refused before any view sees it, and what is logged of every request."""

import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any, TypeVar, cast
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import structlog
from flask import Response, current_app, g, request
from werkzeug.exceptions import BadRequest, Forbidden, RequestEntityTooLarge, UnsupportedMediaType

from portal.shared import metrics
from portal.shared.database import patience
from portal.shared.errors import N_, Refused
from portal.web.access import current_actor, is_signed_in

URLENCODED = "application/x-www-form-urlencoded"
PATIENCE = 4.0
FORMS = {URLENCODED, "multipart/form-data"}
MOST_FIELDS = 500
LARGEST_SIGNED = 64 * 1024
View = TypeVar("View", bound=Callable[..., Any])
log = structlog.get_logger("portal.requests")


class OtherSite(Forbidden):
    """It came from a page that is not of this portal, whoever is signed in."""


def start() -> None:
    """Give the request its id and its place in the log."""
    g.started = time.perf_counter()
    patience.set(PATIENCE)
    g.request_id = uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def signed(view: View) -> View:
    """The view is for another service, which signs what it sends: no form, no browser, no token; 64 kB at most."""
    cast(Any, view).is_signed = True
    return view


def refuse_malformed() -> None:
    """Refuse what no form of ours sends: other hosts' requests, other bodies, NUL and broken text."""
    if getattr(current_app.view_functions.get(request.endpoint or ""), "is_signed", False):
        request.max_content_length = LARGEST_SIGNED
        return
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        refuse_other_sites()
    if request.content_length and request.mimetype not in FORMS:
        raise UnsupportedMediaType
    if not _is_utf8(request.query_string) or (request.mimetype == URLENCODED and not _is_utf8(request.get_data())):
        raise BadRequest
    if sum(1 for _ in request.form.items(multi=True)) > MOST_FIELDS:
        raise RequestEntityTooLarge
    if not all(is_clean(text) for text in _names_and_address()):
        raise BadRequest
    if not all(is_clean(value) for _, value in request.form.items(multi=True)):
        raise Refused(N_("The text holds characters that cannot be kept. Remove them and send it again."))


def refuse_other_sites() -> None:
    """Refuse what another site's page sends or embeds."""
    if not _is_from_here():
        raise OtherSite


def _is_from_here() -> bool:
    """What the browser says of where the form or image stood; a form's token is checked as well."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    own = {f"https://{request.host}", f"http://{request.host}"}
    return site in {"same-origin", "none"} and (origin is None or origin in own)


def _is_utf8(encoded: bytes) -> bool:
    """Werkzeug keeps bytes that are not UTF-8 as percent codes, where nobody would see them any more."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


def _names_and_address() -> Iterable[str]:
    yield request.path
    yield from request.form
    for name, value in request.args.items(multi=True):
        yield name
        yield value


def is_clean(text: str) -> bool:
    """Whether both stores can keep it: no NUL, no lone surrogate, no U+FFFD left by bad UTF-8."""
    return not any(c == "\0" or c == "\ufffd" or "\ud800" <= c <= "\udfff" for c in text)


def finish(response: Response) -> Response:
    """Log the request by its route, never by its path or values."""
    response.headers["X-Request-ID"] = g.get("request_id", "")
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = str(request.url_rule or "none")
    metrics.count_request(route, request.method, response.status_code, seconds)
    if request.endpoint not in {"static", "health.healthz"}:
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            actor=str(current_actor().id) if is_signed_in() else None,
        )
    return response


def client_address() -> str | None:
    """Where the request comes from; None when a proxy says something that is no address."""
    try:
        return str(ip_address(request.remote_addr or ""))
    except ValueError:
        return None


def reference() -> str:
    """The request's id as a person can read it out: ``7F2A-88D1``."""
    code = g.get("request_id", uuid4().hex)[:8].upper()
    return f"{code[:4]}-{code[4:]}"
