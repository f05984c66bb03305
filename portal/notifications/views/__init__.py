"""The messages over HTTP: the log, one message, panels of other pages, receipts, the outbox."""

from flask import Blueprint

bp = Blueprint("notifications", __name__, url_prefix="/notifications")

from portal.notifications.views import log, message, panels  # noqa: E402, F401  they add their routes
