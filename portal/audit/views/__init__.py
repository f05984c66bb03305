"""The audit trail over HTTP: who did or saw what, and of whom."""

from flask import Blueprint

bp = Blueprint("audit", __name__, url_prefix="/audit")

from portal.audit.views import events  # noqa: E402, F401  it adds its routes
