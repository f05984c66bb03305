"""Scores in words: sources, levels, and why a risk level is what it is."""

from flask_babel import gettext as _

from portal.credit_scores.policy import Result, explanation
from portal.shared.errors import N_
from portal.shared.scoring import LEVELS
from portal.shared.vocabulary import RiskLevel, ScoreSource

SOURCES = {
    ScoreSource.INTERNAL: N_("Internal"),
    ScoreSource.EXTERNAL: N_("External"),
    ScoreSource.MANUAL: N_("Manual"),
}


def source_word(source: ScoreSource) -> str:
    return str(_(SOURCES[source]))


def level_word(level: RiskLevel) -> str:
    return str(_(LEVELS[level]))


def risk_sentence(result: Result) -> str:
    """Why the risk is what the policy says, in the reader's language."""
    sentence, facts = explanation(result)
    return str(
        _(sentence, **{name: level_word(fact) if isinstance(fact, RiskLevel) else fact for name, fact in facts.items()})
    )
