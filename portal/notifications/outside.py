"""Where gateways report what became of a message, and the page of a portal that sends to files."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.notifications import delivery, receipts
from portal.notifications.forms import CHANNELS
from portal.permissions import Permission
from portal.web.access import public, requires
from portal.web.render import render
from portal.web.requests import signed

receipts_views = Blueprint("receipts", __name__)
outbox = Blueprint("outbox", __name__)


@receipts_views.post("/receipts/<channel>")
@public
@signed
def receipt(channel: str) -> ResponseReturnValue:
    receipts.take_in(
        channel,
        timestamp=request.headers.get("X-Timestamp", ""),
        signed=request.headers.get("X-Signature", ""),
        body=request.get_data(),
    )
    return "", 204


@outbox.get("/dev/outbox")
@requires(Permission.MESSAGE_READ)
def index() -> ResponseReturnValue:
    return render("notifications/outbox.html", messages=delivery.written(), channels=CHANNELS)
