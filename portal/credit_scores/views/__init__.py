"""The credit scores over HTTP: list, breakdown, manual score, decision."""

from flask import Blueprint

bp = Blueprint("credit_scores", __name__, url_prefix="/credit-scores")

from portal.credit_scores.views import index, score  # noqa: E402, F401  they add their routes
