"""The loans over HTTP: the lists, a loan with its review history, its payments."""

from flask import Blueprint

bp = Blueprint("loans", __name__, url_prefix="/loans")

from portal.loans.views import index, loan, payments  # noqa: E402, F401  they add their routes
