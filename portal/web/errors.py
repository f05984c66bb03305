"""One place that turns every failure into a page, or for htmx into a notice."""

from collections.abc import Callable
from functools import wraps
from traceback import format_tb
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, make_response, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from pymongo.errors import PyMongoError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError

from portal.shared.database import db, is_contention, is_unreachable
from portal.shared.errors import N_, Conflict, NotFound, Refusal, Sentence, Throttled
from portal.web.access import WrongRole, is_signed_in
from portal.web.requests import OtherSite, reference
from portal.web.words import translated

log = structlog.get_logger("portal.errors")
View = TypeVar("View", bound=Callable[..., Any])

TITLES = {
    400: N_("This request did not come through whole"),
    403: N_("Your role cannot open this"),
    404: N_("There is nothing here"),
    405: N_("This address takes no such request"),
    409: N_("Somebody was faster"),
    413: N_("This is too large"),
    415: N_("This address takes forms only"),
    422: N_("This cannot be done as it is"),
    423: N_("You do not hold this"),
    429: N_("Too many tries"),
    500: N_("Something broke on our side"),
    503: N_("The portal cannot reach its data"),
}
ADVICE = {
    400: N_("Go back, reload the page and send it again."),
    403: N_("Ask your administrator for the role that may."),
    404: N_("Check the address, or start again from the home page."),
    405: N_("Go back and use the buttons of the page."),
    409: N_("Reload the page to see how it stands now."),
    413: N_("Send less than 1 MB at a time."),
    415: N_("Go back and use the buttons of the page."),
    422: N_("Go back and change what the message names."),
    423: N_("Take another one, or wait until the hold ends."),
    429: N_("Wait, then try again."),
    500: N_("Nothing was changed. Try again, and tell your administrator the reference if it happens once more."),
    503: N_("Nothing was changed. Try again in a minute; the portal recovers by itself."),
}
ELSEWHERE = (
    N_("This came from another site"),
    N_("Open the portal at its own address and use the buttons of its pages."),
)
RETRY_SECONDS = 15
BUSY = N_("Somebody else is changing this at this moment.")


def init(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(SQLAlchemyError, database_error)
    app.register_error_handler(PyMongoError, lambda error: answer(503))
    app.register_error_handler(Exception, unexpected)


def shows_again(page: Callable[..., Response]) -> Callable[[View], View]:
    """For a form's view: when the use case refuses, show ``page`` again with the reason and all that was typed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return view(*args, **kwargs)
            except NotFound:
                raise
            except Refusal as refusal:
                reason: Refusal = refusal
            except SQLAlchemyError as error:
                if not is_contention(error):
                    raise
                reason = Conflict(BUSY)
            db.session.rollback()
            return page(*args, **kwargs, refusal=reason, status=reason.status)

        return guarded  # type: ignore[return-value]

    return decorate


def sentence(refusal: Refusal) -> str:
    """A refusal in the reader's language."""
    return translated(Sentence(refusal.message, **refusal.parameters))


def explained(refusal: Refusal) -> dict[str, str]:
    """A refusal as the notice on top of a page shows it."""
    return {"title": gettext(TITLES[refusal.status]), "message": sentence(refusal)}


def refused(refusal: Refusal) -> Response:
    response = answer(refusal.status, sentence(refusal))
    if isinstance(refusal, Throttled):
        response.headers["Retry-After"] = str(refusal.seconds)
    return response


def http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    if isinstance(error, SecurityError):  # an unknown host: no address of ours can be built, so no page either
        return Response(gettext(TITLES[400]), 400, mimetype="text/plain")
    message = gettext("This page was open for too long, or in two windows.") if isinstance(error, CSRFError) else ""
    words = ELSEWHERE if isinstance(error, OtherSite) else None
    if isinstance(error, WrongRole):
        message, words = error.sentence, (TITLES[403], error.advice)
    response = answer(error.code or 500, message, words=words)
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def database_error(error: SQLAlchemyError) -> Response:
    db.session.rollback()
    if is_contention(error):
        return answer(409, gettext(BUSY))
    if is_unreachable(error):
        log.warning("postgres unreachable", kind=type(error).__name__)
        return answer(503)
    # Not the message: Postgres names values in it, which may be somebody's.
    log.error(
        "unexpected",
        kind=type(error).__name__,
        sqlstate=getattr(getattr(error, "orig", None), "sqlstate", None),
        where="".join(format_tb(error.__traceback__)),
    )
    return answer(500, reference=reference())


def unexpected(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return answer(500, reference=reference())


def answer(
    status: int, message: str = "", reference: str | None = None, words: tuple[str, str] | None = None
) -> Response:
    """The error as a page, or as a notice that htmx puts among the flashes; ``words`` are a title and advice."""
    title, advice = words or (TITLES.get(status, TITLES[400]), ADVICE.get(status, ADVICE[400]))
    context = {
        "status": status,
        "title": gettext(title),
        "message": message,
        "advice": gettext(advice),
        "reference": reference,
        "links": [(url_for("overview.home"), gettext("Go to the home page"))] if is_signed_in() else [],
    }
    by_htmx = bool(request.htmx) and not request.htmx.wants_full_page  # type: ignore[attr-defined]
    template = "errors/_error.html" if by_htmx else "errors/error.html"
    response = make_response(render_template(template, **context), status)
    if by_htmx:
        response.headers.update({"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML"})
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    response.vary.add("HX-Request")
    return response
