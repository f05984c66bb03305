"""The queue and the decisions."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.kyc import claims, queue
from portal.kyc.views import bp
from portal.kyc.views.check import go_on
from portal.kyc.views.forms import NextForm
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.pagination import Cursor
from portal.web.access import current_actor, requires
from portal.web.commands import command
from portal.web.lists import download_list, list_page, show_list
from portal.web.render import render, unchanged


@bp.get("")
@requires(Permission.KYC_READ)
def index() -> ResponseReturnValue:
    actor = current_actor()
    counters, last = queue.count(actor), queue.LastDecision(actor)
    return show_list(
        "kyc/index.html",
        list_page(queue.QUEUE, counters, shown=last.beside),
        fragment="kyc/_table.html",
        counters=counters,
        at=clock.now(),
        undoable=last.undoable,
    )


@bp.get("/live")
@requires(Permission.KYC_READ, is_passive=True)
def counters() -> ResponseReturnValue:
    """The queue's counter for polling; nothing when it still is what the page shows."""
    now = queue.count(current_actor())
    if request.args.get("waiting") == str(now["waiting"]):
        return unchanged()
    return render("kyc/_live.html", counters=now, at=clock.now(), seen=request.args.get("seen", type=int))


@bp.get("/decisions")
@requires(Permission.KYC_READ)
def decisions() -> ResponseReturnValue:
    return show_list("kyc/decisions.html", list_page(queue.DECISIONS), fragment="kyc/_decisions.html")


@bp.get("/export.csv")
@requires(Permission.KYC_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    return download_list(queue.QUEUE)


@bp.post("/next")
@requires(Permission.KYC_DECIDE)
@command(NextForm)
def next_(form: NextForm) -> ResponseReturnValue:
    after = Cursor.parse(form.after.data) if form.after.data else None
    return go_on(claims.claim_next(after=after, by=form.command, actor=current_actor()))
