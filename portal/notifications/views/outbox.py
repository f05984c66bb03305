"""The page of a portal that sends to files."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.notifications import delivery
from portal.permissions import Permission
from portal.web.access import requires
from portal.web.render import render

bp = Blueprint("outbox", __name__)


@bp.get("/dev/outbox")
@requires(Permission.MESSAGE_READ)
def index() -> ResponseReturnValue:
    return render("notifications/outbox.html", messages=delivery.written())
