"""Where gateways report what became of a message."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.notifications import receipts
from portal.web.access import public
from portal.web.requests import signed

bp = Blueprint("receipts", __name__)


@bp.post("/receipts/<channel>")
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
