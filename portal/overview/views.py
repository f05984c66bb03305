"""The home page and the search."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired, Length

from portal.overview import homes, service
from portal.permissions import Permission
from portal.shared import clock
from portal.web.access import current_actor, requires
from portal.web.forms import Form, TextField
from portal.web.render import render, unchanged

bp = Blueprint("overview", __name__)


class SearchForm(Form):
    """What to look for; posted, so that no personal data stand in an address."""

    term = TextField(
        _l("Name, phone, email or ID"),
        validators=[
            DataRequired(_l("Enter a name, a phone number, an email or an ID.")),
            Length(max=255, message=_l("Use at most %(max)d characters.")),
        ],
    )


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
    form = SearchForm()
    if not form.validate():
        return render("overview/search.html", fragment="overview/_hits.html", status=422, form=form, hits=None)
    actor = current_actor()
    hits = service.search(form.term.data, actor=actor)
    return render(
        "overview/search.html",
        fragment="overview/_hits.html",
        form=form,
        hits=hits,
        reads_loans=actor.may(Permission.LOAN_READ),
    )
