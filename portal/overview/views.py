"""The home page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.permissions import Permission
from portal.web.access import requires
from portal.web.render import render

bp = Blueprint("overview", __name__)


@bp.get("/")
@requires(Permission.PORTAL_ENTER)
def home() -> ResponseReturnValue:
    return render("overview/home.html")
