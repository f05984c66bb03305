"""Messages in Mongo."""

from portal.notifications.models import COLLECTION, INDEXES, SCHEMA, Notification
from portal.shared.mongo import Mongo


class NotificationRepository:
    """``notifications_collection``."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo

    def prepare(self) -> None:
        self.mongo.prepare(COLLECTION, schema=SCHEMA, indexes=INDEXES)

    def add(self, message: Notification) -> None:
        """Write a message under its id; writing it again changes nothing."""
        document = message.to_document()
        self.mongo.database[COLLECTION].update_one({"_id": message.id}, {"$setOnInsert": document}, upsert=True)
