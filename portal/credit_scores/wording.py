"""Scores in words: sources, levels, and why a risk level is what it is."""

from flask_babel import gettext as _

from portal.credit_scores.policy import Result
from portal.shared.errors import N_
from portal.shared.scoring import REASONS
from portal.shared.vocabulary import RiskLevel, ScoreSource

SOURCES = {
    ScoreSource.INTERNAL: N_("Internal"),
    ScoreSource.EXTERNAL: N_("External"),
    ScoreSource.MANUAL: N_("Manual"),
}
LEVELS = {
    RiskLevel.LOW: N_("Low risk"),
    RiskLevel.MEDIUM: N_("Medium risk"),
    RiskLevel.HIGH: N_("High risk"),
}


def source_word(source: ScoreSource) -> str:
    return str(_(SOURCES[source]))


def level_word(level: RiskLevel) -> str:
    return str(_(LEVELS[level]))


def reason_word(code: str) -> str:
    return str(_(REASONS[code])) if code in REASONS else code


def risk_sentence(result: Result) -> str:
    """Why the risk is what the policy says, from exactly the facts it used."""
    if result.final is None or result.band is None:
        return str(_("The risk level is known once no mandatory score is missing."))
    words = {
        "score": result.final,
        "band": level_word(result.band),
        "version": result.policy.version,
        "level": level_word(result.inputs.vendor_level) if result.inputs.vendor_level else "",
    }
    if result.inputs.vendor_level is None:
        return str(_("%(score)s is %(band)s by policy %(version)s; no vendor gave a level.", **words))
    if result.risk_level is result.band:
        return str(_("%(score)s is %(band)s by policy %(version)s; the vendors' worst level is %(level)s.", **words))
    return str(
        _("%(score)s is %(band)s by policy %(version)s, but a vendor says %(level)s: the worse counts.", **words)
    )
