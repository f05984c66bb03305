"""Support's home: which messages failed and where, what waits, and what is overdue."""

from typing import Any

from portal import loans, notifications
from portal.notifications import DAYS_COUNTED, Channel
from portal.overview.homes.parts import MAX_ROWS, Bar, Counters, Tile, asked, days, from_day
from portal.overview.links import Link, link
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.errors import N_

Found = tuple[notifications.DeliveryNumbers | None, loans.BookNumbers | None]


def read(actor: Actor) -> Found:
    return asked(notifications.delivery_numbers), asked(loans.book_numbers)


def counters(actor: Actor, found: Found) -> Counters:
    today, (told, book) = clock.today(), found
    failed_today = told.days.get(today) if told else None
    failed, pending = (getattr(told, name, None) for name in ("all_failed", "all_pending"))
    overdue = getattr(book, "overdue", None)
    tiles = [
        Tile(
            "failed-today", N_("Failed today"), "circle-x", failed_today, _log("failed", **days(today, today)),
            N_("written today"), bool(failed_today),
        ),
        Tile("failed", N_("Failed in 7 days"), "calendar", failed, _lately(), N_("today and the six days before")),
        Tile("pending", N_("Not sent yet"), "hourglass", pending, _log("pending"), N_("they go out by themselves")),
        Tile(
            "overdue", N_("Overdue installments"), "clock-alert", overdue, link("loans.overdue"),
            N_("not paid in time"), bool(overdue),
        ),
    ]  # fmt: skip
    failed_by_day = told.days.items() if told else ()
    bars = [Bar(day, number, _log("failed", **days(day, day)), "f-bad") for day, number in failed_by_day]
    return Counters(tiles, bars if told else None, N_("Failed by day"))


def rest(actor: Actor, found: Found) -> dict[str, Any]:
    told, _ = found
    return {
        "rows": asked(lambda: notifications.newest_failed(MAX_ROWS)) if told else None,  # nobody waits twice
        "channels": told and [_channel(channel, told) for channel in Channel],
    }


def _channel(channel: Channel, told: notifications.DeliveryNumbers) -> dict[str, Any]:
    return {
        "channel": channel,
        "pending": Bar(N_("Not sent yet"), told.pending[channel], _log("pending", type=channel)),
        "failed": Bar(N_("Failed in 7 days"), told.failed[channel], _lately(type=channel)),
    }


def _lately(**query: Any) -> Link:
    return _log("failed", **query, **from_day(DAYS_COUNTED - 1))


def _log(status: str, **query: Any) -> Link:
    return link("notifications.index", status=status, **query)
