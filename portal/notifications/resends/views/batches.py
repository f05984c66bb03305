"""Sending many messages once more: chosen in the log, looked at, confirmed, followed, stopped, run again."""

from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.notifications.log import LOG
from portal.notifications.models import Category, Channel, Status
from portal.notifications.resends import batch_pages, batches
from portal.notifications.resends.batch_pages import BATCHES, ITEMS
from portal.notifications.resends.batches import BatchAnswers, ConfirmAnswers
from portal.notifications.resends.views import bp
from portal.notifications.resends.views.forms import BatchForm, ConfirmForm, SelectForm
from portal.permissions import Permission
from portal.shared.errors import INCOMPLETE, Refused
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.lists import list_page, show_list
from portal.web.render import render, unchanged

WORDS = {"status": Status, "category": Category, "channel": Channel}


def batch_page(batch_id: UUID, sent: Sent | None = None) -> Response:
    """A bulk resend with its messages, and whatever was typed into its form."""
    batch = batch_pages.show(batch_id)
    return render(
        "notifications/batch.html",
        fragment="notifications/_items.html",
        sent=sent,
        batch=batch,
        form=shown(ConfirmForm, sent, version=batch.version),
        list=list_page(ITEMS, endpoint=".show"),
        words=WORDS,
    )


@bp.post("/resend")
@requires(Permission.MESSAGE_RESEND)
@command(SelectForm)
def select(form: SelectForm) -> ResponseReturnValue:
    asked = LOG.read(request.form) if form.all.data else None
    if asked and asked.problems:
        raise Refused(INCOMPLETE)
    batch_id = batches.select(form.message.data, asked, by=form.command, actor=current_actor())
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.get("/batches")
@requires(Permission.MESSAGE_RESEND)
def index() -> ResponseReturnValue:
    return show_list("notifications/batches.html", list_page(BATCHES), fragment="notifications/_batches.html")


@bp.get("/batches/<uuid:batch_id>")
@requires(Permission.MESSAGE_RESEND)
def show(batch_id: UUID) -> ResponseReturnValue:
    return batch_page(batch_id)


@bp.get("/batches/<uuid:batch_id>/live")
@requires(Permission.MESSAGE_RESEND, is_passive=True)
def live(batch_id: UUID) -> ResponseReturnValue:
    """The numbers for polling: nothing when they still are what the page shows, and the page itself in a new state."""
    batch = batch_pages.show(batch_id)
    if request.args.get("state") != batch.state:
        return Response(status=204, headers={"HX-Refresh": "true"})
    if request.args.get("seen") == batch.mark:
        return unchanged()
    return render("notifications/_batch.html", batch=batch)


@bp.post("/batches/<uuid:batch_id>/confirm")
@requires(Permission.MESSAGE_RESEND)
@command(ConfirmForm, again=batch_page)
def confirm(batch_id: UUID, form: ConfirmForm) -> ResponseReturnValue:
    batches.confirm(batch_id, read(form, ConfirmAnswers), by=form.command, actor=current_actor())
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/batches/<uuid:batch_id>/cancel")
@requires(Permission.MESSAGE_RESEND)
@command(BatchForm, again=batch_page)
def cancel(batch_id: UUID, form: BatchForm) -> ResponseReturnValue:
    batches.cancel(batch_id, read(form, BatchAnswers), by=form.command, actor=current_actor())
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/batches/<uuid:batch_id>/rerun")
@requires(Permission.MESSAGE_RESEND)
@command(BatchForm, again=batch_page)
def rerun(batch_id: UUID, form: BatchForm) -> ResponseReturnValue:
    batches.rerun(batch_id, read(form, BatchAnswers), by=form.command, actor=current_actor())
    return redirect(url_for(".show", batch_id=batch_id), 303)
