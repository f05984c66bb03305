"""Sending many messages again, over HTTP."""

from flask import Blueprint

bp = Blueprint("batches", __name__, url_prefix="/notifications")

from portal.notifications.resends.views import batches  # noqa: E402, F401  it adds its routes
