"""The administrators' home: whether the books and the trail hold, and what happened today."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from portal.audit import picture
from portal.credit_scores import reconciling
from portal.loans import picture as loans
from portal.overview.homes.parts import Bar, Counters, Tile, asked, from_day, overdue_tile
from portal.shared.actor import Actor
from portal.shared.errors import N_

REFUSED, REVEALED = "access.refused", "customer.revealed"
WORDS = {
    REFUSED: N_("Pages refused"),
    "auth.sign-in-failed": N_("Failed sign-ins"),
    "auth.signed-in": N_("Sign-ins"),
    REVEALED: N_("Contacts shown"),
    "risk-evaluation.revealed": N_("Raw answers shown"),
    "kyc.exported": N_("Exports of identity checks"),
    "loans.exported": N_("Exports of loans"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The loans' numbers and today's of the trail, each None while it cannot be read."""

    loans: loans.Numbers | None
    trail: Mapping[str, int] | None


def read(actor: Actor) -> Found:
    return Found(asked(loans.numbers), asked(picture.today))


def counters(actor: Actor, found: Found) -> Counters:
    book = url_for("loans.index", status="pending")
    tiles = [
        Tile(
            "pending", _("Loans waiting"), "hand-coins", getattr(found.loans, "pending", None), book,
            _("for a decision"),
        ),
        overdue_tile(found.loans),
    ]  # fmt: skip
    trail = found.trail or {}
    if "audit.index" in current_app.view_functions:
        refused = trail.get(REFUSED)
        tiles += [
            Tile(
                "refused", _(WORDS[REFUSED]), "shield-alert", refused, _trail(REFUSED),
                _("today, to somebody of another role"), bool(refused),
            ),
            Tile(
                "revealed", _(WORDS[REVEALED]), "eye", trail.get(REVEALED),
                _trail(REVEALED), _("today, each with its reason"),
            ),
        ]  # fmt: skip
        bars = [Bar(_(word), trail[action], _trail(action)) for action, word in WORDS.items() if action in trail]
        return Counters(tiles, None if found.trail is None else bars, _("Today in the audit trail"))
    return Counters(tiles, [], _("Today in the audit trail"))


def rest(actor: Actor, found: Found) -> dict[str, Any]:
    return {"checked": asked(reconciling.last_checked), "chain": asked(picture.chain)}


def _trail(action: str) -> str:
    return url_for("audit.index", action=action, **from_day(0))
