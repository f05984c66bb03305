"""Words of the portal in the reader's language: sentences, and values that carry their own word."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import Flask
from flask_babel import gettext, pgettext
from markupsafe import Markup

from portal.shared.errors import Sentence
from portal.shared.money import rupiah
from portal.shared.words import Words
from portal.web.filters import duration, static_url, wib, wib_day


def init(app: Flask) -> None:
    """Register the filters."""
    app.jinja_env.filters.update(translated=translated, word=word, chip=chip, fact=fact)


def translated(text: str) -> str:
    """A msgid in the reader's language, with what belongs into it."""
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return str(gettext(text))
    parameters = {name: _said(fact) for name, fact in text.parameters.items()}
    return str(pgettext(text.context, text, **parameters) if text.context else gettext(text, **parameters))


def _said(fact: object) -> object:
    if isinstance(fact, timedelta):
        return duration(fact)
    return translated(fact) if isinstance(fact, Sentence) else fact


def word(value: Words) -> str:
    """The word for a value of the data model."""
    return translated(value.word)


def fact(value: object) -> str:
    """What a value says of whatever it is of: an amount in rupiah, a time in WIB, a day, its word, sentences."""
    match value:
        case Words():
            return word(value)
        case Sentence():
            return translated(value)
        case Decimal():
            return rupiah(value)
        case datetime():
            return wib(value)
        case date():
            return wib_day(value)
        case list():
            return ", ".join(map(fact, value))
    return str(value)


def icon(name: str, size: str = "") -> Markup:
    """An icon of the sprite, for eyes only."""
    cls = f"icon {size}" if size else "icon"
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(
        cls, static_url("icons.svg"), name
    )


def chip(value: Words) -> Markup:
    """A value as a chip: its icon, its word, its tone; never colour alone."""
    tone = f" chip--{value.tone}" if value.tone else ""
    return Markup('<span class="chip{}" data-status="{}">{}{}</span>').format(
        tone, value.value, icon(value.icon), word(value)
    )
