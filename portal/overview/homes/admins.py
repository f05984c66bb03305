"""The administrators' home: who is here, whether the books and the trail hold, and what happened today."""

from collections.abc import Mapping
from typing import Any

from portal import audit, credit_scores, loans, notifications, staff
from portal.overview.homes.parts import MAX_ROWS, Bar, Counters, Tile, asked, book_bars, from_day
from portal.overview.links import Link, link
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


Found = tuple[staff.StaffNumbers | None, Mapping[str, int] | None]


def read(actor: Actor) -> Found:
    return asked(staff.staff_numbers), asked(lambda: audit.counts_today(list(WORDS)))


def counters(actor: Actor, found: Found) -> Counters:
    team, counted = found
    trail = counted or {}
    active, signed_in = (getattr(team, name, None) for name in ("active", "signed_in"))
    refused, revealed = trail.get(REFUSED), trail.get(REVEALED)
    tiles = [
        Tile("active", N_("Active staff"), "users", active, _staff("active"), N_("may sign in")),
        Tile(
            "signed-in", N_("Signed in now"), "monitor-smartphone", signed_in, _staff("signed-in"),
            N_("used within 15 minutes"),
        ),
        Tile(
            "refused", WORDS[REFUSED], "shield-alert", refused, _trail(REFUSED),
            N_("today, to somebody of another role"), bool(refused),
        ),
        Tile("revealed", WORDS[REVEALED], "eye", revealed, _trail(REVEALED), N_("today, with a reason")),
    ]  # fmt: skip
    bars = [Bar(word, trail.get(action, 0), _trail(action)) for action, word in WORDS.items()]
    return Counters(tiles, None if counted is None else bars, N_("Today in the audit trail"))


def rest(actor: Actor, found: Found) -> dict[str, Any]:
    return {
        "checked": asked(credit_scores.last_reconciled),
        "chain": asked(audit.chain_health),
        "events": asked(lambda: audit.latest(MAX_ROWS)),
        "queues": _queues(found[0]),
    }


def _queues(team: staff.StaffNumbers | None) -> list[Bar]:
    """What waits for anybody."""
    book, told = asked(loans.book_numbers), asked(notifications.delivery_numbers)
    failed = link("notifications.index", status="failed", **from_day(notifications.DAYS_COUNTED - 1))
    pending = link("notifications.index", status="pending")
    return [
        *book_bars(book),
        Bar(N_("Messages failed in 7 days"), getattr(told, "all_failed", None), failed),
        Bar(N_("Messages not sent yet"), getattr(told, "all_pending", None), pending),
        Bar(N_("Invitations open"), getattr(team, "invited", None), _staff("invited")),
    ]


def _staff(access: str) -> Link:
    return link("staff.index", access=access)


def _trail(action: str) -> Link:
    return link("audit.index", action=action, **from_day(0))
