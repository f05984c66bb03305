"""Sending many messages once more: chosen in the log, looked at, confirmed, followed, stopped, run again."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.notifications.log import LOG
from portal.notifications.models import Category, Channel, Status
from portal.notifications.resends import batches
from portal.notifications.resends.models import ItemResult
from portal.notifications.resends.views import bp
from portal.notifications.resends.views.forms import BatchForm, ConfirmForm, SelectForm
from portal.permissions import Permission
from portal.shared.errors import N_, Refusal, Refused
from portal.shared.pagination import Slice
from portal.web.access import current_actor, requires
from portal.web.errors import explained, shows_again
from portal.web.render import render, unchanged

WORDS = {"status": Status, "category": Category, "channel": Channel}


@bp.post("/resend")
@requires(Permission.MESSAGE_RESEND)
def select() -> ResponseReturnValue:
    form, asked = SelectForm(), LOG.read(request.form)
    if not form.validate() or asked.problems:
        raise Refused(N_("This form is not complete. Open the page again."))
    batch_id = batches.select(
        form.message.data,
        asked if form.all.data else None,
        command=form.command_id.data,
        actor=current_actor(),
    )
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.get("/batches")
@requires(Permission.MESSAGE_RESEND)
def index() -> ResponseReturnValue:
    page = batches.recent(_part())
    return render(
        "notifications/batches.html",
        rows=page.rows,
        newer=url_for(".index", before=page.before) if page.before else None,
        older=url_for(".index", after=page.after) if page.after else None,
    )


@bp.get("/batches/<uuid:batch_id>")
@requires(Permission.MESSAGE_RESEND)
def show(batch_id: UUID) -> ResponseReturnValue:
    return _page(batch_id)


@bp.get("/batches/<uuid:batch_id>/live")
@requires(Permission.MESSAGE_RESEND, is_passive=True)
def live(batch_id: UUID) -> ResponseReturnValue:
    """The numbers for polling: nothing when they still are what the page shows, and the page itself in a new state."""
    batch = batches.show(batch_id)
    if request.args.get("state") != batch.state:
        return Response(status=204, headers={"HX-Refresh": "true"})
    if request.args.get("seen") == batch.mark:
        return unchanged()
    return render("notifications/_batch.html", batch=batch)


@bp.post("/batches/<uuid:batch_id>/confirm")
@requires(Permission.MESSAGE_RESEND)
@shows_again(lambda batch_id, **kwargs: _page(batch_id, **kwargs))
def confirm(batch_id: UUID) -> ResponseReturnValue:
    batch = batches.show(batch_id)
    form = ConfirmForm(batch)
    if not form.validate():
        return _page(batch_id, status=422)
    batches.confirm(
        batch_id,
        number=batch.ready,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    return redirect(url_for(".show", batch_id=batch_id), 303)


@bp.post("/batches/<uuid:batch_id>/cancel")
@requires(Permission.MESSAGE_RESEND)
@shows_again(lambda batch_id, **kwargs: _page(batch_id, **kwargs))
def cancel(batch_id: UUID) -> ResponseReturnValue:
    return _change(batch_id, batches.cancel)


@bp.post("/batches/<uuid:batch_id>/rerun")
@requires(Permission.MESSAGE_RESEND)
@shows_again(lambda batch_id, **kwargs: _page(batch_id, **kwargs))
def rerun(batch_id: UUID) -> ResponseReturnValue:
    return _change(batch_id, batches.rerun)


def _change(batch_id: UUID, act: Any) -> ResponseReturnValue:
    form = BatchForm()
    if not form.validate():
        raise Refused(N_("This form is not complete. Open the page again."))
    act(batch_id, version=form.version.data, command=form.command_id.data, actor=current_actor())
    return redirect(url_for(".show", batch_id=batch_id), 303)


def _page(batch_id: UUID, *, status: int = 200, refusal: Refusal | None = None) -> Response:
    """A bulk resend with its messages, and whatever was typed into its form."""
    batch = batches.show(batch_id)
    form = ConfirmForm(batch, version=batch.version)
    if status == 422 and refusal is None:
        form.validate()
    form.version.data = batch.version
    shown = request.args.get("result", "")
    result = ItemResult(shown) if shown in set(ItemResult) else None
    page = batches.items(batch_id, result, _part())
    return render(
        "notifications/batch.html",
        status=status,
        batch=batch,
        form=form,
        result=result,
        rows=page.rows,
        newer=url_for(".show", batch_id=batch_id, result=result, before=page.before) if page.before else None,
        older=url_for(".show", batch_id=batch_id, result=result, after=page.after) if page.after else None,
        refusal=explained(refusal) if refusal else None,
        words=WORDS,
    )


def _part() -> Slice:
    return Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
