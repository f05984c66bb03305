"""MongoDB: one client per process, UUIDs as standard binary, aware times, short timeouts."""

from collections.abc import Mapping
from typing import Any

from pymongo import IndexModel, MongoClient, timeout
from pymongo.database import Database
from pymongo.errors import CollectionInvalid

Document = dict[str, Any]
A_DAY = 86_400


class Mongo:
    """The database named in the URL; connected on first use, so that a forked worker gets a client of its own."""

    def __init__(self) -> None:
        self._url, self._options = "", dict[str, Any]()
        self._client: MongoClient[Document] | None = None

    def configure(self, url: str, **options: Any) -> None:
        """Where it is; ``options`` are the driver's, such as listeners to what it is asked."""
        if self._client is not None:
            self._client.close()
        self._url, self._options = url, options
        self._client = None

    @property
    def database(self) -> Database[Document]:
        if self._client is None:
            self._client = MongoClient(
                self._url,
                uuidRepresentation="standard",
                tz_aware=True,
                serverSelectionTimeoutMS=2000,
                timeoutMS=4000,
                retryWrites=True,
                w="majority",
                appname="portal",
                **self._options,
            )
        return self._client.get_default_database("portal")

    def ping(self) -> None:
        self.database.command("ping")

    def prepare(self, collection: str, *, schema: Mapping[str, Any], indexes: list[IndexModel]) -> None:
        """Create a collection or bring its validator and indexes up to date, however long that takes."""
        validator = {"$jsonSchema": dict(schema)}
        with timeout(A_DAY):
            try:
                self.database.create_collection(collection, validator=validator)
            except CollectionInvalid:
                self.database.command("collMod", collection, validator=validator)
            self.database[collection].create_indexes(indexes)


mongo = Mongo()
