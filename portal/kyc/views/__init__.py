"""The identity checks over HTTP: queue, decisions, workspace, images."""

from flask import Blueprint

bp = Blueprint("kyc", __name__, url_prefix="/kyc")

from portal.kyc.views import check, queue  # noqa: E402, F401  they add their routes
