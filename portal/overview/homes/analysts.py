"""The analysts' home: what can be decided, what lacks a score, for how long, and what is overdue."""

from typing import Any

from portal import credit_scores, loans
from portal.credit_scores import ScoreNumbers
from portal.overview.homes.parts import (
    MAX_ROWS,
    Bar,
    Counters,
    Tile,
    age_bars,
    asked,
    book_bars,
    late_tile,
    longest,
    team_of,
)
from portal.overview.links import Link, link
from portal.permissions import Role
from portal.shared.actor import Actor
from portal.shared.errors import N_
from portal.shared.vocabulary import RiskLevel

QUEUE = "credit_scores.index"


def read(actor: Actor) -> ScoreNumbers | None:
    return asked(lambda: credit_scores.score_numbers(actor))


def counters(actor: Actor, found: ScoreNumbers | None) -> Counters:
    ready, manual, services = (getattr(found, name, None) for name in ("ready", "manual", "services"))
    target = credit_scores.waiting_target()
    tiles = [
        Tile("ready", N_("Ready to decide"), "circle-check", ready, _list(missing="none"), N_("nothing is missing")),
        Tile(
            "manual", N_("Manual score needed"), "gauge", manual, _list(missing="manual"),
            N_("mandatory and not entered yet"),
        ),
        Tile(
            "services", N_("Waiting for scores"), "hourglass", services, _list(turn="services"),
            N_("internal or external, mandatory"),
        ),
        late_tile(found, target, QUEUE),
    ]  # fmt: skip
    sentence = longest(found, N_("No loan waits for you."))
    return Counters(tiles, age_bars(found, QUEUE), N_("How long loans have been waiting for you"), sentence, target)


def rest(actor: Actor, found: ScoreNumbers | None) -> dict[str, Any]:
    book = asked(loans.book_numbers)
    return {
        "rows": asked(lambda: credit_scores.oldest_waiting(MAX_ROWS)),
        "waiting": Bar(N_("Waiting for you"), getattr(found, "analyst", None), link(QUEUE)),
        "risks": found and [
            Bar(RiskLevel(level).word, number, _list(risk_level=level), f"f-{RiskLevel(level).tone}")
            for level, number in found.risks.items()
        ],
        "team": team_of(actor, Role.CREDIT_ANALYST, credit_scores.decided_today, QUEUE),
        "book": book and book_bars(book),
    }  # fmt: skip


def _list(**query: Any) -> Link:
    return link(QUEUE, **query)
