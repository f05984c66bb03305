"""Homes, search and customers over HTTP."""

from flask import Blueprint

bp = Blueprint("overview", __name__)

from portal.overview.views import home, search  # noqa: E402, F401  they add their routes
