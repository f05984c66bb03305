"""One message: read, sent again, its address shown for a minute."""

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.notifications import record
from portal.notifications.resends import copies
from portal.notifications.views import bp
from portal.notifications.views.forms import ResendForm, RevealForm
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.render import render

FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; sandbox"
PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


def message_page(message_id: UUID, *, sent: Sent | None = None, address: str | None = None) -> Response:
    """One message, with its forms and whatever was typed into them; ``address`` is shown unmasked."""
    page, part = "notifications/show.html", "notifications/_message.html"
    return framing(render(page, fragment=part, sent=sent, revealed=address, **known_of(message_id, sent)))


def known_of(message_id: UUID, sent: Sent | None = None) -> dict[str, Any]:
    """What a message is shown by, alone or beside the log."""
    actor = current_actor()
    return {
        "message": record.show(message_id, actor=actor),
        "verdict": copies.verdict_of(message_id),
        "form": shown(ResendForm, sent),
        "reveal_form": shown(RevealForm, sent),
        "may_resend": actor.may(Permission.MESSAGE_RESEND),
        "may_reveal": actor.may(Permission.MESSAGE_REVEAL),
    }


def framing(response: Response) -> Response:
    """A page that may hold the frame with an e-mail's HTML."""
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


@bp.get("/<uuid:message_id>")
@requires(Permission.MESSAGE_READ)
def show(message_id: UUID) -> ResponseReturnValue:
    return message_page(message_id)


@bp.post("/<uuid:message_id>/resend")
@requires(Permission.MESSAGE_RESEND)
@command(ResendForm, again=message_page)
def resend(message_id: UUID, form: ResendForm) -> ResponseReturnValue:
    copies.resend(message_id, read(form, copies.ResendAnswers), by=form.command, actor=current_actor())
    flash(_("The message goes out again."))
    return redirect(url_for(".show", message_id=message_id), 303)


@bp.post("/<uuid:message_id>/reveal")
@requires(Permission.MESSAGE_REVEAL)
@command(RevealForm, again=message_page)
def reveal(message_id: UUID, form: RevealForm) -> ResponseReturnValue:
    address = record.reveal(message_id, read(form, record.RevealAnswers), actor=current_actor())
    answer = message_page(message_id, address=address)
    answer.headers["Refresh"] = f"{record.SHOWN_SECONDS}; url={url_for('.show', message_id=message_id)}"
    return answer


@bp.get("/<uuid:message_id>/content")
@requires(Permission.MESSAGE_READ, is_passive=True)
def content(message_id: UUID) -> Response:
    """An e-mail's HTML, for a frame in which nothing runs, loads, submits or leads anywhere."""
    response = make_response(record.html(message_id, actor=current_actor()))
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response
