"""The search of the whole portal."""

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.overview import search as searches
from portal.overview.views import bp
from portal.overview.views.forms import TermForm
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.render import render


def search_page(*, sent: Sent, hits: searches.Hits | None = None) -> Response:
    """What was looked for, and what was found."""
    return render(
        "overview/search.html",
        fragment="overview/_hits.html",
        sent=sent,
        form=shown(TermForm, sent),
        hits=hits,
        reads_loans=current_actor().may(Permission.LOAN_READ),
    )


@bp.post("/search")
@requires(Permission.CUSTOMER_FIND)
@command(TermForm, again=search_page)
def search(form: TermForm) -> ResponseReturnValue:
    hits = searches.search(read(form, searches.TermAnswers), actor=current_actor())
    if hits.only:
        return redirect(url_for(hits.only.endpoint, **hits.only.query), 303)
    return search_page(sent=Sent(form), hits=hits)
