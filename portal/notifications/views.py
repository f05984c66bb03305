"""The message log, one message, and the panels of a loan and of a customer."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.notifications import browsing
from portal.notifications.forms import CATEGORIES, CHANNELS, STATUSES, FilterForm
from portal.permissions import Permission
from portal.shared.pagination import Page, Slice
from portal.web.access import current_actor, requires
from portal.web.csv import download
from portal.web.forms import CANONICAL_UUID
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.render import render

bp = Blueprint("notifications", __name__, url_prefix="/notifications")

PARAMETERS = ("status", "category", "type", "user", "loan", "from", "to")
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; sandbox"
PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
EXPORTED = {
    "message_id": "id",
    "customer": "customer.fullname",
    "recipient": "recipient",
    "loan_id": "loan_id",
    "category": "category",
    "type": "channel",
    "title": "title",
    "status": "status",
    "created_at": "created_at",
    "error_class": "error_class",
}
WORDS: dict[str, Any] = {"categories": CATEGORIES, "channels": CHANNELS, "statuses": STATUSES}


@bp.get("")
@requires(Permission.MESSAGE_READ)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    is_valid = form.validate()
    found = browsing.browse(form.filters(), part) if is_valid else browsing.Found(Page([], None, None), None)
    return _framing(
        "notifications/index.html",
        fragment="notifications/_table.html",
        status=200 if is_valid else 422,
        filters=form,
        rows=found.page.rows,
        newer=_address(before=str(found.page.before)) if found.page.before else None,
        older=_address(after=str(found.page.after)) if found.page.after else None,
        counts=browsing.count(),
        tabs=[("", _("All")), *STATUSES.items()],
        given=_given(),
        opened=_opened(),
        address=_address,
        person=found.person,
        export_url=url_for(".export", **_given()),
        **WORDS,
    )


@bp.get("/export.csv")
@requires(Permission.MESSAGE_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    form = FilterForm(request.args)
    if not form.validate():  # the list says what is wrong; to export all instead would be a surprise
        return redirect(url_for(".index", **_given()), 303)
    return download("messages.csv", EXPORTED, browsing.export(form.filters(), actor=current_actor()))


@bp.get("/<uuid:message_id>")
@requires(Permission.MESSAGE_READ)
def show(message_id: UUID) -> ResponseReturnValue:
    message = browsing.show(message_id, actor=current_actor())
    return _framing("notifications/show.html", fragment="notifications/_message.html", message=message, **WORDS)


@bp.get("/<uuid:message_id>/content")
@requires(Permission.MESSAGE_READ, is_passive=True)
def content(message_id: UUID) -> Response:
    """An e-mail's HTML, for a frame in which nothing runs, loads, submits or leads anywhere."""
    response = make_response(browsing.content(message_id))
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@bp.get("/of-loan/<uuid:loan_id>")
@requires(Permission.MESSAGE_PANEL, is_passive=True)
def of_loan(loan_id: UUID) -> ResponseReturnValue:
    return _panel(browsing.of_loan(loan_id))


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.MESSAGE_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    return _panel(browsing.of_customer(user_id))


def _framing(page: str, **context: Any) -> Response:
    """A page that may hold the frame with an e-mail's HTML."""
    response = render(page, **context)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _panel(messages: Any) -> Response:
    may_open = current_actor().may(Permission.MESSAGE_READ)
    return render(
        "notifications/panel.html",
        fragment="notifications/_panel.html",
        messages=messages,
        may_open=may_open,
        **WORDS,
    )


def _opened() -> browsing.Whole | None:
    asked = request.args.get("open", "")
    return browsing.show(UUID(asked), actor=current_actor()) if CANONICAL_UUID.fullmatch(asked) else None


def _given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}


def _address(**more: Any) -> str:
    return url_for(".index", **{**_given(), **more})
