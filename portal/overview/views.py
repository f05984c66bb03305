"""The home page and the search."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.overview import homes, service
from portal.overview.forms import TermForm
from portal.overview.service import Thing
from portal.permissions import Permission
from portal.shared import clock
from portal.web.access import current_actor, requires
from portal.web.render import render, unchanged

bp = Blueprint("overview", __name__)

PAGES = {
    "customer": ("customers.show", "user_id"),
    "loan": ("loans.show", "loan_id"),
    "submission": ("kyc.show", "kyc_id"),
    "score": ("credit_scores.show", "credit_score_id"),
    "message": ("notifications.show", "message_id"),
}


@bp.get("/")
@requires(Permission.PORTAL_ENTER)
def home() -> ResponseReturnValue:
    return render("overview/home.html", at=clock.now(), **homes.home_of(current_actor()))


@bp.get("/counters")
@requires(Permission.PORTAL_ENTER, is_passive=True)
def counters() -> ResponseReturnValue:
    """The home's numbers for polling; nothing when they still are what the page shows."""
    now = homes.counters_of(current_actor())
    if request.args.get("seen") == now.mark:
        return unchanged()
    return render("overview/_counters.html", counters=now, at=clock.now())


@bp.post("/search")
@requires(Permission.CUSTOMER_FIND)
def search() -> ResponseReturnValue:
    form = TermForm()
    if not form.validate():
        return render("overview/search.html", fragment="overview/_hits.html", status=422, form=form, hits=None)
    actor = current_actor()
    hits = service.search(form.term.data, actor=actor)
    if hits.only:
        return redirect(_address(hits.only), 303)
    return render(
        "overview/search.html",
        fragment="overview/_hits.html",
        form=form,
        hits=hits,
        address=_address,
        reads_loans=actor.may(Permission.LOAN_READ),
    )


def _address(thing: Thing) -> str:
    endpoint, argument = PAGES[thing.kind]
    subject: dict[str, Any] = {argument: thing.id}
    return url_for(endpoint, **subject)
