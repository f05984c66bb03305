"""Support's home: which messages failed and where, what waits, and what is overdue."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_date
from flask_babel import gettext as _

from portal import loans, notifications
from portal.notifications import DAYS_COUNTED, Channel
from portal.overview.forms import TermForm
from portal.overview.homes.parts import MOST_ROWS, Bar, Counters, Tile, asked, days, from_day, overdue_tile
from portal.shared import clock
from portal.shared.actor import Actor


@dataclass(frozen=True, slots=True)
class Found:
    """The messages' numbers and the loans', each None while it cannot be read."""

    messages: notifications.DeliveryNumbers | None
    loans: loans.BookNumbers | None


def read(actor: Actor) -> Found:
    return Found(asked(notifications.delivery_numbers), asked(loans.book_numbers))


def counters(actor: Actor, found: Found) -> Counters:
    today, told = clock.today(), found.messages
    failed_today = told.days.get(today) if told else None
    tiles = [
        Tile(
            "failed-today", _("Failed today"), "circle-x", failed_today, _log(status="failed", **days(today, today)),
            _("written today"), bool(failed_today),
        ),
        Tile(
            "failed", _("Failed in 7 days"), "calendar", getattr(told, "all_failed", None),
            _log(status="failed", **from_day(DAYS_COUNTED - 1)), _("today and the six days before"),
        ),
        Tile(
            "pending", _("Not sent yet"), "hourglass", getattr(told, "all_pending", None), _log(status="pending"),
            _("they go out by themselves"),
        ),
        overdue_tile(found.loans),
    ]  # fmt: skip
    bars = [
        Bar(format_date(day, "EEE d MMM"), number, _log(status="failed", **days(day, day)), "f-bad")
        for day, number in (told.days.items() if told else ())
    ]
    return Counters(tiles, bars if told else None, _("Failed by day"))


def rest(actor: Actor, found: Found) -> dict[str, Any]:
    return {
        "form": TermForm(formdata=None),
        "rows": asked(lambda: notifications.newest_failed(MOST_ROWS)) if found.messages else None,  # nobody waits twice
        "channels": found.messages and [_channel(channel, found.messages) for channel in Channel],
    }


def _channel(channel: Channel, told: notifications.DeliveryNumbers) -> dict[str, Any]:
    return {
        "channel": channel,
        "pending": Bar(_("Not sent yet"), told.pending[channel], _log(status="pending", type=channel)),
        "failed": Bar(
            _("Failed in 7 days"),
            told.failed[channel],
            _log(status="failed", type=channel, **from_day(DAYS_COUNTED - 1)),
        ),
    }


def _log(**query: Any) -> str:
    return url_for("notifications.index", **query)
