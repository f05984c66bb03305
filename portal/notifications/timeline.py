"""Which messages were written to a customer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from pymongo import DESCENDING
from pymongo.cursor import Cursor as MongoCursor
from pymongo.errors import PyMongoError

from portal.notifications.listing import Filters
from portal.notifications.models import COLLECTION
from portal.shared.mongo import Document, mongo
from portal.shared.pagination import Cursor
from portal.shared.timeline import Happening

log = structlog.get_logger("portal.notifications")

FIELDS = dict.fromkeys(("notification_title", "notification_type", "notification_status", "created_at"), 1)


def events_of(user_id: UUID, *, before: Cursor | None, limit: int) -> Sequence[Happening] | None:
    """The newest messages to a customer before a place, newest first; None while MongoDB does not answer."""
    try:
        documents = list(_newest(user_id, before, limit))
    except PyMongoError:
        log.warning("messages unreadable", exc_info=True)
        return None
    return [_happening(document) for document in documents]


def _newest(user_id: UUID, before: Cursor | None, limit: int) -> MongoCursor[Document]:
    wanted = Filters(user_id=user_id)
    found = mongo.database[COLLECTION].find(wanted.to_query() | _until(before), FIELDS, hint=wanted.index)
    return found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit)


def _until(before: Cursor | None) -> dict[str, Any]:
    """Before a place. Mongo keeps milliseconds: what lies in the place's own is before it when microseconds follow."""
    if before is None:
        return {}
    at = before.at.replace(microsecond=before.at.microsecond // 1000 * 1000)
    if at < before.at:
        return {"created_at": {"$lte": at}}
    return {"created_at": {"$lte": at}, "$or": [{"created_at": {"$lt": at}}, {"_id": {"$lt": before.id}}]}


def _happening(document: Document) -> Happening:
    facts = {"title": document["notification_title"], "channel": document["notification_type"]}
    return Happening(
        document["created_at"], document["_id"], f"message.{document['notification_status']}", document["_id"],
        facts=facts,
    )  # fmt: skip
