"""One view, two shapes: a whole page, or for htmx the fragment of it."""

from typing import Any

from flask import Response, make_response, render_template, request

from portal.web.commands import Sent


def render(
    page: str, /, *, fragment: str | None = None, status: int = 200, sent: Sent | None = None, **context: Any
) -> Response:
    """``page`` for a browser, ``fragment`` when htmx asked for a part of it; shown again for the form ``sent``."""
    if sent is not None:
        status, context = sent.status, {"refusal": sent.refusal, **context}
    wants_page = fragment is None or request.htmx.wants_full_page  # type: ignore[attr-defined]
    response = make_response(render_template(page if wants_page else str(fragment), **context), status)
    if fragment is not None:
        response.vary.update(["HX-Request", "HX-Request-Type", "HX-History-Restore-Request"])
    return response


def unchanged() -> Response:
    """The answer to a poll when there is nothing new."""
    return Response(status=204)
