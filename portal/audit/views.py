"""The audit page: who did or saw what, and of whom."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit import service
from portal.audit.forms import FilterForm
from portal.audit.wording import LOOKS, action_word
from portal.permissions import Permission
from portal.shared.pagination import Page, Slice
from portal.web.access import current_actor, requires
from portal.web.csv import download
from portal.web.render import render

bp = Blueprint("audit", __name__, url_prefix="/audit")

PARAMETERS = ("actor", "action", "subject", "of", "from", "to")
EXPORTED = {
    "event_id": "event.event_id",
    "at": "event.at",
    "action": "event.action",
    "actor_id": "event.actor_id",
    "actor": "actor",
    "actor_role": "event.actor_role",
    "subject": "event.subject",
    "of_user": "event.of_user",
    "details": "event.details",
}


@bp.get("")
@requires(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    is_valid = form.validate()
    chosen = form.filters() if is_valid else None
    page = service.browse(chosen, part, actor=current_actor()) if chosen else Page([], None, None)
    return render(
        "audit/index.html",
        status=200 if is_valid else 422,
        filters=form,
        chosen=chosen,
        actor_name=service.name_of(chosen.actor if chosen else None),
        given=_given(),
        rows=page.rows,
        newer=url_for(".index", **{**_given(), "before": page.before}) if page.before else None,
        older=url_for(".index", **{**_given(), "after": page.after}) if page.after else None,
        export_url=url_for(".export", **_given()),
        is_filtered=bool(_given()),
        chain=service.chain(),
        action_word=action_word,
        looks=LOOKS,
    )


@bp.get("/export.csv")
@requires(Permission.AUDIT_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    form = FilterForm(request.args)
    if not form.validate():  # the page says what is wrong
        return redirect(url_for(".index", **_given()), 303)
    return download("audit.csv", EXPORTED, service.export(form.filters(), actor=current_actor()))


def _given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}
