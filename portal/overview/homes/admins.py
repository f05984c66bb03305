"""The administrators' home: who is here, whether the books and the trail hold, and what happened today."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal import audit, credit_scores, loans, notifications, staff
from portal.audit import action_word
from portal.overview.homes.parts import MOST_ROWS, Bar, Counters, Tile, asked, from_day
from portal.shared.actor import Actor
from portal.shared.errors import N_

REFUSED, REVEALED = "access.refused", "customer.revealed"
WORDS = {
    "auth.signed-in": N_("Sign-ins"),
    "auth.sign-in-failed": N_("Failed sign-ins"),
    REFUSED: N_("Pages refused"),
    REVEALED: N_("Contacts shown"),
    "risk-evaluation.revealed": N_("Raw answers shown"),
    "kyc.exported": N_("Exports of identity checks"),
    "loans.exported": N_("Exports of loans"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The staff's numbers and today's of the trail, each None while it cannot be read."""

    staff: staff.StaffNumbers | None
    trail: Mapping[str, int] | None


def read(actor: Actor) -> Found:
    return Found(asked(staff.staff_numbers), asked(lambda: audit.counts_today(list(WORDS))))


def counters(actor: Actor, found: Found) -> Counters:
    trail = found.trail or {}
    refused = trail.get(REFUSED)
    tiles = [
        Tile(
            "active", _("Active staff"), "users", getattr(found.staff, "active", None),
            url_for("staff.index", access="active"), _("may sign in"),
        ),
        Tile(
            "signed-in", _("Signed in now"), "monitor-smartphone", getattr(found.staff, "signed_in", None),
            url_for("staff.index", access="signed-in"), _("used within 15 minutes"),
        ),
        Tile(
            "refused", _(WORDS[REFUSED]), "shield-alert", refused, _trail(REFUSED),
            _("today, to somebody of another role"), bool(refused),
        ),
        Tile("revealed", _(WORDS[REVEALED]), "eye", trail.get(REVEALED), _trail(REVEALED), _("today, with a reason")),
    ]  # fmt: skip
    bars = [Bar(_(word), trail.get(action, 0), _trail(action)) for action, word in WORDS.items()]
    return Counters(tiles, None if found.trail is None else bars, _("Today in the audit trail"))


def rest(actor: Actor, found: Found) -> dict[str, Any]:
    return {
        "checked": asked(credit_scores.last_reconciled),
        "chain": asked(audit.chain_health),
        "events": asked(lambda: audit.latest(MOST_ROWS)),
        "action_word": action_word,
        "queues": _queues(found.staff),
    }


def _queues(team: staff.StaffNumbers | None) -> list[tuple[str, int | None, str]]:
    """What waits for anybody: a word, a number (None: not to be read), and where it is."""
    book, told = asked(loans.book_numbers), asked(notifications.delivery_numbers)
    return [
        (_("Loans waiting"), getattr(book, "pending", None), url_for("loans.index", status="pending")),
        (_("Overdue installments"), getattr(book, "overdue", None), url_for("loans.overdue")),
        (
            _("Messages failed in 7 days"),
            getattr(told, "all_failed", None),
            url_for("notifications.index", status="failed", **from_day(notifications.DAYS_COUNTED - 1)),
        ),
        (
            _("Messages not sent yet"),
            getattr(told, "all_pending", None),
            url_for("notifications.index", status="pending"),
        ),
        (_("Invitations open"), getattr(team, "invited", None), url_for("staff.index", access="invited")),
    ]


def _trail(action: str) -> str:
    return url_for("audit.index", action=action, **from_day(0))
