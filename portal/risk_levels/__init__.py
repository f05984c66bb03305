"""Vendors' risk evaluations, whose raw answers are encrypted."""

from portal.risk_levels.evaluations import REVEAL_REASONS, of_score, prepare, require_sound, rotate_keys, take_in
from portal.risk_levels.models import RiskEvaluation

__all__ = ["REVEAL_REASONS", "RiskEvaluation", "of_score", "prepare", "require_sound", "rotate_keys", "take_in"]
