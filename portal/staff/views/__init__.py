"""The staff over HTTP: who works here, in which role, and since when not any more."""

from flask import Blueprint

bp = Blueprint("staff", __name__, url_prefix="/staff")

from portal.staff.views import members  # noqa: E402, F401  they add their routes
