"""Lists of documents in Mongo, declared like those in Postgres: newest first, in the order of an index."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from portal.shared.actor import Actor
from portal.shared.counting import CAP
from portal.shared.fields import Choice, Since, Until
from portal.shared.lists import Asked, Declared, RowT
from portal.shared.mongo import Document, mongo
from portal.shared.pagination import PAGE_SIZE, Cursor, Slice

BATCH_SIZE = 500


class MongoListing(Declared[RowT]):
    """Documents of a collection, newest first by ``created_at`` and ``_id``; ``hint`` names the index to read by.

    A choice that is not made is asked for by every value there is: only so are the rows read in index order.
    """

    def __init__(
        self, collection: str, *, columns: Sequence[str], hint: Callable[[Mapping[str, Any]], str], **declared: Any
    ) -> None:
        super().__init__(**declared)
        self.collection, self.columns, self.hint = collection, dict.fromkeys(columns, 1), hint

    def query(self, asked: Asked, place: Document | None = None) -> Document:
        """The filter Mongo gets: typed values only, never an operator of somebody else's."""
        query: Document = {}
        for one in self.fields:
            value = asked[one.name]
            if isinstance(one, Since):
                bound = one.parameters(value)[one.name] if value else None
                operator = "$lt" if isinstance(one, Until) else "$gte"
                query |= {one.column: {**query.get(one.column, {}), operator: bound}} if bound else {}
            elif value is not None:
                query[one.column] = str(value) if isinstance(one, Choice) else value
            elif isinstance(one, Choice):
                query[one.column] = {"$in": [code for code, _ in one.options() if code]}
        return {"$and": [query, place]} if place else query

    def rows(self, asked: Asked, part: Slice, actor: Actor) -> Sequence[Document]:
        order = ASCENDING if part.before else DESCENDING
        rows: list[Document] = []
        for place in places(part):
            by = [("_id", order)] if "_id" in place else [("created_at", order), ("_id", order)]
            if left := PAGE_SIZE + 1 - len(rows):
                found = self.documents.find(self.query(asked, place), self.columns, hint=self.hint(asked.values))
                rows += found.sort(by).limit(left)
        return rows

    def batches(self, asked: Asked, most: int, actor: Actor) -> Iterator[Sequence[Document]]:
        found = self.documents.find(
            self.query(asked), self.columns, batch_size=BATCH_SIZE, hint=self.hint(asked.values)
        )
        batch: list[Document] = []
        for document in found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(most):
            batch.append(document)
            if len(batch) == BATCH_SIZE:
                yield batch
                batch = []
        yield batch

    def newer_than(self, newest: Cursor, asked: Asked, most: int) -> int:
        """How many came in after ``newest``, up to ``most``."""
        hint = self.hint(asked.values)
        found = (
            self.documents.count_documents(self.query(asked, place), limit=most, hint=hint)
            for place in places(Slice(before=newest))
        )
        return min(most, sum(found))

    def counts(self) -> dict[str, int]:
        """How many documents each tab with a query has, counted up to 1,001."""
        return {
            tab.key: self.documents.count_documents(
                {self.by_name[name].column: value for name, value in tab.query.items()}, limit=CAP, hint=self.hint({})
            )
            for tab in self.tabs
            if tab.query
        }

    def place(self, row: Document) -> Cursor:
        return Cursor(row["created_at"], row["_id"])

    @property
    def documents(self) -> Collection[Document]:
        return mongo.database[self.collection]


def places(part: Slice) -> Sequence[Document]:
    """Beyond a place in the list: the rest of its moment first, then what lies behind; each is one range of the index.

    However many documents carry the same time, none of them is passed over one by one.
    """
    cursor = part.after or part.before
    if cursor is None:
        return [{}]
    operator = "$lt" if part.after else "$gt"
    return [{"created_at": cursor.at, "_id": {operator: cursor.id}}, {"created_at": {operator: cursor.at}}]
