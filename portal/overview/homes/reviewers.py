"""The reviewers' home: who waits, for how long, who decided how many, and why rejections were made."""

from typing import Any

from portal import kyc
from portal.kyc import REASONS, QueueNumbers
from portal.overview.homes.parts import (
    MAX_ROWS,
    Bar,
    Counters,
    Tile,
    age_bars,
    asked,
    from_day,
    late_tile,
    longest,
    team_of,
)
from portal.overview.links import link
from portal.permissions import Role
from portal.shared.actor import Actor
from portal.shared.errors import N_

REASON_DAYS = 7


def read(actor: Actor) -> QueueNumbers | None:
    return asked(lambda: kyc.queue_numbers(actor))


def counters(actor: Actor, found: QueueNumbers | None) -> Counters:
    waiting, mine, decided = (getattr(found, name, None) for name in ("waiting", "mine", "decided"))
    target, decisions = kyc.waiting_target(), link("kyc.decisions", by=actor.id, **from_day(0))
    tiles = [
        Tile("waiting", N_("Waiting"), "inbox", waiting, link("kyc.index"), N_("for a decision")),
        Tile("mine", N_("Held by me"), "user-check", mine, link("kyc.index", held="me"), N_("a hold lasts 10 minutes")),
        late_tile(found, target, "kyc.index"),
        Tile(
            "decided", N_("Decided by me today"), "circle-check", decided, decisions, N_("verified or rejected"),
        ),
    ]  # fmt: skip
    sentence = longest(found, N_("Nobody is waiting for a decision."))
    return Counters(tiles, age_bars(found, "kyc.index"), N_("How long people have been waiting"), sentence, target)


def rest(actor: Actor, found: QueueNumbers | None) -> dict[str, Any]:
    return {
        "rows": asked(lambda: kyc.oldest_waiting(actor, MAX_ROWS)),
        "team": team_of(actor, Role.KYC_REVIEWER, kyc.decided_today, "kyc.decisions"),
        "reasons": asked(_reasons),
    }


def _reasons() -> list[Bar]:
    since = from_day(REASON_DAYS - 1)
    return [
        Bar(REASONS[code].label, number, link("kyc.decisions", reason=code, **since))
        for code, number in kyc.why_rejected(REASON_DAYS).items()
    ]
