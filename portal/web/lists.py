"""A declared list as a page and as a file: its form, addresses, tabs, tokens and pager."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields import Field as FormField

from portal.shared.errors import Sentence
from portal.shared.fields import Field, Id, Options
from portal.shared.lists import Asked, Declared, Shown, Tab
from portal.shared.pagination import Page, Slice
from portal.web.access import current_actor
from portal.web.csv import download
from portal.web.forms import choices
from portal.web.render import render
from portal.web.words import translated

TYPED: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "text"},
    "date": {"type": "date"},
    "whole": {"type": "text", "inputmode": "numeric", "size": 3},
    "amount": {"type": "text", "inputmode": "decimal", "size": 9},
}
"""What browsers are told of what is typed into a field, by its kind."""


class TabLink(NamedTuple):
    """A view of a list; ``count`` is None where nobody counts."""

    key: str
    word: str
    url: str
    count: Any
    is_current: bool


class Token(NamedTuple):
    """``text`` says what a list is narrowed to; ``url`` leads to it without that, and ``all`` says what is there."""

    text: str
    url: str
    all: str


class ListPage:
    """What a list's template is given as ``list``."""

    def __init__(
        self, listing: Declared[Any], asked: Asked, page: Page[Any], counts: Mapping[str, Any], endpoint: str
    ) -> None:
        self.listing, self.asked, self.page, self.counts, self.endpoint = listing, asked, page, counts, endpoint
        self.rows = page.rows
        self.within: dict[str, Any] = request.view_args or {}
        self.texts = {name: said for name, said in asked.texts.items() if name not in self.within}

    @cached_property
    def filters(self) -> Any:
        """The fields as a form, with what was typed and what is wrong with it."""
        form = _form_of(self.listing)(None)
        for one in self.listing.fields:
            field = form[one.name]
            field.data = self.texts.get(one.name, "")
            if (options := one.options()) is not None:
                field.choices = choices(*_words(options, getattr(one, "sorted_from", None)))
            if one.name in self.asked.problems:
                field.errors = [translated(self.asked.problems[one.name])]
        return form

    @property
    def bar(self) -> Sequence[FormField]:
        """The fields of the filter bar."""
        return [self.filters[one.name] for one in self.listing.fields if self._is_in_bar(one)]

    @property
    def kept(self) -> Mapping[str, str]:
        """What else the filter bar's form carries along."""
        return {
            name: said
            for name, said in self.texts.items()
            if not self._is_in_bar(self.listing.by_name[name]) and name not in self.asked.problems
        }

    @cached_property
    def tab(self) -> Tab | None:
        """The view that is open."""
        return next((tab for tab in self.listing.tabs if self._narrowed_by_tab == tab.query), None)

    @property
    def tabs(self) -> Sequence[TabLink]:
        """The views, each with its number unless the list is narrowed further."""
        keeps = self.listing.tabs_keep
        names = [name for tab in self.listing.tabs for name in tab.query] if keeps else self.listing.by_name
        counts = {} if keeps and self.is_filtered else self.counts
        return [
            TabLink(tab.key, translated(tab.word), self._at(names, tab.query), counts.get(tab.key), tab is self.tab)
            for tab in self.listing.tabs
        ]

    @property
    def tokens(self) -> Sequence[Token]:
        """What links from other pages narrowed it to."""
        return [
            Token(
                translated(Sentence(one.token, name=one.named(self.asked[one.name], self.rows))),
                self._at([one.name]),
                translated(one.all),
            )
            for one in self.listing.fields
            if isinstance(one, Id) and one.named and self.asked[one.name]
        ]

    @property
    def is_filtered(self) -> bool:
        """Whether it is narrowed to less than its view says."""
        return any(
            self._narrowed_by_tab.get(name) != said for name, said in self.texts.items() if not self._is_of_tabs(name)
        )

    @property
    def clear_url(self) -> str:
        return self._at(self.listing.by_name, self._narrowed_by_tab)

    @property
    def newer(self) -> str | None:
        return self.address(before=self.page.before) if self.page.before else None

    @property
    def older(self) -> str | None:
        return self.address(after=self.page.after) if self.page.after else None

    @property
    def search_older(self) -> str | None:
        """Where to go on when a search stopped before the end."""
        return self.address(after=self.page.scanned_until) if self.page.scanned_until else None

    @property
    def export_url(self) -> str:
        is_index = self.endpoint.endswith(".index")
        export = self.endpoint.removesuffix("index") + "export" if is_index else f"{self.endpoint}_export"
        return url_for(export, **{**self.within, **self.texts})

    def address(self, **changes: Any) -> str:
        """This list with something changed, from its first page."""
        return url_for(self.endpoint, **{**self.within, **self.texts, **changes})

    @property
    def bare_url(self) -> str:
        """This list, narrowed to nothing."""
        return self._at(self.listing.by_name)

    def _at(self, without: Iterable[str], query: Mapping[str, str] = MappingProxyType({})) -> str:
        return self.address(**{**dict.fromkeys(name for name in without if name not in self.within), **query})

    @cached_property
    def _narrowed_by_tab(self) -> dict[str, str]:
        """The texts that a tab would have put into this address."""
        said = {(name, value) for tab in self.listing.tabs for name, value in tab.query.items()}
        return {name: value for name, value in self.texts.items() if (name, value) in said}

    def _is_of_tabs(self, name: str) -> bool:
        """Whether tabs alone narrow by it."""
        return any(name in tab.query for tab in self.listing.tabs) and not self._is_in_bar(self.listing.by_name[name])

    def _is_in_bar(self, one: Field) -> bool:
        return one.in_bar(self.asked.values)


def list_page(
    listing: Declared[Any],
    counts: Mapping[str, Any] | None = None,
    *,
    endpoint: str | None = None,
    shown: Shown[Any] | None = None,
) -> ListPage:
    """The page of a list that this address asks for; nothing is read while a text in it means nothing.

    What the address names by itself, such as whose list it is, narrows by the field of that name. ``endpoint`` is the
    list's own where a form is answered.
    """
    within = {name: str(value) for name, value in (request.view_args or {}).items()}
    asked = listing.read({**request.args.to_dict(), **within})
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    page = Page([]) if asked.problems else listing.page(asked, part, actor=current_actor(), shown=shown)
    return ListPage(listing, asked, page, counts or {}, endpoint or str(request.endpoint))


def show_list(template: str, listed: ListPage, **context: Any) -> Response:
    """The page, or for htmx its table alone."""
    status = 422 if listed.asked.problems else 200
    return render(template, status=status, list=listed, **context)


def download_list(listing: Declared[Any]) -> ResponseReturnValue:
    """The list as this address narrows it, as a file; when a text in it means nothing, the list says so instead.

    Beside ``x.index`` the view is ``x.export``, beside any other ``x.list`` it is ``x.list_export``.
    """
    asked = listing.read(request.args)
    if asked.problems or listing.file is None:
        place = str(request.endpoint).removesuffix("_export").replace(".export", ".index")
        return redirect(url_for(place, **asked.texts), 303)  # type: ignore[arg-type]
    rows = listing.export(asked, actor=current_actor())
    return download(listing.file.filename, listing.file.columns, rows)


@cache
def _form_of(listing: Declared[Any]) -> type[FlaskForm]:
    """The form of a list's fields, made once; a GET form, since its address holds no person, only ids."""
    fields = {one.name: _field(one) for one in listing.fields}
    return type("FilterForm", (FlaskForm,), {"Meta": type("Meta", (), {"csrf": False}), **fields})


def _words(options: Options, sorted_from: int | None) -> list[tuple[str, str]]:
    words = [(value, translated(word)) for value, word in options]
    if sorted_from is not None:
        words[sorted_from:] = sorted(words[sorted_from:], key=lambda pair: pair[1].casefold())
    return words


def _field(one: Field) -> Any:
    label = lazy_gettext(one.label)
    if not one.label:
        return HiddenField(name=one.name)
    if one.options() is not None:
        return SelectField(label, name=one.name, validate_choice=False)
    return StringField(label, name=one.name, render_kw=dict(TYPED[one.kind]))
