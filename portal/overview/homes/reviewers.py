"""The reviewers' home: who waits, for how long, who decided how many, and why rejections were made."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal import kyc
from portal.kyc import REASONS, QueueNumbers
from portal.overview.homes.parts import (
    MOST_ROWS,
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
from portal.permissions import Role
from portal.shared.actor import Actor

REASON_DAYS = 7


def read(actor: Actor) -> QueueNumbers | None:
    return asked(lambda: kyc.queue_numbers(actor))


def counters(actor: Actor, found: QueueNumbers | None) -> Counters:
    decided = url_for("kyc.decisions", by=actor.id, **from_day(0))
    tiles = [
        Tile(
            "waiting", _("Waiting"), "inbox", getattr(found, "waiting", None), url_for("kyc.index"),
            _("for a decision"),
        ),
        Tile(
            "mine", _("Held by me"), "user-check", getattr(found, "mine", None), url_for("kyc.index", held="me"),
            _("a hold lasts 10 minutes"),
        ),
        late_tile(found, kyc.waiting_target(), url_for("kyc.index", age="late")),
        Tile(
            "decided", _("Decided by me today"), "circle-check", getattr(found, "decided", None), decided,
            _("verified or rejected"),
        ),
    ]  # fmt: skip
    return Counters(
        tiles,
        age_bars(found, lambda age: url_for("kyc.index", age=age)),
        _("How long people have been waiting"),
        longest(found, _("Nobody is waiting for a decision.")),
        kyc.waiting_target(),
    )


def rest(actor: Actor, found: QueueNumbers | None) -> dict[str, Any]:
    return {
        "rows": asked(lambda: kyc.oldest_waiting(actor, MOST_ROWS)),
        "team": team_of(
            actor, Role.KYC_REVIEWER, kyc.decided_today, lambda who: url_for("kyc.decisions", by=who, **from_day(0))
        ),
        "reasons": asked(_reasons),
    }


def _reasons() -> list[Bar]:
    since = from_day(REASON_DAYS - 1)
    return [
        Bar(_(REASONS[code].label), number, url_for("kyc.decisions", reason=code, **since))
        for code, number in kyc.why_rejected(REASON_DAYS).items()
    ]
