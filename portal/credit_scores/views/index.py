"""The list of credit scores, and a customer's scores on other pages."""

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from portal.credit_scores import index as scores
from portal.credit_scores.views import bp
from portal.permissions import Permission
from portal.web.access import requires
from portal.web.lists import list_page, show_list
from portal.web.render import render


@bp.get("")
@requires(Permission.SCORE_READ)
def index() -> ResponseReturnValue:
    page = list_page(scores.listed(request.args), scores.SCORES.counts())
    return show_list("credit_scores/index.html", page, fragment="credit_scores/_table.html")


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.SCORE_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    return render(
        "credit_scores/of_customer.html",
        fragment="credit_scores/_of_customer.html",
        rows=scores.of_customer(user_id),
        user_id=user_id,
    )
