"""The message log, one message, and the panels of a loan and of a customer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.notifications import browsing, reading, watching
from portal.notifications.forms import (
    CATEGORIES,
    CHANNELS,
    EVENTS,
    OUTCOMES,
    STATUSES,
    VERDICTS,
    FilterForm,
    ResendForm,
    RevealForm,
)
from portal.notifications.resends import copies, facts
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.errors import Refusal
from portal.shared.pagination import PAGE_SIZE, Cursor, Page, Slice
from portal.web.access import current_actor, requires
from portal.web.csv import download
from portal.web.errors import explained, shows_again
from portal.web.forms import CANONICAL_UUID
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.render import render, unchanged

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
WORDS: dict[str, Any] = {
    "categories": CATEGORIES,
    "channels": CHANNELS,
    "statuses": STATUSES,
    "outcomes": OUTCOMES,
    "events": EVENTS,
    "verdicts": VERDICTS,
}
THE_BEGINNING = Cursor(datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))


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
        **_opened(),
        **_may(),
        address=_address,
        person=found.person,
        export_url=url_for(".export", **_given()),
        outages=watching.outages(),
        row_verdicts=facts.verdicts_of([row for row in found.documents if row["notification_status"] != "pending"]),
        at=clock.now(),
        live_url=_live_url(part, found.page.rows),
        **WORDS,
    )


@bp.get("/live")
@requires(Permission.MESSAGE_READ, is_passive=True)
def live() -> ResponseReturnValue:
    """What is new since the page was drawn, for polling; nothing when that is what was last said."""
    form = FilterForm(request.args)
    if not form.validate():
        return unchanged()
    newest, said = request.args.get("newest"), request.args.get("said", 0, type=int)
    pending = [UUID(id_) for id_ in request.args.get("pending", "").split(",") if CANONICAL_UUID.fullmatch(id_)]
    found = watching.news(form.filters(), newest=Cursor.parse(newest) if newest else None, pending=pending[:PAGE_SIZE])
    if found.fresh == said and not found.ended:
        return unchanged()
    left = [id_ for id_ in pending if id_ not in found.ended]
    return render(
        "notifications/_live.html",
        news=found,
        is_said=found.fresh == said,
        at=clock.now(),
        live_url=_poll(newest, left, found.fresh),
        address=_address,
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
    return _message(message_id)


@bp.post("/<uuid:message_id>/resend")
@requires(Permission.MESSAGE_RESEND)
@shows_again(lambda message_id, **kwargs: _message(message_id, **kwargs))
def resend(message_id: UUID) -> ResponseReturnValue:
    form = ResendForm()
    if not form.validate():
        return _message(message_id, status=422)
    copies.resend(
        message_id,
        reason=form.reason.data,
        is_confirmed=form.confirmed.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("The message goes out again."))
    return redirect(url_for(".show", message_id=message_id), 303)


@bp.post("/<uuid:message_id>/reveal")
@requires(Permission.MESSAGE_REVEAL)
@shows_again(lambda message_id, **kwargs: _message(message_id, **kwargs))
def reveal(message_id: UUID) -> ResponseReturnValue:
    form = RevealForm()
    if not form.validate():
        return _message(message_id, status=422, reveal_form=form)
    address = reading.reveal(message_id, reason=form.why.data, text=form.text.data, actor=current_actor())
    answer = _message(message_id, revealed=address)
    answer.headers["Refresh"] = f"{reading.SHOWN_SECONDS}; url={url_for('.show', message_id=message_id)}"
    return answer


@bp.get("/<uuid:message_id>/content")
@requires(Permission.MESSAGE_READ, is_passive=True)
def content(message_id: UUID) -> Response:
    """An e-mail's HTML, for a frame in which nothing runs, loads, submits or leads anywhere."""
    response = make_response(reading.html(message_id, actor=current_actor()))
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


def _message(
    message_id: UUID,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    reveal_form: RevealForm | None = None,
    revealed: str | None = None,
) -> Response:
    """One message, with its forms and whatever was typed into them."""
    form = ResendForm()
    if request.endpoint == "notifications.resend":
        form.validate()
    return _framing(
        "notifications/show.html",
        fragment="notifications/_message.html",
        status=status,
        message=reading.show(message_id, actor=current_actor()),
        verdict=copies.verdict_of(message_id),
        form=form,
        reveal_form=reveal_form or RevealForm(),
        revealed=revealed,
        refusal=explained(refusal) if refusal else None,
        **_may(),
        **WORDS,
    )


def _may() -> dict[str, bool]:
    actor = current_actor()
    return {
        "may_resend": actor.may(Permission.MESSAGE_RESEND),
        "may_reveal": actor.may(Permission.MESSAGE_REVEAL),
    }


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


def _opened() -> dict[str, Any]:
    asked = request.args.get("open", "")
    if not CANONICAL_UUID.fullmatch(asked):
        return {"opened": None}
    return {
        "opened": reading.show(UUID(asked), actor=current_actor()),
        "verdict": copies.verdict_of(UUID(asked)),
        "form": ResendForm(),
        "reveal_form": RevealForm(),
    }


def _live_url(part: Slice, rows: Sequence[browsing.Line]) -> str:
    """Where the page asks for news: new messages on the first page only, how pending ones ended on every page."""
    is_first = not (part.after or part.before)
    newest = str(Cursor(rows[0].created_at, rows[0].id) if rows else THE_BEGINNING) if is_first else None
    return _poll(newest, [row.id for row in rows if row.status == "pending"], 0)


def _poll(newest: str | None, pending: Sequence[UUID], said: int) -> str:
    waiting = ",".join(str(id_) for id_ in pending) or None
    return url_for(".live", **_given(), newest=newest, pending=waiting, said=said)


def _given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}


def _address(**more: Any) -> str:
    return url_for(".index", **{**_given(), **more})
