"""The analysts' home: what can be decided, what lacks a score, for how long, and what is overdue."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal import credit_scores, loans
from portal.credit_scores import ScoreNumbers
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
from portal.shared.vocabulary import RiskLevel

FILLS = {RiskLevel.LOW: "f-ok", RiskLevel.MEDIUM: "f-warn", RiskLevel.HIGH: "f-bad"}


def read(actor: Actor) -> ScoreNumbers | None:
    return asked(lambda: credit_scores.score_numbers(actor))


def counters(actor: Actor, found: ScoreNumbers | None) -> Counters:
    tiles = [
        Tile(
            "ready", _("Ready to decide"), "circle-check", getattr(found, "ready", None), _list(missing="none"),
            _("nothing is missing"),
        ),
        Tile(
            "manual", _("Manual score needed"), "gauge", getattr(found, "manual", None), _list(missing="manual"),
            _("mandatory and not entered yet"),
        ),
        Tile(
            "services", _("Waiting for scores"), "hourglass", getattr(found, "services", None), _list(turn="services"),
            _("internal or external, mandatory"),
        ),
        late_tile(found, credit_scores.waiting_target(), _list(age="late")),
    ]  # fmt: skip
    return Counters(
        tiles,
        age_bars(found, lambda age: _list(age=age)),
        _("How long loans have been waiting for you"),
        longest(found, _("No loan waits for you.")),
        credit_scores.waiting_target(),
    )


def rest(actor: Actor, found: ScoreNumbers | None) -> dict[str, Any]:
    return {
        "rows": asked(lambda: credit_scores.oldest_waiting(actor, MOST_ROWS)),
        "waiting": getattr(found, "analyst", None),
        "risks": found
        and [
            Bar(_(level.word), number, _list(risk_level=level), FILLS[level]) for level, number in found.risks.items()
        ],
        "team": team_of(
            actor, Role.CREDIT_ANALYST, credit_scores.decided_today, lambda who: _list(by=who, **from_day(0))
        ),
        "book": asked(loans.book_numbers),
    }


def _list(**query: Any) -> str:
    return url_for("credit_scores.index", **query)
