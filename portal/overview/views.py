"""The home page and the search."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired, Length

from portal.credit_scores import reconciling
from portal.overview import service
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.forms import Form, TextField
from portal.web.render import render

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
    watches = current_actor().may(Permission.PORTAL_WATCH)
    return render("overview/home.html", watches=watches, checked=reconciling.last_checked() if watches else None)


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
