"""Signing in, and one's own account, over HTTP."""

from flask import Blueprint

bp = Blueprint("auth", __name__)
account_bp = Blueprint("account", __name__, url_prefix="/account")

from portal.auth.views import account, browser, sign_in  # noqa: E402, F401  they add their routes
