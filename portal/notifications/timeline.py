"""Which messages were written to a customer."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from portal.notifications.browsing import lists
from portal.notifications.models import Filters
from portal.shared.mongo import Document
from portal.shared.pagination import Cursor, Slice
from portal.shared.timeline import Happening

log = structlog.get_logger("portal.notifications")

MILLISECOND = timedelta(milliseconds=1)
FIRST = UUID(int=0)


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening] | None:
    """The newest messages to a customer before a place, a page at most; None while MongoDB does not answer."""
    try:
        documents = lists.page(Filters(user_id=user_id), Slice(after=_place(before)))
    except PyMongoError:
        log.warning("messages unreadable", exc_info=True)
        return None
    return [_happening(document) for document in documents[:limit]]


def _place(before: Cursor | None) -> Cursor | None:
    """The place in Mongo's time, which has milliseconds: what lies in the same one is before whatever came after it."""
    if before is None or before.at.microsecond % 1000 == 0:
        return before
    whole = before.at.replace(microsecond=before.at.microsecond // 1000 * 1000)
    return Cursor(whole + MILLISECOND, FIRST)


def _happening(document: Document) -> Happening:
    facts = {"title": document["notification_title"], "channel": document["notification_type"]}
    kind = f"message.{document['notification_status']}"
    return Happening(document["created_at"], document["_id"], kind, document["_id"], facts=facts)
