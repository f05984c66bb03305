"""The home page of each role, and its numbers while it stays open."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from portal.overview import homes
from portal.overview.views import bp
from portal.overview.views.forms import TermForm
from portal.permissions import Permission
from portal.shared import clock
from portal.web.access import current_actor, requires
from portal.web.commands import shown
from portal.web.render import render, unchanged


@bp.get("/")
@requires(Permission.PORTAL_ENTER)
def home() -> ResponseReturnValue:
    today = format_date(clock.today(), "EEEE, d MMMM y")
    return render(
        "overview/home.html", at=clock.now(), today=today, form=shown(TermForm), **homes.home_of(current_actor())
    )


@bp.get("/counters")
@requires(Permission.PORTAL_ENTER, is_passive=True)
def counters() -> ResponseReturnValue:
    """The home's numbers for polling; nothing when they still are what the page shows."""
    now = homes.counters_of(current_actor())
    if request.args.get("seen") == now.mark:
        return unchanged()
    return render("overview/_counters.html", counters=now, at=clock.now())
