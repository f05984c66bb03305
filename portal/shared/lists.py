"""A list, declared once: what narrows it, in which order it is read, what a row shows, and what its export holds.

A statement is built when its combination of fields is first asked for, and kept: none exists before that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Date, Result, TextClause, bindparam, select, text, tuple_, union_all

from portal.shared.actor import Actor
from portal.shared.counting import capped
from portal.shared.database import db
from portal.shared.fields import Field
from portal.shared.hooks import Hook
from portal.shared.pagination import PAGE_SIZE, Cursor, Page, Slice

RowT = TypeVar("RowT")
BATCH_SIZE = 1000
MAX_EXPORTED = 1_000_000
Shape = tuple[tuple[str, Any], ...]
Shown = Callable[[Sequence[Any], Actor], Sequence[RowT]]

exported: Hook[[str, Actor, dict[str, str]], None] = Hook()
"""Announces an export before its first row is read: the action, who, and what the list was narrowed to."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the list with a name: the texts it puts into the address, and the rule in SQL by which it counts."""

    key: str
    word: str
    query: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file: headings and the attributes of a row under them; ``action`` is what the trail says."""

    action: str
    filename: str
    columns: Mapping[str, str]
    most: int = MAX_EXPORTED


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a list: the texts as they stand there, what they mean, and which mean nothing."""

    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """What the list is narrowed to by this field; None when it is not."""
        return self.values.get(name)

    @property
    def named(self) -> dict[str, str]:
        """As ids and codes, for the trail."""
        return {name: str(value) for name, value in self.values.items()}


EVERYTHING = Asked()


class Declared(Generic[RowT]):
    """What every list has, whichever store it is read from.

    ``shown`` turns rows of the store into those of the page, for whoever looks. ``meant`` sees all values at once
    and returns those that count. Without ``is_strict`` a text that means nothing counts as none; with ``tabs_keep`` a
    tab keeps what else the list is narrowed to.
    """

    def __init__(
        self,
        *,
        shown: Shown[RowT],
        fields: Sequence[Field] = (),
        tabs: Sequence[Tab] = (),
        export: Export | None = None,
        is_strict: bool = False,
        tabs_keep: bool = False,
        meant: Callable[[dict[str, Any]], dict[str, Any]] = lambda values: values,
    ) -> None:
        self.shown, self.fields, self.tabs, self.is_strict, self.meant = shown, fields, tabs, is_strict, meant
        self.file, self.tabs_keep = export, tabs_keep
        self.by_name = {field.name: field for field in fields}

    def read(self, given: Mapping[str, str]) -> Asked:
        """What an address means."""
        texts = {name: given[name].strip() for name in self.by_name if given.get(name, "").strip()}
        values = {field.name: field.default for field in self.fields if field.default is not None}
        problems: dict[str, str] = {}
        for name, said in texts.items():
            try:
                values[name] = self.by_name[name].read(said)
            except ValueError as error:
                problems[name] = error.args[0]
        for one in self.fields:
            if {one.name, one.above} <= values.keys() and values[one.name] < values[one.above]:
                problems[one.name] = one.below
        return Asked(texts, self.meant(values), problems if self.is_strict else {})

    def page(self, asked: Asked, part: Slice, *, actor: Actor, shown: Shown[RowT] | None = None) -> Page[RowT]:
        """A page of what was asked for, in the list's order; ``shown`` for once in the place of the list's own."""
        rows = self.rows(asked, part, actor)
        if self.is_cut_short(asked, part, rows):
            part = Slice()
            rows = self.rows(asked, part, actor)
        page = Page.of(rows, part, self.place)
        return Page(
            (shown or self.shown)(page.rows, actor),
            page.before,
            page.after,
            self.scanned_until(asked, part, rows, actor),
        )

    def export(self, asked: Asked, *, actor: Actor) -> Iterator[RowT]:
        """All that was asked for, streamed; who exported what is recorded first."""
        assert self.file, "this list has no export"
        exported(self.file.action, actor, asked.named)
        return (row for batch in self.batches(asked, self.file.most, actor) for row in self.shown(batch, actor))

    def rows(self, asked: Asked, part: Slice, actor: Actor) -> Sequence[Any]:
        """Up to one row more than a page, in reading order from ``part``."""
        raise NotImplementedError

    def batches(self, asked: Asked, most: int, actor: Actor) -> Iterable[Sequence[Any]]:
        """All rows up to so many, a batch at a time; nothing is read before the first one is asked for."""
        raise NotImplementedError

    def place(self, row: Any) -> Cursor:
        raise NotImplementedError

    def is_cut_short(self, asked: Asked, part: Slice, rows: Sequence[Any]) -> bool:
        """Whether more may match before these than was looked at; the first page leads to all of it."""
        return False

    def scanned_until(self, asked: Asked, part: Slice, rows: Sequence[Any], actor: Actor) -> Cursor | None:
        """Where to go on when a search stopped before the end of the list."""
        return None


class Listing(Declared[RowT]):
    """A list of rows in Postgres, each combination of fields on an index in the order of ``key``, (time or day, id).

    Some fields no index orders: those marked ``is_scanned`` are looked for among the next ``scan`` rows only, or
    with ``scans_newest`` among the newest of all; ``scanned_too`` names fields that are then looked for there as well.
    ``wrapped`` gets the statement of a page and returns one that looks up what else its rows show.
    """

    def __init__(
        self,
        *columns: Any,
        key: tuple[Any, Any],
        where: Sequence[Any] = (),
        joined: Callable[[Any], Any] = lambda statement: statement,
        wrapped: Callable[[Any], Any] | None = None,
        is_ascending: Callable[[Mapping[str, Any]], bool] = lambda values: False,
        scan: int = 0,
        scans_newest: bool = False,
        scanned_too: Sequence[str] = (),
        **declared: Any,
    ) -> None:
        super().__init__(**declared)
        self.columns, self.key, self.base, self.joined, self.wrapped = columns, key, where, joined, wrapped
        self.is_ascending, self.scan, self.scans_newest, self.scanned_too = (
            is_ascending, scan, scans_newest, scanned_too,
        )  # fmt: skip
        self._statements: dict[tuple[Any, ...], Any] = {}
        self._counts: TextClause | None = None

    def rows(self, asked: Asked, part: Slice, actor: Actor) -> Sequence[Any]:
        return self._execute(self.statement(asked, part), asked, part, actor).all()

    def is_cut_short(self, asked: Asked, part: Slice, rows: Sequence[Any]) -> bool:
        return part.before is not None and self._may_go_on(asked, rows)

    def scanned_until(self, asked: Asked, part: Slice, rows: Sequence[Any], actor: Actor) -> Cursor | None:
        if not self._may_go_on(asked, rows):
            return None
        ordered = Asked(values={name: value for name, value in asked.values.items() if not self._is_scanned(name)})
        part = Slice(after=part.after)
        last = self._execute(self.statement(ordered, part).offset(self.scan - 1), ordered, part, actor, 1).first()
        return self.place(last) if last else None

    def batches(self, asked: Asked, most: int, actor: Actor) -> Iterator[Sequence[Any]]:
        """The query begins with the stream: Flask closes the session of the view before that."""
        statement = self.statement(asked, Slice(), is_export=True).execution_options(yield_per=BATCH_SIZE)
        with self._execute(statement, asked, Slice(), actor, most) as found:
            yield from found.partitions()

    def counts(self, **parameters: Any) -> dict[str, int]:
        """How many rows each tab with a rule has, counted up to 1,001, in one statement."""
        if self._counts is None:
            table = self.key[0].class_.__tablename__
            counted = [f"{capped(table, tab.rule)} AS {tab.key}" for tab in self.tabs if tab.rule]
            self._counts = text("SELECT " + ", ".join(counted))
        return dict(db.session.execute(self._counts, parameters).one()._mapping)

    def statement(self, asked: Asked, part: Slice, *, is_export: bool = False) -> Any:
        """The statement of a page; built once for each combination of fields."""
        shape = tuple((name, self.by_name[name].shape(value)) for name, value in asked.values.items())
        place = "after" if part.after else "before" if part.before else ""
        is_forward = self.is_ascending(asked.values) != (place == "before")
        combination = (shape, place, is_forward, is_export)
        if combination not in self._statements:
            self._statements[combination] = self._build(*combination)
        return self._statements[combination]

    def place(self, row: Any) -> Cursor:
        return Cursor.of(*(getattr(row, column.key) for column in self.key))

    def _execute(
        self, statement: Any, asked: Asked, part: Slice, actor: Actor, most: int = PAGE_SIZE + 1
    ) -> Result[Any]:
        parameters: dict[str, Any] = {"list_most": most, "me": actor.auth_id}
        for name, value in asked.values.items():
            parameters |= self.by_name[name].parameters(value)
        if cursor := part.after or part.before:
            at = cursor.at.date() if isinstance(self.key[0].type, Date) else cursor.at
            parameters |= {"list_at": at, "list_id": cursor.id}
        return db.session.execute(statement, parameters)

    def _is_scanned(self, name: str) -> bool:
        return self.by_name[name].is_scanned

    def _may_go_on(self, asked: Asked, rows: Sequence[Any]) -> bool:
        """Whether a search found less than a page of matches among the rows it looked at."""
        return len(rows) <= PAGE_SIZE and not self.scans_newest and any(map(self._is_scanned, asked.values))

    def _build(self, shape: Shape, place: str, is_forward: bool, is_export: bool) -> Any:
        is_scan = not is_export and any(self._is_scanned(name) for name, _ in shape)
        statement = self.joined(select(*self.columns)).where(*self.base)
        scanned: list[tuple[Field, Any]] = []
        parts: Sequence[Any] = []
        names = {name for name, _ in shape}
        for name, form in shape:
            one = self.by_name[name]
            statement = statement.where(*map(text, one.implied))
            if is_scan and (one.is_scanned or name in self.scanned_too):
                scanned.append((one, form))
            elif not is_export and names.isdisjoint(one.whole_with) and (split := one.parts(one.column, form)):
                parts = split
            else:
                statement = statement.where(*one.where(one.column, form))
        key: Sequence[Any] = self.key
        if is_scan:
            if place and not self.scans_newest:
                statement = _placed(statement, key, is_forward)
            newest_first = False if self.scans_newest else is_forward
            rows = _ordered(statement, key, newest_first).limit(self.scan).subquery()
            statement, key = select(rows), [rows.c[column.key] for column in key]
            for one, form in scanned:
                statement = statement.where(*one.where(rows.c[one.column.key], form))
        if place and (not is_scan or self.scans_newest):
            statement = _placed(statement, key, is_forward)
        most: Any = bindparam("list_most")
        if parts:
            statement = union_all(*(_ordered(statement.where(part), key, is_forward).limit(most) for part in parts))
            key = [statement.selected_columns[column.key] for column in key]
        statement = _ordered(statement, key, is_forward).limit(most)
        if self.wrapped is None:
            return statement
        page = statement.subquery("page")
        return _ordered(self.wrapped(page), [page.c[column.key] for column in self.key], is_forward)


def _placed(statement: Any, key: Sequence[Any], is_forward: bool) -> Any:
    at = tuple_(bindparam("list_at", type_=key[0].type), bindparam("list_id", type_=key[1].type))
    return statement.where(tuple_(*key) > at if is_forward else tuple_(*key) < at)


def _ordered(statement: Any, key: Sequence[Any], is_forward: bool) -> Any:
    return statement.order_by(*[column.asc() if is_forward else column.desc() for column in key])
