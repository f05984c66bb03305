"""What a provider says later of a message it took: it arrived, or it came back."""

import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal import config
from portal.notifications.channels.gateway import NAME, signature
from portal.notifications.models import Channel, Event
from portal.notifications.repository import attempts
from portal.shared import clock
from portal.shared.errors import N_, Forbidden, NotFound, Refused

VALID_FOR = timedelta(minutes=5)


def take_in(channel: str, *, timestamp: str, signed: str, body: bytes) -> None:
    """Keep a receipt ``{"id": …, "event": "delivered"|"bounced", "answer": …}``; repeating it changes nothing.

    The signature is the hex HMAC-SHA-256 by ``RECEIPTS_KEY`` over the time, a point and the body, good for 5 minutes.
    """
    key = config.current().receipts_key
    if not key or channel not in tuple(Channel):
        raise NotFound(N_("There are no receipts here."))
    now = clock.now()
    if not _is_genuine(key, timestamp, signed, body, now):
        raise Forbidden(N_("The signature is wrong or too old."))
    message_id, event, answer = _parsed(body)
    receipt = {"event": event, "at": now, "answer": answer}
    if not attempts.add_receipt(message_id, channel, receipt):
        raise NotFound(N_("There is no such message. Check the address, or look for it in the list."))
    if event == Event.BOUNCED:
        attempts.mark_address(message_id, "permanent")


def _is_genuine(key: bytes, timestamp: str, signed: str, body: bytes, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    is_recent = abs(now.timestamp() - int(timestamp)) <= VALID_FOR.total_seconds()
    right = signature(key, timestamp, body).encode()
    return hmac.compare_digest(right, signed.encode("utf-8", "replace")) and is_recent


def _parsed(body: bytes) -> tuple[UUID, str, str | None]:
    try:
        fields: Any = json.loads(body)
        message_id, event = UUID(fields["id"]), fields["event"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _unreadable() from None
    if event not in tuple(Event):
        raise _unreadable()
    answer = str(fields.get("answer", ""))
    return message_id, event, answer if NAME.fullmatch(answer) else None


def _unreadable() -> Refused:
    return Refused(N_("This is no receipt."))
