"""Vendors' raw answers over HTTP."""

from flask import Blueprint

bp = Blueprint("risk_levels", __name__, url_prefix="/risk-evaluations")

from portal.risk_levels.views import reveal  # noqa: E402, F401  it adds its route
